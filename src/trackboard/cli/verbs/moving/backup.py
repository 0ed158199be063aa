"""`trackboard backup`: a whole history as one file or folder."""

from __future__ import annotations

import json
from pathlib import Path

import click

from trackboard.cli import formatting
from trackboard.cli.progress import progress_bar
from trackboard.cli.workspace_option import folder_option, opened


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Say it as one line of JSON.")
@folder_option
def backup(target: Path, folder: Path | None, *, as_json: bool) -> None:
    """Save a whole history as one file or folder.

    TARGET: a file that ends in .tar, .tar.gz or .tgz, else a folder. Whoever trains goes on meanwhile;
    all that was logged before is in it.
    """
    with opened(folder) as service, progress_bar("files") as progress:
        report = service.transfer.backup(target, progress=progress)
    if as_json:
        facts = {
            "path": str(report.path),
            "runs": report.runs,
            "files": report.files,
            "size_bytes": report.size_bytes,
        }
        click.echo(json.dumps(facts))
        return
    runs, size = formatting.count(report.runs, "run"), formatting.size(report.size_bytes)
    click.echo(f"{formatting.clean(str(report.path))}: {runs}, {report.files:,} files of {size}")
