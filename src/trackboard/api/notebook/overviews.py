"""Workspaces and experiments in a notebook."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from trackboard.api.notebook.elements import block, code, faint, heading, name, pairs, table
from trackboard.api.notebook.page_context import PageContext
from trackboard.api.notebook.runs import runs_html
from trackboard.api.notebook.see_it import see_experiment, see_workspace
from trackboard.ports import RunQuery

_EXPERIMENTS = 50
_RUNS = 10


def workspace_html(page: PageContext) -> str:
    """A workspace: where it is, and what is in it."""
    names = [one.name for one in page.service.experiments.list()]
    return str(
        block(
            heading("workspace", name(page.service.name)),
            pairs(
                [
                    ("folder", code(str(page.service.folder))),
                    ("see it", see_workspace(page.service.folder)),
                ]
            ),
            _experiments(page, names),
        )
    )


def experiments_html(page: PageContext, names: Sequence[str]) -> str:
    """Experiments, a line each."""
    return str(block(_experiments(page, names)))


def experiment_html(page: PageContext, experiment: str) -> str:
    """An experiment and the newest of its runs."""
    query = RunQuery(experiment=experiment, top_level=True)
    newest = page.service.runs.query(query, limit=_RUNS + 1)
    return str(
        block(
            heading("experiment", name(experiment), faint(f"in workspace {page.service.name}")),
            pairs([("see it", see_experiment(page.service.folder, experiment))]),
            Markup(runs_html(page, newest[:_RUNS], more=len(newest) > _RUNS)),
        )
    )


def _experiments(page: PageContext, names: Sequence[str]) -> Markup:
    rows = []
    for experiment in names[:_EXPERIMENTS]:
        runs = page.service.runs.list(experiment=experiment)
        newest = max(runs, key=lambda run: (run.created_s, run.number), default=None)
        cells = ("", "") if newest is None else (newest.name, page.state(newest))
        rows.append([experiment, f"{len(runs):,}", *cells])
    if not rows:
        return faint("no experiments")
    found = table(["experiment", "runs", "newest", "state"], rows, numbers=["runs"])
    left = len(names) - len(rows)
    return found + faint(f"and {left:,} more") if left > 0 else found
