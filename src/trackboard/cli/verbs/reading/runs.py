"""`trackboard runs`: the runs of a history as a table, sorted and filtered."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli.completing import complete_experiments, complete_states, complete_tags
from trackboard.cli.run_table import print_runs, print_runs_as_csv
from trackboard.cli.workspace_option import folder_argument, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trackboard.history import Filters
    from trackboard.ports import Field, Orders, RunQuery


class _Runs(click.Command):
    """A command that names its own word for an option where another one was typed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words after the command."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            from trackboard.history.vocabulary import option_meant

            meant = option_meant(error.option_name)
            if not meant:
                raise
            said = f"No such option {error.option_name!r}. Did you mean {meant!r}?"
            raise click.UsageError(said, ctx) from None


@click.command(cls=_Runs)
@click.option(
    "--experiment", metavar="NAME", shell_complete=complete_experiments, help="Of this experiment."
)
@click.option(
    "--state",
    "states",
    multiple=True,
    metavar="STATE",
    shell_complete=complete_states,
    help="In this state; repeatable.",
)
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="KEY[=VALUE]",
    shell_complete=complete_tags,
    help="With this tag; repeatable.",
)
@click.option(
    "--param",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="With this parameter; repeatable.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help='Such as "loss.min < 0.5 and (lr = 0.1 or tags.team = vision)"; of several, all.',
)
@click.option("--archived", is_flag=True, help="Also archived ones.")
@click.option("--children", is_flag=True, help="Also runs that are part of another.")
@click.option(
    "--order",
    "--sort",
    "orders",
    multiple=True,
    metavar="NAME",
    help="By loss.min, params.lr, created ..., greatest first; -NAME: least first; repeatable.",
)
@click.option("--ascending", is_flag=True, help="Oldest first; with --order, least first.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME",
    help="Show loss.min, params.lr, tags.team, user ... too; repeatable.",
)
@click.option(
    "--limit",
    "-n",
    type=click.IntRange(min=0),
    metavar="N",
    default=20,
    show_default=True,
    help="At most so many; 0 for all.",
)
@click.option("--wide", is_flag=True, help="Whole names and ids, also where a terminal is narrow.")
@click.option("--csv", "as_csv", is_flag=True, help="A table for programs.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each run.")
@folder_argument
def runs(
    folder: Path | None,
    experiment: str | None,
    states: tuple[str, ...],
    tags: tuple[str, ...],
    parameters: tuple[str, ...],
    where: tuple[str, ...],
    orders: tuple[str, ...],
    columns: tuple[str, ...],
    limit: int,
    *,
    archived: bool,
    children: bool,
    ascending: bool,
    wide: bool,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List the runs of the history that belongs to a folder (the current one by default)."""
    from trackboard.history.conditions import build_query, parse_orders
    from trackboard.history.query.fields import heading
    from trackboard.service.run_columns import RunColumns

    filters: Filters = {
        "top_level": not children,
        "archived": archived,
        "tags": tags,
        "parameters": parameters,
        "where": where,
    }
    if experiment is not None:
        filters["experiment"] = experiment
    if states:
        filters["state"] = states
    query = build_query(**filters)
    sorting = parse_orders(orders)
    if ascending:
        sorting = tuple(replace(order, descending=False) for order in sorting)
    with opened(folder) as service:
        now = service.now()
        found = now.runs.query(query, sorting, limit=limit or None, strict=True)
        if columns:
            now.metrics.check_columns(columns)
        fields = _fields(query, sorting, columns)
        facts = now.runs.describe(found, values=as_json or bool(fields))
        if as_json:
            from trackboard.service import wire

            for each in facts:
                click.echo(json.dumps(wire.run_facts(each)))
            return
        table = RunColumns(now, facts)
        if as_csv:
            print_runs_as_csv(facts, {heading(each): table.read(each) for each in fields})
            return
        shown = {heading(each): table.show(each) for each in fields}
        print_runs(now, facts, shown, is_whole=wide)
        more = now.runs.count(query) - limit if limit and len(found) == limit else 0
        if more > 0:
            click.echo(f"and {more:,} more: --limit 0 lists all")


def _fields(query: RunQuery, orders: Orders, columns: Sequence[str]) -> list[Field]:
    """What is shown besides what always is: what was asked for, sorted by and compared."""
    from trackboard.history.query.fields import parse_field
    from trackboard.ports import Field, Source, iter_comparisons

    compared = iter_comparisons(query.where) if query.where is not None else ()
    fields = (
        *(Field(Source.PARAMETER, name) for name in query.parameters),
        *map(parse_field, columns),
        *(order.by for order in orders),
        *(comparison.field for comparison in compared),
    )
    asked = [*map(parse_field, columns)]
    return [
        each
        for each in dict.fromkeys(fields)
        if each in asked or each.source is not Source.ATTRIBUTE
    ]
