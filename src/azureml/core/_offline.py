"""The run of a script that nobody submitted: it begins at its first record and ends with the process."""

from __future__ import annotations

import atexit
import re
import sys
from pathlib import Path
from types import TracebackType
from typing import Optional, Type

from azureml import _guard as _guard
from azureml.core.experiment import Experiment
from azureml.core.run import Run
from azureml.core.workspace import Workspace

_context: Optional[_OfflineRun] = None


class _OfflineRun(Run):
    """A run like any other, in the workspace found from the current folder.

    Source: the SDK's class of this name only printed, and lacked most of a run's methods; scripts test
    `type(run) == _OfflineRun`, so the name stays.
    """

    def _end_with_process(self) -> None:
        state = self._live.state
        if self._live.is_owner and (state is None or not state.is_terminal):
            self._live.complete()

    def _fail_with(self, error: BaseException) -> None:
        state = self._live.state
        if self._live.is_owner and (state is None or not state.is_terminal):
            self.fail(error)


def _offline_run() -> Run:
    """This process's own run: the same object at every call."""
    global _context
    if _context is None:
        workspace = Workspace.from_config()
        experiment = Experiment(workspace, _experiment_name())
        live = workspace._workspace.recorder().create_run(experiment.name)
        run = _OfflineRun.__new__(_OfflineRun)
        run._init(live, experiment)
        atexit.register(run._end_with_process)
        _watch_exceptions(run)
        _context = run
    return _context


def _watch_exceptions(run: _OfflineRun) -> None:
    """An exception that nobody catches fails the run, and is shown as ever."""
    show = sys.excepthook

    def hook(
        kind: Type[BaseException], error: BaseException, trace: Optional[TracebackType]
    ) -> None:
        run._fail_with(error)
        show(kind, error, trace)

    sys.excepthook = hook


def _experiment_name() -> str:
    script = Path(sys.argv[0] or "").stem or "interactive"
    if script == "ipykernel_launcher":
        return "notebook"
    return re.sub(r"[^\w-]+", "-", script).strip("-_") or "interactive"
