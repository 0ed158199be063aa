"""`trackboard import`: runs from TensorBoard, MLflow or another history."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli import formatting
from trackboard.cli.progress import describe_import, progress_bar
from trackboard.cli.workspace_option import folder_option
from trackboard.config import find_location

if TYPE_CHECKING:
    from trackboard.service import Service
    from trackboard.transfer.report import ImportReport

_REASONS = 10


@click.command("import")
@click.argument("source")
@click.option("--experiment", default="", metavar="NAME", help="Of a log folder's runs.")
@click.option(
    "--artifacts",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where MLflow's artifacts are, if not where it says.",
)
@click.option("--dry-run", is_flag=True, help="Count what would come, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Say it as one line of JSON.")
@folder_option
def import_(
    source: str,
    experiment: str,
    artifacts: Path | None,
    folder: Path | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take in the runs of SOURCE; again, only what has come since.

    SOURCE: a log folder of TensorBoard, an mlruns folder or mlflow.db of MLflow, the address of a
    tracking server (http://...), or a folder with another history. Nothing is written there.
    """
    with _opened(folder, is_dry_run=dry_run) as service, progress_bar("runs") as progress:
        report = service.transfer.import_runs(
            source,
            experiment=experiment,
            artifacts=artifacts,
            is_dry_run=dry_run,
            progress=progress,
        )
    print_report(report, as_json=as_json)


def print_report(report: ImportReport, *, as_json: bool) -> None:
    """Say what came in, and what could not be kept."""
    from trackboard.service import wire

    if as_json:
        click.echo(json.dumps(wire.import_facts(report)))
        return
    line = describe_import(
        new=report.new,
        changed=report.changed,
        unchanged=report.unchanged,
        points=report.points,
        files=report.files,
        size_bytes=report.size_bytes,
    )
    begin = "would come from" if report.is_dry_run else "from"
    click.echo(f"{begin} {report.kind} {formatting.clean(report.location)}: {line}")
    reasons = report.summarize_left_out()
    for why, count, what in reasons[:_REASONS]:
        times = f" ({count:,} times)" if count > 1 else ""
        click.echo(f"not kept: {formatting.clean(why)}{times}: {formatting.clean(what)}")
    if len(reasons) > _REASONS:
        click.echo(f"not kept: {len(reasons) - _REASONS} other kinds; --json lists all")


@contextlib.contextmanager
def _opened(folder: Path | None, *, is_dry_run: bool) -> Iterator[Service]:
    """Open the history that belongs to a folder, which is made where there is none."""
    from trackboard.service import open_service, open_unmade

    location = find_location(folder)
    if is_dry_run:
        with open_unmade(location) as service:
            yield service
        return
    with contextlib.closing(open_service(location)) as service:
        yield service
