"""`trackboard gc`: free what was deleted, and what nothing names any more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli.formatting import count, size
from trackboard.cli.workspace_option import folder_argument, opened

if TYPE_CHECKING:
    from trackboard.gc.answers import GcReport


@click.command()
@click.option(
    "--older-than",
    metavar="TIME",
    default="30d",
    show_default=True,
    help="Of runs that have been in the trash for so long, such as 12h; 0: all.",
)
@click.option("--dry-run", "-n", is_flag=True, help="Free nothing, and say what would be freed.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
@folder_argument
def gc(folder: Path | None, older_than: str, *, dry_run: bool, as_json: bool) -> None:
    """Free what was deleted, and what nothing names any more; nothing of it comes back.

    Runs in the trash are forgotten; files and snapshots are freed that no run and no model names, working
    copies of jobs that have ended, and what killed processes left. The database shrinks. Training goes on
    meanwhile. Interrupted, it goes on the next time.
    """
    from trackboard.cli.arguments import read_seconds
    from trackboard.cli.progress import progress_bar
    from trackboard.service import wire

    older_than_s = 0.0 if older_than in ("0", "0s", "0d") else read_seconds(older_than)
    with opened(folder) as service, progress_bar("freed") as draw:
        report = service.trash.collect(
            older_than_s=older_than_s or 0.0,
            dry_run=dry_run,
            progress=lambda _what, done, everything: draw(done, everything, 0),
        )
    if as_json:
        click.echo(json.dumps(wire.gc_facts(report)))
        return
    for line in _lines(report):
        click.echo(line)


def _lines(report: GcReport) -> Iterator[str]:
    rows = [
        ("runs", report.runs.count, report.runs.size_bytes, "of their own folders"),
        ("files", report.files.count, report.files.size_bytes, ""),
        ("snapshots", report.snapshots.count, report.snapshots.size_bytes, "without their files"),
        ("working copies", report.working_copies.count, report.working_copies.size_bytes, ""),
        ("left halfway", report.leftovers.count, report.leftovers.size_bytes, ""),
    ]
    for name, number, size_bytes, what in rows:
        if number:
            yield f"{name:16}{number:>10,}  {size(size_bytes):>9}  {what}".rstrip()
    if report.experiments:
        yield f"{'experiments':16}{len(report.experiments):>10,}"
    if report.database_bytes:
        yield f"{'database':16}{'':10}  {size(report.database_bytes):>9}"
    would = "would be freed" if report.is_dry_run else "freed"
    yield (
        f"{size(report.size_bytes)} {would}"
        if report.size_bytes or report.runs.count
        else ("there is nothing to free")
    )
    if report.is_dry_run and report.runs.count:
        yield f"and what {count(report.runs.count, 'run')} took in the database"
    yield from report.notes
