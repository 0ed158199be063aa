"""The run of a script that nobody submitted: it begins at its first record and ends with the process."""

from __future__ import annotations

import atexit
import os
import re
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Optional, Type

from azureml import _guard as _guard
from azureml.core._run.backends.home import ScriptHome
from azureml.core._run.backends.late import LateBackend
from azureml.core._run.backends.null import NullBackend
from azureml.core.run import Run
from trackboard.model import RunId, new_run_id

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
        run_id = RunId(f"OfflineRun_{new_run_id()}")
        name = _experiment_name()
        home = ScriptHome(name)
        if silent:
            self._begin(NullBackend.begin(run_id, name, home))
        else:
            self._begin(LateBackend(run_id, name, home, self._use))


def _offline_run() -> Run:
    """This process's own run: the same object at every call, also in its forks."""
    global _context
    with _lock:
        if _context is None:
            silent = os.environ.get(MODE, "").strip().lower() == DISABLED
            run = _context = _OfflineRun(silent=silent)
            if not silent:
                pid = os.getpid()
                atexit.register(_end_with_process, run)
                _watch_exceptions(run, pid)
                _watch_exit(run)
                os.register_at_fork(before=lambda: _begin_in(run, pid))
        return _context


def _begin_in(run: Run, pid: int) -> None:
    """Begin the run in the process that it is of: a fork may be the first to record, and must not own it."""
    if os.getpid() == pid:
        assert run._live is not None  # begins it


def _end_with_process(run: Run) -> None:
    if run._backend.is_open:
        run.complete()


def _watch_exceptions(run: Run, pid: int) -> None:
    """An exception that nobody catches fails the run, and is shown as ever."""
    show = sys.excepthook

    def hook(
        kind: Type[BaseException], error: BaseException, trace: Optional[TracebackType]
    ) -> None:
        try:
            _begin_in(run, pid)  # that a script failed is worth a record
            if run._backend.is_open:
                run.fail(error)
        finally:
            show(kind, error, trace)

    sys.excepthook = hook


def _watch_exit(run: Run) -> None:
    """`sys.exit(3)` shows in no hook: note what it was called with, for the end of the process."""
    leave = sys.exit

    def note(status: Any = None, /) -> NoReturn:
        if threading.current_thread() is threading.main_thread():
            atexit.unregister(fail)
            if status not in (None, 0):
                atexit.register(fail, status)  # runs before the one that completes
        leave(status)

    def fail(status: Any) -> None:
        if run._backend.is_open:
            run.fail(SystemExit(status))

    sys.exit = note


def _experiment_name() -> str:
    script = Path(sys.argv[0] or "").stem or "interactive"
    if script == "ipykernel_launcher":
        return "notebook"
    return re.sub(r"[^\w-]+", "-", script).strip("-_") or "interactive"
