"""Workspaces and experiments in a notebook."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from trackboard.ports import RunQuery
from trackboard.workspace.notebook.elements import block, code, faint, heading, name, pairs, table
from trackboard.workspace.notebook.look import Look
from trackboard.workspace.notebook.runs import runs_html
from trackboard.workspace.notebook.see_it import see_experiment, see_workspace

_EXPERIMENTS = 50
_RUNS = 10


def workspace_html(look: Look) -> str:
    """A workspace: where it is, and what is in it."""
    names = look.store.list_experiments()
    return str(
        block(
            heading("workspace", name(look.name)),
            pairs([("folder", code(str(look.folder))), ("see it", see_workspace(look.folder))]),
            _experiments(look, names),
        )
    )


def experiments_html(look: Look, names: Sequence[str]) -> str:
    """Experiments, a line each."""
    return str(block(_experiments(look, names)))


def experiment_html(look: Look, experiment: str) -> str:
    """An experiment and the newest of its runs."""
    query = RunQuery(experiment=experiment, top_level=True)
    newest = look.store.query_runs(query, limit=_RUNS + 1)
    return str(
        block(
            heading("experiment", name(experiment), faint(f"in workspace {look.name}")),
            pairs([("see it", see_experiment(look.folder, experiment))]),
            Markup(runs_html(look, newest[:_RUNS], more=len(newest) > _RUNS)),
        )
    )


def _experiments(look: Look, names: Sequence[str]) -> Markup:
    rows = []
    for experiment in names[:_EXPERIMENTS]:
        runs = look.store.list_runs(experiment=experiment)
        newest = max(runs, key=lambda run: (run.created_s, run.number), default=None)
        cells = ("", "") if newest is None else (newest.name, look.state(newest))
        rows.append([experiment, f"{len(runs):,}", *cells])
    if not rows:
        return faint("no experiments")
    found = table(["experiment", "runs", "newest", "state"], rows, numbers=["runs"])
    left = len(names) - len(rows)
    return found + faint(f"and {left:,} more") if left > 0 else found
