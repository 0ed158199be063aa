"""The backend of a run that is not recorded: what is said of it is checked, and goes nowhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, BinaryIO, Mapping, Optional, Sequence, Tuple

from azureml.core._run.backends.home import RunHome
from azureml.core._run.backends.recording import RecordingBackend
from azureml.core._run.reading.no_history import NoHistory
from azureml.exceptions._tree import UserErrorException
from trackboard.model import FileRef, RunState, SeriesRef
from trackboard.record import LiveRun

if TYPE_CHECKING:
    from azureml.core._run.backends.port import RunBackend
    from trackboard.model import RunId
    from trackboard.service import Service


class NullSink:
    """`trackboard.ports.RecordSink` that keeps nothing."""

    is_behind = False
    was_refused = False

    def series(self, run: RunId, name: str, table: str = "") -> SeriesRef:
        """Name a series."""
        return SeriesRef(0, run, name, table)

    def file(self, run: RunId, path: str) -> FileRef:
        """Name a growing file."""
        return FileRef(0, run, path)

    def append_float(self, series: SeriesRef, flags: int, step: int, value: float) -> None:
        """Take a float."""

    def append_int(self, series: SeriesRef, kind: int, flags: int, step: int, value: int) -> None:
        """Take an integer or bool."""

    def append_bytes(self, file: FileRef, offset: int, data: bytes) -> None:
        """Take bytes."""

    def append_event(self, event: object) -> None:
        """Take an event."""

    def put_file(self, source: BinaryIO) -> Tuple[str, int]:
        """Keep nothing."""
        return "", 0

    def discard_file(self, key: str) -> None:
        """There is none."""

    def sync(self) -> None:
        """There is nothing to keep."""


class NullBackend(RecordingBackend):
    """Takes everything, keeps nothing, and makes nothing on the disk.

    Args:
        live: A live run that writes to a `NullSink`.
        home: Where the run would be kept.
    """

    is_open = False  # there is nothing to be kept at its end

    def __init__(self, live: LiveRun, home: RunHome) -> None:
        super().__init__(live, home)
        self._began_s = time.time()

    @classmethod
    def begin(cls, run_id: RunId, experiment: str, home: RunHome) -> NullBackend:
        """Begin such a run."""
        return cls(LiveRun(NullSink(), run_id, experiment, owner=True), home)

    @property
    def history(self) -> NoHistory:
        """What this process knows."""
        state = self.state or RunState.RUNNING
        return NoHistory(self.id, self.live.experiment, self._began_s, state, self.live.name)

    def set_tags(self, tags: Mapping[str, Optional[str]]) -> None:
        """Keep nothing."""

    def remove_tags(self, keys: Sequence[str]) -> None:
        """There is none."""

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Keep nothing."""

    def set_name(self, name: str) -> None:
        """Keep nothing."""

    def set_description(self, description: str) -> None:
        """Keep nothing."""

    def catalogue(self, call: str) -> Service:
        """Refuse to make a workspace.

        Raises:
            UserErrorException: Always.
        """
        raise UserErrorException(
            f"{call}: TRACKBOARD_MODE=disabled records nothing, so there is no run in a workspace."
        )

    def take_snapshot(self, folder: str) -> Optional[str]:
        """Keep nothing."""
        return None

    def child(self, name: str, run_id: Optional[str]) -> RunBackend:
        """Begin another one."""
        return NullBackend(self.live.child(name, run_id=run_id), self.home)

    def complete(self) -> None:
        """Note that it has ended."""
        self.live.complete()

    def fail(self, cause: str, code: Optional[str]) -> None:
        """Note that it has failed."""
        self.live.fail(cause)

    def cancel(self) -> None:
        """Note that it is canceled."""
        self.live.cancel()


if TYPE_CHECKING:

    def _fits(backend: NullBackend) -> RunBackend:
        return backend
