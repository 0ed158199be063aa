"""`trackboard where`: where the history is, and how large it is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from trackboard.cli.words import size
from trackboard.config import find_location


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
def where(folder: Path | None, *, as_json: bool) -> None:
    """Say where the history that belongs to a folder is (the current one by default)."""
    location = find_location(folder)
    exists = location.folder.is_dir()
    size_bytes = _size_bytes(location.folder)
    if as_json:
        facts = {"folder": str(location.folder), "exists": exists, "size_bytes": size_bytes}
        click.echo(json.dumps(facts))
    elif exists:
        click.echo(f"{location.folder}  {size(size_bytes)}")
    else:
        click.echo(f"{location.folder}  (not there yet: the first run makes it)")


def _size_bytes(folder: Path) -> int:
    """The sizes of all files below a folder."""
    total = 0
    for inside, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(inside, name)).st_size
            except FileNotFoundError:
                continue  # a history that is in use
    return total
