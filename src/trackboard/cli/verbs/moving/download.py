"""`trackboard download`: the files of a run."""

from __future__ import annotations

import json
from pathlib import Path

import click

from trackboard.cli import formatting
from trackboard.cli.completing import complete_runs
from trackboard.cli.progress import progress_bar
from trackboard.cli.workspace_option import find_one, folder_option, opened


@click.command()
@click.argument("run", metavar="RUN", shell_complete=complete_runs)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where to; by default a folder that is called like the run.",
)
@click.option("--force", is_flag=True, help="Replace files with other contents.")
@click.option("--dry-run", is_flag=True, help="List what would be written, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Say it as one line of JSON.")
@folder_option
def download(
    run: str,
    paths: tuple[str, ...],
    target: Path | None,
    folder: Path | None,
    *,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Write the files of a run into a folder: outputs, logs, images.

    PATH: a file of the run, a folder of it, or a pattern such as "*.png"; none: all. Files that are there
    already stay; interrupted, the same again goes on.
    """
    from trackboard.service import wire

    with opened(folder) as service, progress_bar("bytes") as progress:
        done = service.transfer.download(
            find_one(service, run).id,
            paths,
            target,
            replace=force,
            is_dry_run=dry_run,
            progress=progress,
        )
    if as_json:
        click.echo(json.dumps(wire.download_facts(done)))
        return
    for each in done.files if dry_run else ():
        click.echo(f"{formatting.size(each.size_bytes):>9}  {formatting.clean(each.path)}")
    for left in done.left_out:
        click.echo(f"not downloaded: {formatting.clean(left.why)}", err=True)
    files = formatting.count(len(done.files), "file")
    there = f" ({len(done.unchanged):,} there already)" if done.unchanged else ""
    would = " would get" if dry_run else ":"
    where = formatting.clean(str(done.folder))
    click.echo(f"{where}{would} {files} of {formatting.size(done.size_bytes)}{there}")
