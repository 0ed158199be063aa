"""`trackboard runs`: the runs of a history as a table, sorted and filtered."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli import words
from trackboard.cli.opening import opened

if TYPE_CHECKING:
    from trackboard.history import Filters
    from trackboard.model import Run
    from trackboard.workspace import Workspace


class _Runs(click.Command):
    """A command that names its own word for an option where another one was typed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words after the command."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            from trackboard.history import option_meant  # few mistype one

            meant = option_meant(error.option_name)
            if not meant:
                raise
            said = f"No such option {error.option_name!r}. Did you mean {meant!r}?"
            raise click.UsageError(said, ctx) from None


@click.command(cls=_Runs)
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--experiment", metavar="NAME", help="Of this experiment.")
@click.option(
    "--state", "states", multiple=True, metavar="STATE", help="In this state; repeatable."
)
@click.option(
    "--tag", "tags", multiple=True, metavar="KEY[=VALUE]", help="With this tag; repeatable."
)
@click.option(
    "--param",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="With this parameter; repeatable.",
)
@click.option(
    "--where", multiple=True, metavar="CONDITION", help='Such as "accuracy > 0.9"; repeatable.'
)
@click.option("--children", is_flag=True, help="Also runs that are part of another.")
@click.option(
    "--sort", metavar="METRIC", help="By its last value, greatest first; -METRIC: least first."
)
@click.option("--ascending", is_flag=True, help="Oldest first; with --sort, least first.")
@click.option(
    "--column", "columns", multiple=True, metavar="NAME", help="Show this metric or parameter too."
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="At most so many; 0 for all.",
)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each run.")
def runs(
    folder: Path | None,
    experiment: str | None,
    states: tuple[str, ...],
    tags: tuple[str, ...],
    parameters: tuple[str, ...],
    where: tuple[str, ...],
    sort: str | None,
    columns: tuple[str, ...],
    limit: int,
    *,
    children: bool,
    ascending: bool,
    as_json: bool,
) -> None:
    """List the runs of the history that belongs to a folder (the current one by default)."""
    from trackboard.history import build_query, check_columns, parse_order

    filters: Filters = {
        "top_level": not children,
        "tags": tags,
        "parameters": parameters,
        "metrics": where,
    }
    if experiment is not None:
        filters["experiment"] = experiment
    if states:
        filters["state"] = states
    query = build_query(**filters)
    order = parse_order(sort or "")
    if ascending:
        order = replace(order, descending=False)
    with opened(folder) as workspace:
        found = workspace.runs(query, order=order, limit=limit or None)
        check_columns(workspace.store, columns)
        if as_json:
            _tell_json(workspace, found)
            return
        compared = (name for name, _, _ in query.metrics)
        sorted_by = [order.metric] if order.metric else []
        _tell(
            workspace, found, [*dict.fromkeys([*query.parameters, *columns, *sorted_by, *compared])]
        )
        if limit and len(found) == limit and workspace.runs(query, limit=1, offset=limit):
            click.echo(f"the first {limit}; --limit 0 shows all")


def _tell(workspace: Workspace, found: tuple[Run, ...], columns: list[str]) -> None:
    if not found:
        click.echo("no runs")
        return
    ids = [run.id for run in found]
    lost = workspace.lost_runs()
    series = workspace.store.list_series(runs=ids, names=columns) if columns else ()
    last = {(each.run, each.name): each.last_value for each in series}
    parameters = workspace.store.list_parameters(ids) if columns else {}
    names = workspace.names(found)
    rows = []
    for run in found:
        known = parameters.get(run.id, {})
        cells = [words.value(last.get((run.id, name), known.get(name))) for name in columns]
        rows.append(
            [
                words.clean(names[run.id]),
                words.state(run, lost),
                words.moment(run.started_s),
                words.duration(words.took_s(run)),
                *cells,
                run.id,
            ]
        )
    head = ["RUN", "STATE", "STARTED", "TOOK", *map(words.clean, columns), "ID"]
    for line in words.aligned(rows, head):
        click.echo(line)


def _tell_json(workspace: Workspace, found: tuple[Run, ...]) -> None:
    ids = [run.id for run in found]
    lost = workspace.lost_runs()
    tags, parameters = workspace.store.list_tags(ids), workspace.store.list_parameters(ids)
    names = workspace.names(found)
    metrics: dict[str, dict[str, object]] = {}
    for series in workspace.store.list_series(runs=ids):
        metrics.setdefault(series.run, {})[series.name] = series.last_value
    for run in found:
        told = {
            **words.facts(run, names[run.id], lost),
            "tags": dict(tags.get(run.id, {})),
            "parameters": words.plain(parameters.get(run.id, {})),
            "metrics": words.plain(metrics.get(run.id, {})),
        }
        click.echo(json.dumps(told))
