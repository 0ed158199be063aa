"""`trackboard experiments`: the experiments of a history as a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli import formatting
from trackboard.cli.table import Column, print_csv, print_table
from trackboard.cli.workspace_option import folder_argument, opened

if TYPE_CHECKING:
    from trackboard.service import ExperimentFacts

_COLUMNS = (
    Column("EXPERIMENT", enough=16),
    Column("RUNS"),
    Column("ACTIVE", drop=3),
    Column("NEWEST RUN", drop=2),
    Column("TAGS", enough=8, drop=1),
    Column("ARCHIVED", drop=4),
)


@click.command()
@click.option("--archived", is_flag=True, help="Also archived ones.")
@click.option("--wide", is_flag=True, help="Whole names, also where a terminal is narrow.")
@click.option("--csv", "as_csv", is_flag=True, help="A table for programs.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each experiment.")
@folder_argument
def experiments(
    folder: Path | None, *, archived: bool, wide: bool, as_csv: bool, as_json: bool
) -> None:
    """List the experiments of the history that belongs to a folder (the current one by default).

    Runs that are part of another are not counted.
    """
    from trackboard.service import wire

    with opened(folder) as service:
        every = service.experiments.describe()
    found = [each for each in every if archived or each.experiment.archived_s is None]
    facts = [wire.experiment_facts(each) for each in found]
    if as_json:
        for each_facts in facts:
            click.echo(json.dumps(each_facts))
        return
    if as_csv:
        titles = ("name", "runs", "active", "newest", "archived")
        print_csv(titles, ([each_facts[title] for title in titles] for each_facts in facts))
        return
    if found:
        rows = [_row(each) for each in found]
        columns = _COLUMNS if archived else _COLUMNS[:-1]
        print_table(columns, [row[: len(columns)] for row in rows], is_whole=wide)
    else:
        click.echo("no experiments")
    if len(found) < len(every):
        click.echo(f"{len(every) - len(found)} archived; --archived shows all")


def _row(facts: ExperimentFacts) -> list[str]:
    experiment = facts.experiment
    tags = (key if value is None else f"{key}={value}" for key, value in experiment.tags.items())
    return [
        formatting.clean(experiment.name),
        str(facts.runs),
        str(facts.active),
        formatting.moment(facts.newest_s),
        formatting.clean(" ".join(tags)),
        formatting.moment(experiment.archived_s),
    ]
