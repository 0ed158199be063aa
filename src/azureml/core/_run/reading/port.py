"""The contract of what is known of a run: the questions that `Run` asks."""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    BinaryIO,
    Callable,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Protocol,
    Sequence,
    Set,
)

if TYPE_CHECKING:
    from pathlib import Path

    from azureml.core._run.reading.filters import RunFilter
    from trackboard.model import JobPlan
    from trackboard.model import Run as StoredRun
    from trackboard.ports import RunFile
    from trackboard.service import FilePiece


class RunReading(NamedTuple):
    """A run as it was at one moment.

    Attributes:
        stored: The run itself.
        status: The SDK's word for its state.
    """

    stored: StoredRun
    status: str


class RunHistory(Protocol):
    """What is known of a run, as of each question. Its methods raise trackboard's errors."""

    def stored(self) -> StoredRun:
        """Return the run itself."""
        ...

    def read(self) -> RunReading:
        """Return the run and the SDK's word for its state."""
        ...

    def waits_for(self) -> str:
        """Say why it has not ended and does not run yet; empty for none."""
        ...

    def tags(self) -> Dict[str, Optional[str]]:
        """Return its tags by key."""
        ...

    def properties(self) -> Dict[str, str]:
        """Return its properties by key."""
        ...

    def files(self) -> List[RunFile]:
        """Return its files."""
        ...

    def file_names(self) -> Optional[Set[str]]:
        """Return the paths of its files; None where this process cannot know them."""
        ...

    def open(self, path: str) -> BinaryIO:
        """Open a file of it for reading; the caller closes it."""
        ...

    def open_listed(self, file: RunFile) -> BinaryIO:
        """Open a file that `files` returned; the caller closes it."""
        ...

    def tail(self, path: str, offset: int, limit_bytes: int) -> Optional[FilePiece]:
        """Read on in a log; None while there is none."""
        ...

    def metrics(
        self, name: Optional[str], *, recursive: bool, run_type: Optional[str], populate: bool
    ) -> Dict[str, Any]:
        """Return what was logged; see `Run.get_metrics`."""
        ...

    def children(self, chosen: RunFilter, *, recursive: bool) -> Iterator[StoredRun]:
        """Return the runs below it that match, newest first."""
        ...

    def details(self, reading: Optional[RunReading] = None) -> Dict[str, Any]:
        """Return what is known of it, under the SDK's keys.

        Args:
            reading: The run as it was read just now; None: it is read.
        """
        ...

    def plan(self) -> Optional[JobPlan]:
        """Return the plan of a job; None of a run that is none."""
        ...

    def folder(self) -> Path:
        """Return the folder of its plain files."""
        ...

    def log_files(self) -> Dict[str, str]:
        """Return the addresses of its log files by path."""
        ...

    def portal_url(self) -> str:
        """Say what to type to see it in TensorBoard; empty when there is nothing to see."""
        ...

    def page(
        self, show: Callable[[], str], kind: str, console: str, children: Sequence[StoredRun]
    ) -> str:
        """Draw it for a notebook.

        Args:
            show: Returns its lines as text, where there is no more to draw.
            kind: The SDK's word for its type.
            console: The end of what it printed.
            children: Runs below it.
        """
        ...

    def flush(self) -> None:
        """Return when everything that was said is stored."""
        ...
