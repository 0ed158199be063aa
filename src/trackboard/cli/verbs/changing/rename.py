"""`trackboard rename`: give a run another name."""

from __future__ import annotations

from pathlib import Path

import click

from trackboard.cli.workspace_option import find_one, folder_option, name_of, opened


@click.command()
@click.argument("run")
@click.argument("name")
@folder_option
def rename(run: str, name: str, folder: Path | None) -> None:
    """Give a run another name, also one that has ended.

    RUN: `experiment/name` as TensorBoard shows it, a name, an id or its beginning. NAME: without the
    experiment; "" is shown as `run-<number>`.
    """
    with opened(folder) as service:
        found = find_one(service, run)
        before = name_of(service, found)
        service.runs.set_name(found.id, name)
        click.echo(f"{before} is called {name_of(service, service.runs.get(found.id))}")
