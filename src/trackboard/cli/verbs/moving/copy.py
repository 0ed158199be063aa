"""`trackboard copy`: runs into another history."""

from __future__ import annotations

from pathlib import Path

import click

from trackboard.cli.progress import progress_bar
from trackboard.cli.verbs.moving.import_ import print_report
from trackboard.cli.workspace_option import folder_option, opened


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where the other history is, or shall be.",
)
@click.option("--dry-run", is_flag=True, help="Count what would be copied, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Say it as one line of JSON.")
@folder_option
def copy(
    runs: tuple[str, ...], target: Path, folder: Path | None, *, dry_run: bool, as_json: bool
) -> None:
    """Store runs, and all below them, in another history as well; their ids stay.

    RUN: a run's name or id, or an experiment's name for all of its runs. Again, only what has come
    since is copied.
    """
    with opened(folder) as service, progress_bar("runs") as progress:
        now = service.now()
        chosen = dict.fromkeys(run for text in runs for run in now.runs.find_called(text))
        report = now.transfer.copy_runs(list(chosen), target, is_dry_run=dry_run, progress=progress)
    print_report(report, as_json=as_json)
