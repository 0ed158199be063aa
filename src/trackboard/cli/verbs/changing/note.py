"""`trackboard note`: what a run is about, in words."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from trackboard.cli.formatting import clean
from trackboard.cli.workspace_option import find_one, folder_option, name_of, opened


@click.command()
@click.argument("run")
@click.argument("text", required=False)
@click.option("--edit", is_flag=True, help="Write it in the editor that EDITOR names.")
@folder_option
def note(run: str, text: str | None, folder: Path | None, *, edit: bool) -> None:
    """Say in words what a run is about, also of one that has ended; without TEXT, print what is said.

    RUN: `experiment/name` as TensorBoard shows it, a name, an id or its beginning. TEXT: Markdown, instead
    of what was said before; "" says nothing, - reads it from the standard input.
    """
    from trackboard.errors import UsageError

    if edit and text is not None:
        raise UsageError("TEXT and --edit do not go together", hint="Leave one of them out.")
    with opened(folder) as service:
        found = find_one(service, run)
        if edit:
            text = click.edit(found.description, extension=".md")
            if text is None:
                click.echo("nothing was changed")
                return
        if text is None:
            for line in found.description.splitlines():
                click.echo(clean(line))
            return
        if text == "-":
            text = sys.stdin.read()
        service.runs.set_description(found.id, text.strip())
        click.echo(f"{name_of(service, found)} {'is described' if text.strip() else 'has no note'}")
