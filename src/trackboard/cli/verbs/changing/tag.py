"""`trackboard tag`: add, replace, remove and show tags of a run."""

from __future__ import annotations

from pathlib import Path

import click

from trackboard.cli.formatting import clean
from trackboard.cli.workspace_option import find_one, folder_option, opened


@click.command()
@click.argument("run")
@click.argument("tags", nargs=-1, metavar="[KEY[=VALUE]]...")
@click.option(
    "--remove", "removed", multiple=True, metavar="KEY", help="Take this tag away; repeatable."
)
@folder_option
def tag(run: str, tags: tuple[str, ...], removed: tuple[str, ...], folder: Path | None) -> None:
    """Add, replace or remove tags of a run, also one that has ended, and print those that it has.

    RUN: `experiment/name` as TensorBoard shows it, a name, an id or its beginning.
    """
    from trackboard.history.conditions import parse_pairs

    with opened(folder) as service:
        found = find_one(service, run)
        if tags:
            service.runs.set_tags(found.id, parse_pairs(tags))
        if removed:
            service.runs.remove_tags(found.id, removed)
        for key, value in service.runs.get_tags(found.id).items():
            click.echo(clean(key if value is None else f"{key}={value}"))
