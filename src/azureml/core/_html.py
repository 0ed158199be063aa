"""How the SDK's objects look in a notebook, in the SDK's words; drawn by `trackboard.workspace.notebook`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

from azureml.core._states import LOST, STATUS_NAMES
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
    from trackboard.workspace import Workspace


def run_page(
    workspace: Workspace, stored: StoredRun, kind: str, console: str, children: Sequence[StoredRun]
) -> str:
    """Draw a run: how it is, what it logged, what it printed, the runs below it."""
    return run_html(_look(workspace), stored, kind=kind, console=console, children=children)


def words_page(text: str) -> str:
    """Draw lines as they are."""
    return str(log(text))


def runs_page(workspace: Workspace, runs: Sequence[StoredRun], *, more: bool) -> str:
    """Draw runs of one workspace, a line each."""
    return runs_html(_look(workspace), runs, more=more)


def experiment_page(workspace: Workspace, name: str) -> str:
    """Draw an experiment and its newest runs."""
    return experiment_html(_look(workspace), name)


def experiments_page(workspace: Workspace, names: Sequence[str]) -> str:
    """Draw experiments of one workspace, a line each."""
    return experiments_html(_look(workspace), names)


def workspace_page(workspace: Workspace) -> str:
    """Draw a workspace and its experiments."""
    return workspace_html(_look(workspace))


def _look(workspace: Workspace) -> Look:
    return workspace.look(STATUS_NAMES, LOST)
