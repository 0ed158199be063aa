"""`trackboard archive`: put runs away, or take them back."""

from __future__ import annotations

from pathlib import Path

import click

from trackboard.cli.formatting import count
from trackboard.cli.workspace_option import find_one, folder_option, opened


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--undo", is_flag=True, help="Take archived runs back.")
@folder_option
def archive(runs: tuple[str, ...], folder: Path | None, *, undo: bool) -> None:
    """Archive runs and all below them: lists and TensorBoard leave them out, their names still find them.

    RUN: `experiment/name` as TensorBoard shows it, a name, an id or its beginning. `trackboard runs
    --archived` lists archived ones too.
    """
    with opened(folder) as service:
        found = [find_one(service, text).id for text in runs]  # all, before any is changed
        if undo:
            click.echo(f"{count(len(service.runs.unarchive(found)), 'run')} taken back")
        else:
            click.echo(f"{count(len(service.runs.archive(found)), 'run')} archived")
