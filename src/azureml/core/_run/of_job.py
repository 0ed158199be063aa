"""The runs that a job's script records: the job's own, and those that another process of it began.

Part of the recording path. Importing `Run` does not load this, but `Run.get_context()` in a job does.
"""

from __future__ import annotations

import os
from typing import Optional

from azureml import _guard as _guard
from azureml.core._run.backends.home import JobHome
from azureml.core._run.backends.live import LiveBackend
from azureml.core.run import Run
from trackboard.layout import WorkspacePaths
from trackboard.model import RunId
from trackboard.record import get_recorder, identify

_context: Optional[Run] = None


def _run_of_job() -> Run:
    """The job's own run: the same object at every call in this process."""
    global _context
    if _context is None:
        live = get_recorder(WorkspacePaths.of_job().spool).attach(
            RunId(os.environ["TRACKBOARD_RUN_ID"]),
            experiment=os.environ.get("TRACKBOARD_EXPERIMENT", ""),
            owner=False,
            rank=identify().rank,
        )
        home = JobHome(live.id, live.experiment)
        _context = Run._with(LiveBackend(live, home, is_job=True))
    return _context


def _run_in_job(run_id: RunId, experiment: str) -> Run:
    """A run that the job's script began in another of its processes.

    Args:
        run_id: The run.
        experiment: The name of its experiment.
    """
    from azureml.core._run.backends.stored import StoredBackend  # few scripts pass runs on

    recorder = get_recorder(WorkspacePaths.of_job().spool)
    live = recorder.attach(run_id, experiment=experiment, owner=False)
    return Run._with(StoredBackend(live, JobHome(run_id, experiment)))
