"""`trackboard stop`: end the boards of a workspace, whoever started them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from trackboard.board.private_folder import remove_left_behind
from trackboard.board.process import registry
from trackboard.cli.workspace_option import folder_argument
from trackboard.config import find_location
from trackboard.layout import WorkspacePaths


@click.command()
@folder_argument
def stop(folder: Path | None) -> None:
    """End every board and server that shows the history of a folder (the current one by default)."""
    workspace = find_location(folder).folder
    boards = WorkspacePaths(workspace).boards
    running = registry.list_running(boards)
    for board in running:
        registry.stop(boards, board)
        click.echo(f"stopped {board.url}")
    for parent in (boards, Path(tempfile.gettempdir())):
        remove_left_behind(parent)  # by boards that were killed
    if not running and workspace.is_dir() and not os.access(workspace, os.W_OK):
        click.echo(f"{workspace} cannot be written, so that boards of it are not listed there")
    elif not running:
        click.echo("nothing was running")
