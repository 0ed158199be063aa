"""The contract of a run's backend.

Its methods raise trackboard's errors, which `Run` translates. Values, names and texts are checked by then,
but for those of `log` and `log_row`.
"""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    BinaryIO,
    Callable,
    Mapping,
    Optional,
    Protocol,
    Sequence,
    Tuple,
)

if TYPE_CHECKING:
    from azureml.core._run.backends.home import RunHome
    from azureml.core._run.reading.port import RunHistory
    from trackboard.model import ArtifactKind, RunId, RunState
    from trackboard.record import LiveRun
    from trackboard.service import Service


class RunBackend(Protocol):
    """Takes what is said of one run, and knows where it is read back."""

    @property
    def id(self) -> RunId:
        """The run's id."""
        ...

    @property
    def live(self) -> LiveRun:
        """What this process records into the run with."""
        ...

    @property
    def home(self) -> RunHome:
        """Where the run is kept."""
        ...

    @property
    def history(self) -> RunHistory:
        """What is known of the run by now."""
        ...

    # -- metrics and files ------------------------------------------------------------------------

    @property
    def log(self) -> Callable[[str, object, Optional[int]], None]:
        """Records one value of a metric. `Run.log` looks it up once: training loops call it."""
        ...

    def log_row(self, table: str, cells: Mapping[str, object], step: Optional[int] = None) -> None:
        """Record one row of a table."""
        ...

    def put(self, file: BinaryIO) -> Tuple[str, int]:
        """Keep a file's content, and return its key and its size in bytes."""
        ...

    def discard(self, key: str) -> None:
        """Forget content that was put and is not to be a file of the run."""
        ...

    def add_file(self, path: str, key: str, size_bytes: int) -> None:
        """Say that content that was put is a file of the run."""
        ...

    def log_artifact(
        self, name: str, kind: ArtifactKind, path: str, key: str, size_bytes: int
    ) -> None:
        """Record a metric's value that is content that was put."""
        ...

    # -- what describes the run -------------------------------------------------------------------

    def set_tags(self, tags: Mapping[str, Optional[str]]) -> None:
        """Add or replace tags."""
        ...

    def remove_tags(self, keys: Sequence[str]) -> None:
        """Take tags away; those that are not there are passed over."""
        ...

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Add properties, all or none.

        Raises:
            Conflict: One exists with another value.
        """
        ...

    def set_name(self, name: str) -> None:
        """Rename the run."""
        ...

    def set_description(self, description: str) -> None:
        """Describe the run in words."""
        ...

    def catalogue(self, call: str) -> Service:
        """Return the workspace, in which the run exists by now, with all that was said stored.

        Args:
            call: What was called, for the message where there is no such workspace.
        """
        ...

    def take_snapshot(self, folder: str) -> Optional[str]:
        """Keep a folder as the run's code, and return the snapshot's id; None: nothing is kept."""
        ...

    # -- its life -----------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether this process began the run, and has not ended it."""
        ...

    @property
    def state(self) -> Optional[RunState]:
        """The state that this process gave the run last; None when it gave none."""
        ...

    def child(self, name: str, run_id: Optional[str]) -> RunBackend:
        """Begin a run below this one."""
        ...

    def complete(self) -> None:
        """End the run well, if this process runs it."""
        ...

    def fail(self, cause: str, code: Optional[str]) -> None:
        """End the run as failed, if this process runs it; in a job's script keep the reason.

        Raises:
            UserErrorException: Another process runs it.
        """
        ...

    def cancel(self) -> None:
        """End the run as canceled, or ask the process that runs it to."""
        ...
