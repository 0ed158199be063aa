"""`trackboard restore`: take runs and experiments out of the trash."""

from __future__ import annotations

from pathlib import Path

import click

from trackboard.cli.formatting import count
from trackboard.cli.workspace_option import folder_option, opened


@click.command()
@click.argument("runs", nargs=-1, metavar="RUN...")
@click.option(
    "--experiment",
    "experiments",
    multiple=True,
    metavar="NAME",
    help="An experiment with the runs that were deleted with it; repeatable.",
)
@folder_option
def restore(runs: tuple[str, ...], experiments: tuple[str, ...], folder: Path | None) -> None:
    """Take runs out of the trash, with those below them that were deleted with them.

    RUN: an id, `experiment/name`, or a name; `trackboard trash` lists them.
    """
    from trackboard.errors import UsageError

    if not runs and not experiments:
        raise UsageError(
            "nothing was named", hint="Type: trackboard restore RUN; trackboard trash lists them."
        )
    with opened(folder) as service:
        found = [service.trash.find_called(text) for text in runs]  # all, before any is changed
        back = len(service.trash.restore(found)) if found else 0
        for name in experiments:
            back += len(service.trash.restore_experiment(name))
    click.echo(f"{count(back, 'run')} taken back")
