"""`trackboard up`: show all of a workspace on one port, until Ctrl-C."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli.workspace_option import folder_argument
from trackboard.config import find_location, holds_workspace
from trackboard.errors import NotFound

if TYPE_CHECKING:
    from trackboard.board.process.handshake import Ready

DEFAULT_PORT = 6060


@click.command()
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="A taken one moves on.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="An address to listen at; one that other machines reach asks for a token.",
)
@click.option(
    "--new-token", is_flag=True, help="Make another token; the old one opens nothing more."
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Answer to a proxy's name; repeatable.",
)
@click.option(
    "--path-prefix",
    default="",
    metavar="PATH",
    help="What a proxy's addresses have before ours, as in /keep.",
)
@click.option(
    "--key", "with_key", is_flag=True, help="Say the address that opens it to any program."
)
@click.option("--open/--no-open", "browser", default=False, help="Open the page in a browser.")
@click.option("--json", "as_json", is_flag=True, help="Say where it is as one line of JSON.")
@folder_argument
def up(
    folder: Path | None,
    port: int,
    host: str,
    hosts: tuple[str, ...],
    path_prefix: str,
    *,
    new_token: bool,
    with_key: bool,
    browser: bool,
    as_json: bool,
) -> None:
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

    def announce(ready: Ready) -> None:
        from trackboard.board.process.urls import open_in_browser, with_key_shown

        if with_key and ready.key:
            ready = dataclasses.replace(ready, url=with_key_shown(ready.url, ready.key))
        moved_from = port if port not in (0, ready.port) else None
        if as_json:
            facts = {
                "url": ready.url,
                "port": ready.port,
                "moved_from": moved_from,
                "folder": str(workspace),
                "pid": os.getpid(),
            }
            click.echo(json.dumps(facts))
        else:
            _print_start(workspace, ready, moved_from)
        if browser:
            # Some browsers keep the caller waiting until they are closed.
            threading.Thread(target=open_in_browser, args=(ready.url,), daemon=True).start()

    door = Door(host, port, path_prefix, hosts, new_token, "up")
    run_server(workspace, door, stop=threading.Event(), on_ready=announce)


def _print_start(workspace: Path, ready: Ready, moved_from: int | None) -> None:
    click.echo(f"history in      {workspace}")
    if moved_from is not None:
        click.echo(f"port {moved_from} is taken: moved on to {ready.port}")
    click.echo(f"open            {ready.url}  (Ctrl-C ends it)")
    if not ready.key:
        click.echo(
            "                with ?k=<token> after it: the one that was shown when it was made"
        )
    if os.environ.get("SSH_CONNECTION"):
        forward = f"ssh -L {ready.port}:localhost:{ready.port} {socket.gethostname()}"
        click.echo(f"on your machine {forward}")
