"""What every part of `Run` stands on: its backend."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Callable, Optional

from azureml.exceptions._tree import sdk_errors

if TYPE_CHECKING:
    from azureml.core._run.backends.port import RunBackend
    from azureml.core._run.reading.port import RunHistory
    from trackboard.model import Run as StoredRun
    from trackboard.record import LiveRun
    from trackboard.service import Service


class RunHandle:
    """A run as its other parts see it; not made by itself."""

    _backend: RunBackend
    _log: Callable[[str, object, Optional[int]], None]

    def _use(self, backend: RunBackend) -> None:
        """Speak to a backend from now on."""
        self._backend = backend
        self._log = backend.log  # looked up once: `log` is called in training loops

    @property
    def id(self) -> str:
        """The run's id."""
        return self._backend.id

    @property
    def _live(self) -> LiveRun:
        return self._backend.live

    @property
    def _history(self) -> RunHistory:
        return self._backend.history

    def _stored(self) -> StoredRun:
        with sdk_errors():
            return self._history.stored()

    def _folder(self) -> Path:
        with sdk_errors():
            return self._history.folder()

    def _service(self) -> Service:
        """What answers for the workspace, with everything said up to now stored."""
        with sdk_errors():
            return self._backend.home.now()
