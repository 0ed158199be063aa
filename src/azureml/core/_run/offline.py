"""The run of a script that nobody submitted: it begins at its first record and ends with the process."""

from __future__ import annotations

import atexit
import os
import re
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, NoReturn, Optional, Type, cast

from azureml import _guard as _guard
from azureml.core.experiment import Experiment
from azureml.core.run import STATUS_NAMES, Run
from azureml.core.workspace import Workspace
from trackboard.model import Run as StoredRun
from trackboard.model import RunId, RunKind, RunState, new_run_id
from trackboard.record import LiveRun
from trackboard.record.capture import capture
from trackboard.spool import FileRef, SeriesRef, SpoolWriter

MODE = "TRACKBOARD_MODE"
DISABLED = "disabled"

_context: Optional[_OfflineRun] = None
_lock = threading.RLock()


class _OfflineRun(Run):
    """A run like any other, in the workspace found from the current folder.

    Source: the SDK's class of this name only printed, and lacked most of a run's methods; scripts test
    `type(run) == _OfflineRun`, so the name stays, as does the beginning of its id.

    Args:
        silent: Record nothing at all.
    """

    def __init__(self, *, silent: bool = False) -> None:
        self._id = RunId(f"OfflineRun_{new_run_id()}")
        self._silent = silent
        self._created_s = time.time()
        self._pid = os.getpid()
        self._given = set()
        self._log = self._log_first

    @property
    def id(self) -> str:
        """The run's id."""
        return self._id

    @property
    def experiment(self) -> Experiment:
        """The experiment named like the script; asking for it makes nothing on the disk."""
        with _lock:
            if self._experiment is None:
                self._experiment = Experiment._unmade(Workspace._here(), _experiment_name())
            return self._experiment

    @property
    def _live(self) -> LiveRun:
        with _lock:
            if self._live_run is None:
                self._begin()
            assert self._live_run is not None
            return self._live_run

    def _begin(self) -> None:
        if self._silent:
            self._live_run = LiveRun(
                cast(SpoolWriter, _Nowhere()), self._id, _experiment_name(), owner=True
            )
        elif os.getpid() != self._pid:  # the process that forked us ends it
            recorder = self.experiment.workspace._workspace.recorder()
            self._live_run = recorder.attach(self._id, experiment=self.experiment.name, owner=False)
        else:
            recorder = self.experiment.workspace._workspace.recorder()
            self._live_run = recorder.create_run(self.experiment.name, run_id=self._id)
            capture(self._live_run)
        self._log = self._live_run.log

    def _begin_before_fork(self) -> None:
        """A fork may be the first to record, and must not own what outlives it."""
        if os.getpid() == self._pid:
            assert self._live is not None  # begins it

    def _log_first(self, name: str, value: object, step: Optional[int] = None) -> None:
        self._live.log(name, value, step)

    @property
    def _is_recorded(self) -> bool:
        return self._live_run is not None and not self._silent

    @property
    def _is_silent(self) -> bool:
        return self._silent

    def _adopt(self, live: LiveRun) -> Run:
        if not self._silent:
            return Run._from_live(live, self._experiment)
        child = _OfflineRun(silent=True)
        child._id, child._live_run, child._log = live.id, live, live.log
        return child

    def _stored(self) -> StoredRun:
        if self._is_recorded:
            return super()._stored()
        state = self._live_run.state if self._live_run else None
        return StoredRun(
            id=self._id,
            experiment=_experiment_name(),
            number=0,
            given_name=self._live_run.name if self._live_run else "",
            parent=None,
            kind=RunKind.INTERACTIVE,
            state=state or RunState.RUNNING,
            cause="",
            created_s=self._created_s,
            started_s=self._created_s,
            ended_s=None,
            lost_points=0,
            warnings=(),
        )

    def get_status(self) -> str:
        """The run's state by the SDK's name, as it is now."""
        return super().get_status() if self._is_recorded else STATUS_NAMES[self._stored().state]

    def get_details(self) -> Dict[str, Any]:
        """What is known of the run; before its first record, that is little."""
        if self._is_recorded:
            return super().get_details()
        return {"runId": self.id, "status": self.get_status(), "properties": {}, "logFiles": {}}

    def get_portal_url(self) -> str:
        """What to type to see the run in TensorBoard; empty when there is nothing to see."""
        return super().get_portal_url() if self._is_recorded else ""

    def _end_with_process(self) -> None:
        if self._may_end():
            self.complete()

    def _fail_with(self, error: BaseException) -> None:
        if self._pid == os.getpid():
            assert self._live is not None  # begins it: that a script failed is worth a record
        if self._may_end():
            self.fail(error)

    def _may_end(self) -> bool:
        live = self._live_run
        return live is not None and live.is_owner and not (live.state and live.state.is_terminal)


class _Nowhere:
    """Takes what a spool takes, and keeps nothing."""

    is_behind = False
    was_refused = False

    def series(self, run: RunId, name: str, table: str = "") -> SeriesRef:
        return SeriesRef(0, run, name, table)

    def file(self, run: RunId, path: str) -> FileRef:
        return FileRef(0, run, path)

    def append_float(self, *record: object) -> None:
        """Take a float."""

    def append_int(self, *record: object) -> None:
        """Take an int."""

    def append_bytes(self, *record: object) -> None:
        """Take bytes."""

    def append_event(self, *record: object) -> None:
        """Take an event."""

    def sync(self) -> None:
        """There is nothing to keep."""


def _offline_run() -> Run:
    """This process's own run: the same object at every call, also in its forks."""
    global _context
    with _lock:
        if _context is None:
            silent = os.environ.get(MODE, "").strip().lower() == DISABLED
            _context = _OfflineRun(silent=silent)
            if not silent:
                atexit.register(_context._end_with_process)
                _watch_exceptions(_context)
                _watch_exit(_context)
                os.register_at_fork(before=_context._begin_before_fork)
        return _context


def _watch_exceptions(run: _OfflineRun) -> None:
    """An exception that nobody catches fails the run, and is shown as ever."""
    show = sys.excepthook

    def hook(
        kind: Type[BaseException], error: BaseException, trace: Optional[TracebackType]
    ) -> None:
        try:
            run._fail_with(error)
        finally:
            show(kind, error, trace)

    sys.excepthook = hook


def _watch_exit(run: _OfflineRun) -> None:
    """`sys.exit(3)` shows in no hook: note what it was called with, for the end of the process."""
    leave = sys.exit

    def note(status: Any = None, /) -> NoReturn:
        if threading.current_thread() is threading.main_thread():
            atexit.unregister(fail)
            if status not in (None, 0):
                atexit.register(fail, status)  # runs before the one that completes
        leave(status)

    def fail(status: Any) -> None:
        if run._may_end():
            run.fail(SystemExit(status))

    sys.exit = note


def _experiment_name() -> str:
    script = Path(sys.argv[0] or "").stem or "interactive"
    if script == "ipykernel_launcher":
        return "notebook"
    return re.sub(r"[^\w-]+", "-", script).strip("-_") or "interactive"
