"""What modules below need of the classes above them: each is imported when it is first made.

Runs belong to experiments and experiments to workspaces, but `Run` is imported alone in a job: a script that
only records loads neither of the others. This is the one place that knows which is where.

Standard library only and fit for Python 3.9.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trackboard.model import Run as StoredRun
    from trackboard.model import RunId


def workspace_of_job() -> Any:
    """The `Workspace` of the job around this process."""
    return import_module("azureml.core.workspace").Workspace._of_job()


def experiment_of(workspace: Any, name: str) -> Any:
    """The `Experiment` of that name in a `Workspace`."""
    return import_module("azureml.core.experiment").Experiment(workspace, name)


def unmade_experiment(name: str) -> Any:
    """The `Experiment` of that name in the workspace that the current folder finds; neither is made yet."""
    workspace = import_module("azureml.core.workspace").Workspace._here()
    return import_module("azureml.core.experiment").Experiment._unmade(workspace, name)


def run_of(stored: StoredRun, experiment: Any) -> Any:
    """The `Run` that a stored run is, of the class that fits its type."""
    return import_module("azureml.core.run").Run._from_stored(stored, experiment)


def run_with_id(experiment: Any, run_id: str) -> Any:
    """The existing `Run` with that id; an error of the SDK's when there is none."""
    return import_module("azureml.core.run").Run(experiment, run_id)


def run_with(backend: Any) -> Any:
    """The `Run` that speaks to a `RunBackend`."""
    return import_module("azureml.core.run").Run._with(backend)


def submitted_run_class() -> Any:
    """The class of the runs of jobs, as others see them."""
    return import_module("azureml.core.script_run").ScriptRun


def run_of_job() -> Any:
    """The run of the job around this process."""
    return import_module("azureml.core._run.of_job")._run_of_job()


def run_in_job(run_id: RunId, experiment: str) -> Any:
    """The run with that id, which the script of the job around this process began."""
    return import_module("azureml.core._run.of_job")._run_in_job(run_id, experiment)


def offline_run() -> Any:
    """The run of a script that nobody submitted."""
    return import_module("azureml.core._run.offline")._offline_run()
