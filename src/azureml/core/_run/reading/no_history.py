"""What is known of a run of which nothing is recorded, or not yet: what its own process knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    BinaryIO,
    Callable,
    Dict,
    Iterator,
    List,
    Optional,
    Sequence,
    Set,
)

from azureml.core._run.reading.port import RunReading
from azureml.core._states import STATUS_NAMES
from trackboard.errors import NotFound
from trackboard.model import Run as StoredRun
from trackboard.model import RunId, RunKind, RunState

if TYPE_CHECKING:
    from azureml.core._run.reading.filters import RunFilter
    from azureml.core._run.reading.port import RunHistory
    from trackboard.model import JobPlan
    from trackboard.ports import RunFile
    from trackboard.service import FilePiece


@dataclass(frozen=True)
class NoHistory:
    """Asking it makes nothing on the disk.

    Attributes:
        id: The run.
        experiment: The name of the experiment that it would be in.
        began_s: When it began.
        state: Its state.
        name: What it was called.
    """

    id: RunId
    experiment: str
    began_s: float
    state: RunState
    name: str = ""

    def stored(self) -> StoredRun:
        """Return the run, as it would be stored."""
        return StoredRun(
            id=self.id,
            experiment=self.experiment,
            number=0,
            given_name=self.name,
            parent=None,
            kind=RunKind.INTERACTIVE,
            state=self.state,
            cause="",
            created_s=self.began_s,
            started_s=self.began_s,
            ended_s=None,
            lost_points=0,
            warnings=(),
        )

    def read(self) -> RunReading:
        """Return the run and the SDK's word for its state."""
        return RunReading(self.stored(), STATUS_NAMES[self.state])

    def waits_for(self) -> str:
        """It waits for nothing."""
        return ""

    def tags(self) -> Dict[str, Optional[str]]:
        """It has none."""
        return {}

    def properties(self) -> Dict[str, str]:
        """It has none."""
        return {}

    def files(self) -> List[RunFile]:
        """It has none."""
        return []

    def file_names(self) -> Optional[Set[str]]:
        """It has no files."""
        return set()

    def open(self, path: str) -> BinaryIO:
        """It has no files."""
        raise NotFound(f"run {self.id} has no file {path!r}", hint="Nothing of it is recorded.")

    def open_listed(self, file: RunFile) -> BinaryIO:
        """It has no files."""
        return self.open(file.path)

    def tail(self, path: str, offset: int, limit_bytes: int) -> Optional[FilePiece]:
        """It has no logs."""
        return None

    def metrics(
        self, name: Optional[str], *, recursive: bool, run_type: Optional[str], populate: bool
    ) -> Dict[str, Any]:
        """It has none."""
        return {}

    def children(self, chosen: RunFilter, *, recursive: bool) -> Iterator[StoredRun]:
        """It has none."""
        return iter(())

    def details(self, reading: Optional[RunReading] = None) -> Dict[str, Any]:
        """Return the little that is known."""
        status = self.read().status
        return {"runId": self.id, "status": status, "properties": {}, "logFiles": {}}

    def plan(self) -> Optional[JobPlan]:
        """It is no job."""
        return None

    def folder(self) -> Path:
        """Return a folder that is not there."""
        return Path(self.id)

    def log_files(self) -> Dict[str, str]:
        """It has none."""
        return {}

    def portal_url(self) -> str:
        """There is nothing to see."""
        return ""

    def page(
        self, show: Callable[[], str], kind: str, console: str, children: Sequence[StoredRun]
    ) -> str:
        """Draw its lines as they are."""
        from azureml.core._html import words_page

        return words_page(show())

    def flush(self) -> None:
        """There is nothing to wait for."""


if TYPE_CHECKING:

    def _fits(history: NoHistory) -> RunHistory:
        return history
