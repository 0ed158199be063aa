"""`trackboard up`: show all of a workspace on one port, until Ctrl-C."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli.listening import Listening, announce, labeled, listening_options
from trackboard.cli.workspace_option import folder_argument
from trackboard.config import find_location, holds_workspace
from trackboard.errors import NotFound

if TYPE_CHECKING:
    from trackboard.board.process.handshake import Ready

DEFAULT_PORT = 6060


@click.command()
@listening_options(DEFAULT_PORT)
@folder_argument
def up(folder: Path | None, listening: Listening) -> None:
    """Show a history, TensorBoard and an API on one port until Ctrl-C.

    FOLDER: a workspace or a folder that holds one; without it, the workspace that belongs to the current
    folder. One runs for each workspace: a second start says where the first one is.
    """
    workspace = find_location(folder).folder
    if folder is not None and not holds_workspace(workspace):
        raise NotFound(
            f"there is no history in {workspace}",
            hint="Name a folder with a history (trackboard where), or leave it out: then one is begun.",
        )
    from trackboard.processes.board import Door
    from trackboard.server.process import run_server  # loads the web server

    def report(ready: Ready) -> None:
        announce(
            listening,
            ready,
            title="open",
            shows=[labeled("history in", str(workspace))],
            facts={"folder": str(workspace)},
        )

    door = Door(
        listening.host,
        listening.port,
        listening.path_prefix,
        listening.hosts,
        listening.new_token,
        "up",
    )
    run_server(workspace, door, stop=threading.Event(), on_ready=report)
