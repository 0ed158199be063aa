"""What backends have in common that record by a live run: metrics and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Mapping, Optional, Tuple

from azureml.core._run.backends.home import RunHome

if TYPE_CHECKING:
    from azureml.core._run.reading.port import RunHistory
    from trackboard.model import ArtifactKind, RunId, RunState
    from trackboard.record import LiveRun


class RecordingBackend:
    """Records by a live run.

    Args:
        live: What this process records with.
        home: Where the run is kept.
    """

    def __init__(self, live: LiveRun, home: RunHome) -> None:
        self.live = live
        self.home = home
        self.log = live.log_scalar
        self._history: Optional[RunHistory] = None

    @property
    def id(self) -> RunId:
        """The run's id."""
        return self.live.id

    @property
    def history(self) -> RunHistory:
        """What is known of the run by now; a job that only records never loads what reads it."""
        if self._history is None:
            from azureml.core._run.reading.history import StoredHistory

            self._history = StoredHistory(self.home, self.live.id)
        return self._history

    @property
    def state(self) -> Optional[RunState]:
        """The state that this process gave the run last."""
        return self.live.state

    def log_row(self, table: str, cells: Mapping[str, object], step: Optional[int] = None) -> None:
        """Record one row of a table."""
        self.live.log_row(table, cells, step)

    def put(self, file: BinaryIO) -> Tuple[str, int]:
        """Keep a file's content."""
        return self.live.put_file(file)

    def discard(self, key: str) -> None:
        """Forget content that was put."""
        self.live.discard_file(key)

    def add_file(self, path: str, key: str, size_bytes: int) -> None:
        """Say that content that was put is a file of the run."""
        self.live.add_file(path, key, size_bytes)

    def log_artifact(
        self, name: str, kind: ArtifactKind, path: str, key: str, size_bytes: int
    ) -> None:
        """Record a metric's value that is content that was put."""
        self.live.log_artifact(name, kind, path, key, size_bytes)
