"""How the SDK's objects look in a notebook, in the SDK's words; drawn by `trackboard.workspace.notebook`."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Sequence

from azureml.core._states import LOST, STATUS_NAMES
from azureml.exceptions._tree import sdk_errors
from trackboard.model import Run as StoredRun
from trackboard.workspace.notebook import (
    Look,
    experiment_html,
    experiments_html,
    run_html,
    runs_html,
    workspace_html,
)
from trackboard.workspace.notebook.elements import log

if TYPE_CHECKING:
    from azureml.core.experiment import Experiment
    from azureml.core.run import Run
    from azureml.core.workspace import Workspace


def run_page(run: Run, *, console: str = "", children: Sequence[StoredRun] = ()) -> str:
    """A run: how it is, what it logged, what it printed, the runs below it."""
    if not run._is_recorded:  # and nothing shall be made by looking at it
        return words_page(repr(run))
    with sdk_errors():
        look = _look(run.experiment.workspace)
        stored, kind = run._stored(), run.type or ""
        return run_html(look, stored, kind=kind, console=console, children=children)


def words_page(text: str) -> str:
    """Lines as they are."""
    return str(log(text))


def runs_page(runs: List[Run], *, more: bool) -> str:
    """Runs of one workspace, a line each."""
    if not runs:
        return "no runs"
    with sdk_errors():
        look = _look(runs[0].experiment.workspace)
        return runs_html(look, [run._stored() for run in runs], more=more)


def experiment_page(experiment: Experiment) -> str:
    """An experiment and its newest runs."""
    with sdk_errors():
        return experiment_html(_look(experiment.workspace), experiment.name)


def experiments_page(experiments: Sequence[Experiment]) -> str:
    """Experiments of one workspace, a line each."""
    if not experiments:
        return "no experiments"
    with sdk_errors():
        look = _look(experiments[0].workspace)
        return experiments_html(look, [one.name for one in experiments])


def workspace_page(workspace: Workspace) -> str:
    """A workspace and its experiments."""
    with sdk_errors():
        return workspace_html(_look(workspace))


def _look(workspace: Workspace) -> Look:
    return workspace._workspace.look(STATUS_NAMES, LOST)
