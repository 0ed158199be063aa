"""`trackboard export`: runs for other programs, and for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli import formatting
from trackboard.cli.completing import complete_runs
from trackboard.cli.progress import progress_bar
from trackboard.cli.workspace_option import folder_option, opened
from trackboard.errors import UsageError

if TYPE_CHECKING:
    from trackboard.transfer.export.answers import ExportReport

_MOST_NOTES = 10


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...", shell_complete=complete_runs)
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    metavar="PLACE",
    help="A file that ends in .csv, .parquet or .html, or a folder for event files.",
)
@click.option(
    "--format",
    "file_format",
    metavar="FORMAT",
    help="tensorboard, csv, parquet or html, where PLACE does not tell.",
)
@click.option(
    "--table",
    metavar="TABLE",
    help="What a row of CSV or Parquet is: points (the default) or runs.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help='Only runs such as "loss.min < 0.5 and lr = 0.1"; of several, all.',
)
@click.option("--all", "everything", is_flag=True, help="All runs of the history.")
@click.option("--no-children", is_flag=True, help="Leave out runs that are part of another.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--dry-run", is_flag=True, help="Count what would be written, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Say it as one line of JSON.")
@folder_option
def export(
    runs: tuple[str, ...],
    target: Path,
    file_format: str | None,
    table: str | None,
    where: tuple[str, ...],
    folder: Path | None,
    *,
    everything: bool,
    no_children: bool,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Write runs, and all below them, as a table of points or of runs, a report, or event files.

    RUN: a run's name or id, or an experiment's name for all of its runs; none with --where or --all. A file
    comes whole or not at all; event files of an earlier export are brought up to date.
    """
    from trackboard.history.conditions import build_query
    from trackboard.service import wire
    from trackboard.transfer.export.destination import choose_destination

    if everything and runs:
        raise UsageError("--all and RUN do not go together", hint="Leave one of them out.")
    if not (runs or where or everything):
        raise UsageError(
            "no runs are named", hint="Name runs or an experiment, or say --where or --all."
        )
    destination = choose_destination(target, file_format, table)
    query = build_query(where=where, top_level=no_children)
    with opened(folder) as service, progress_bar("runs") as progress:
        now = service.now()
        chosen = dict.fromkeys(run for text in runs for run in now.runs.find_called(text))
        report = now.transfer.export(
            [*chosen] if runs else None,
            query,
            destination,
            replace=force,
            is_dry_run=dry_run,
            progress=progress,
        )
    if as_json:
        click.echo(json.dumps(wire.export_facts(report)))
        return
    _print(report)


def _print(report: ExportReport) -> None:
    points = [formatting.count(report.points, "point")] if report.points else []
    size = [formatting.size(report.size_bytes)] if report.size_bytes else []
    held = ", ".join([formatting.count(report.runs, "run"), *points, *size])
    would = " would hold" if report.is_dry_run else ":"
    click.echo(f"{formatting.clean(str(report.destination.path))}{would} {held}")
    for note in report.notes[:_MOST_NOTES]:
        click.echo(formatting.clean(note), err=True)
    if len(report.notes) > _MOST_NOTES:
        click.echo(f"and {len(report.notes) - _MOST_NOTES:,} more; --json lists all", err=True)
