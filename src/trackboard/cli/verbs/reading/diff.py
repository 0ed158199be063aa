"""`trackboard diff`: what differs in the code and the packages of two runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli import formatting, terminal
from trackboard.cli.completing import complete_runs
from trackboard.cli.workspace_option import find_one, folder_option, opened

if TYPE_CHECKING:
    from trackboard.service import FileChange

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command()
@click.argument("old", metavar="RUN", shell_complete=complete_runs)
@click.argument("new", metavar="RUN", shell_complete=complete_runs)
@click.option("--names", is_flag=True, help="Only which files differ.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each file.")
@folder_option
def diff(old: str, new: str, folder: Path | None, *, names: bool, as_json: bool) -> None:
    """Compare the code and the packages of two runs, as a unified diff.

    The code of a job is its snapshot; that of another run its commit and what differed from that.

    RUN: `experiment/name` as TensorBoard shows it, a name, an id or its beginning.
    """
    with opened(folder) as service:
        changes = service.runs.diff(find_one(service, old).id, find_one(service, new).id)
    for change in changes:
        if as_json:
            from trackboard.service import wire

            click.echo(json.dumps(wire.file_change(change)))
        elif names or change.diff is None:
            click.echo(f"{change.kind:8} {formatting.clean(change.path)}")
        else:
            _print(change)
    if not changes and not as_json:
        click.echo("nothing differs", err=True)


def _print(change: FileChange) -> None:
    has_colours = terminal.has_colours()
    for line in (change.diff or "").splitlines():
        text = "\t".join(map(formatting.clean, line.split("\t")))
        colour = _COLOURS.get(line[:1])
        click.echo(click.style(text, fg=colour) if colour and has_colours else text)
