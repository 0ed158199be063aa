"""How the SDK's objects look in a notebook, in the SDK's words; drawn by `trackboard.api.notebook`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

from azureml.core._states import LOST, STATUS_NAMES
from trackboard.api.notebook import (
    PageContext,
    experiment_html,
    experiments_html,
    run_html,
    runs_html,
    workspace_html,
)
from trackboard.api.notebook.elements import log
from trackboard.model import Run as StoredRun

if TYPE_CHECKING:
    from trackboard.service import Service


def run_page(
    service: Service, stored: StoredRun, kind: str, console: str, children: Sequence[StoredRun]
) -> str:
    """Draw a run: how it is, what it logged, what it printed, the runs below it."""
    return run_html(_context(service), stored, kind=kind, console=console, children=children)


def words_page(text: str) -> str:
    """Draw lines as they are."""
    return str(log(text))


def runs_page(service: Service, runs: Sequence[StoredRun], *, more: bool) -> str:
    """Draw runs of one workspace, a line each."""
    return runs_html(_context(service), runs, more=more)


def experiment_page(service: Service, name: str) -> str:
    """Draw an experiment and its newest runs."""
    return experiment_html(_context(service), name)


def experiments_page(service: Service, names: Sequence[str]) -> str:
    """Draw experiments of one workspace, a line each."""
    return experiments_html(_context(service), names)


def workspace_page(service: Service) -> str:
    """Draw a workspace and its experiments."""
    return workspace_html(_context(service))


def _context(service: Service) -> PageContext:
    return PageContext.of(service, STATUS_NAMES, LOST)
