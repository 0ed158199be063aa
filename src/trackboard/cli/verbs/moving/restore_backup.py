"""`trackboard restore-backup`: a history of a backup."""

from __future__ import annotations

from pathlib import Path

import click

from trackboard.cli import formatting
from trackboard.cli.progress import progress_bar
from trackboard.cli.workspace_option import folder_argument


@click.command("restore-backup")
@click.argument("backup", type=click.Path(path_type=Path))
@folder_argument
def restore_backup(backup: Path, folder: Path | None) -> None:
    """Make a history of a backup.

    BACKUP: what `trackboard backup` wrote. There must be no history in FOLDER (the current one by
    default) yet.
    """
    from trackboard.service import restore_backup as restore

    with progress_bar("files") as progress:
        location = restore(backup, folder, progress=progress)
    click.echo(f"restored to {formatting.clean(str(location.folder))}")
