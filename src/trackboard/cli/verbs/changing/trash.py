"""`trackboard trash`: what was deleted and can be taken back."""

from __future__ import annotations

import json
from pathlib import Path

import click

from trackboard.cli import formatting
from trackboard.cli.table import Column, print_table
from trackboard.cli.workspace_option import folder_argument, opened

_COLUMNS = (
    Column("RUN", enough=16),
    Column("STATE", is_state=True),
    Column("STARTED", drop=1),
    Column("DELETED", drop=2),
    Column("ID", drop=3),
)


@click.command()
@folder_argument
@click.option("--wide", is_flag=True, help="Whole names and ids, also where a terminal is narrow.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each run.")
def trash(folder: Path | None, *, wide: bool, as_json: bool) -> None:
    """List the runs in the trash, those deleted last first.

    `trackboard restore` brings them back, `trackboard gc` frees what they take.
    """
    from trackboard.service import wire

    with opened(folder) as service:
        now = service.now()
        found = sorted(now.trash.list(), key=lambda run: -(run.deleted_s or 0.0))
        facts = now.runs.describe(found)
        experiments = now.trash.list_experiments()
    if as_json:
        for each in facts:
            click.echo(json.dumps(wire.run_facts(each)))
        return
    rows = [
        [
            formatting.clean(each.name),
            each.word,
            formatting.moment(each.run.started_s),
            formatting.moment(each.run.deleted_s),
            each.run.id,
        ]
        for each in facts
    ]
    if rows:
        print_table(_COLUMNS, rows, is_whole=wide)
    else:
        click.echo("the trash is empty")
    for one in experiments:
        click.echo(
            f"the experiment {one.name} too: trackboard restore --experiment {one.name} brings all back"
        )
