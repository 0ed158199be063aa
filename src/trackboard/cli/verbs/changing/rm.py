"""`trackboard rm`: put runs and experiments into the trash."""

from __future__ import annotations

from pathlib import Path

import click

from trackboard.cli.formatting import count
from trackboard.cli.workspace_option import find_one, folder_option, opened


@click.command()
@click.argument("runs", nargs=-1, metavar="RUN...")
@click.option(
    "--experiment",
    "experiments",
    multiple=True,
    metavar="NAME",
    help="An experiment with all of its runs; repeatable.",
)
@click.option(
    "-f",
    "--force",
    is_flag=True,
    help="Also what has not ended: it goes on recording, in the trash.",
)
@folder_option
def rm(
    runs: tuple[str, ...], experiments: tuple[str, ...], folder: Path | None, *, force: bool
) -> None:
    """Put runs and all below them into the trash: nothing shows them any more.

    RUN: `experiment/name` as TensorBoard shows it, a name, an id or its beginning. `trackboard restore`
    brings them back, `trackboard gc` frees what they take.
    """
    from trackboard.errors import UsageError

    if not runs and not experiments:
        raise UsageError("nothing was named", hint="Type: trackboard rm RUN, or --experiment NAME.")
    with opened(folder) as service:
        found = [find_one(service, text).id for text in runs]  # all, before any is changed
        gone = len(service.trash.delete(found, force=force)) if found else 0
        for name in experiments:
            gone += len(service.trash.delete_experiment(name, force=force))
    click.echo(
        f"{count(gone, 'run')} in the trash; trackboard restore brings back, trackboard gc frees"
    )
