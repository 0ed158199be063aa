"""The backend of a run that begins with its first record: of a script that nobody submitted."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, BinaryIO, Callable, Mapping, Optional, Sequence, Tuple

from azureml.core._run.backends.live import LiveBackend
from azureml.core._run.reading.no_history import NoHistory
from trackboard.model import RunState
from trackboard.record.capture import capture

if TYPE_CHECKING:
    from azureml.core._run.backends.home import RunHome
    from azureml.core._run.backends.port import RunBackend
    from trackboard.model import ArtifactKind, RunId
    from trackboard.record import LiveRun
    from trackboard.service import Service


class LateBackend:
    """Begins the run when something is recorded; from then on a `LiveBackend` takes its place.

    Args:
        run_id: The id that the run will have.
        experiment: The name of its experiment.
        home: Where it will be kept.
        become: Called with that backend, once.
    """

    is_open = False
    state = None

    def __init__(
        self, run_id: RunId, experiment: str, home: RunHome, become: Callable[[RunBackend], None]
    ) -> None:
        self.id = run_id
        self.home = home
        self.history = NoHistory(run_id, experiment, time.time(), RunState.RUNNING)
        self._become = become
        self._begun: Optional[LiveBackend] = None
        self._lock = threading.RLock()
        self._pid = os.getpid()

    def begin(self) -> LiveBackend:
        """Return the backend of the run that has begun; a fork's attaches to it."""
        with self._lock:
            if self._begun is None:
                recorder = self.home.service.recorder()
                name = self.home.experiment.name
                if os.getpid() == self._pid:
                    live = recorder.create_run(name, run_id=self.id)
                    capture(live)
                else:  # the process that forked us ends it
                    live = recorder.attach(self.id, experiment=name, owner=False)
                self._begun = LiveBackend(live, self.home)
                self._become(self._begun)
            return self._begun

    @property
    def live(self) -> LiveRun:
        """What this process records with, from now on."""
        return self.begin().live

    def log(self, name: str, value: object, step: Optional[int] = None) -> None:
        """Record the first value."""
        self.begin().log(name, value, step)

    def log_row(self, table: str, cells: Mapping[str, object], step: Optional[int] = None) -> None:
        """Record one row of a table."""
        self.begin().log_row(table, cells, step)

    def put(self, file: BinaryIO) -> Tuple[str, int]:
        """Keep a file's content."""
        return self.begin().put(file)

    def discard(self, key: str) -> None:
        """Forget content that was put."""
        self.begin().discard(key)

    def add_file(self, path: str, key: str, size_bytes: int) -> None:
        """Say that content that was put is a file of the run."""
        self.begin().add_file(path, key, size_bytes)

    def log_artifact(
        self, name: str, kind: ArtifactKind, path: str, key: str, size_bytes: int
    ) -> None:
        """Record a metric's value that is content that was put."""
        self.begin().log_artifact(name, kind, path, key, size_bytes)

    def set_tags(self, tags: Mapping[str, Optional[str]]) -> None:
        """Add or replace tags."""
        self.begin().set_tags(tags)

    def remove_tags(self, keys: Sequence[str]) -> None:
        """Take tags away."""
        self.begin().remove_tags(keys)

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Add properties."""
        self.begin().add_properties(properties)

    def set_name(self, name: str) -> None:
        """Rename the run."""
        self.begin().set_name(name)

    def set_description(self, description: str) -> None:
        """Describe the run in words."""
        self.begin().set_description(description)

    def catalogue(self, call: str) -> Service:
        """Return the workspace, with the run in it."""
        return self.begin().catalogue(call)

    def take_snapshot(self, folder: str) -> Optional[str]:
        """Keep a folder as the run's code."""
        return self.begin().take_snapshot(folder)

    def child(self, name: str, run_id: Optional[str]) -> RunBackend:
        """Begin a run below this one."""
        return self.begin().child(name, run_id)

    def complete(self) -> None:
        """End the run well."""
        self.begin().complete()

    def fail(self, cause: str, code: Optional[str]) -> None:
        """End the run as failed."""
        self.begin().fail(cause, code)

    def cancel(self) -> None:
        """End the run as canceled."""
        self.begin().cancel()


if TYPE_CHECKING:

    def _fits(backend: LateBackend) -> RunBackend:
        return backend
