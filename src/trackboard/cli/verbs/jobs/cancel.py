"""`trackboard cancel`: end jobs."""

from __future__ import annotations

from pathlib import Path

import click

from trackboard.cli.completing import complete_runs
from trackboard.cli.workspace_option import find_one, folder_option, name_of, opened


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", shell_complete=complete_runs)
@folder_option
def cancel(runs: tuple[str, ...], folder: Path | None) -> None:
    """End jobs: at once while they wait, else politely, and by force 10 seconds later.

    RUN: `experiment/name` as TensorBoard shows it, a name, an id or its beginning.
    """
    from trackboard.errors import UsageError
    from trackboard.model import RunKind

    with opened(folder) as service:
        found = [find_one(service, text) for text in runs]  # all, before any is ended
        for run in found:
            if run.kind is not RunKind.JOB:
                raise UsageError(
                    f"run {run.id} is no job: it was not submitted",
                    hint="End the program that it is, on the machine where it runs.",
                )
        for run in found:
            name = name_of(service, run)
            if run.state.is_terminal:
                click.echo(f"{name} has ended already: {run.state.value}")
                continue
            service.jobs.cancel(run.id)
            now = service.runs.find(run.id)
            is_over = now is None or now.state.is_terminal
            click.echo(f"{name} {'was canceled' if is_over else 'is being ended'}")
