"""`trackboard wait`: until runs have ended."""

from __future__ import annotations

from pathlib import Path

import click

from trackboard.cli import formatting, terminal
from trackboard.cli.arguments import read_seconds
from trackboard.cli.completing import complete_runs
from trackboard.cli.workspace_option import find_one, folder_option, name_of, opened

_NOT_COMPLETED = 1
_EXAMPLES = """\b
Examples:
  trackboard wait digits/run-3 && trackboard show digits/run-3
  trackboard wait --timeout 2h digits/run-3 digits/run-4
"""


@click.command(epilog=_EXAMPLES)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", shell_complete=complete_runs)
@click.option("--timeout", metavar="TIME", help="Not longer than 90s, 30m, 1.5h, 2d.")
@folder_option
def wait(runs: tuple[str, ...], folder: Path | None, timeout: str | None) -> None:
    """Wait until runs have ended, and print how each did.

    The exit code is 0 when all of them completed, 1 when one failed, was canceled or deleted, 5 when one
    goes on behind --timeout.

    RUN: `experiment/name` as TensorBoard shows it, a name, an id or its beginning.
    """
    timeout_s, is_good = read_seconds(timeout), True
    with opened(folder) as service:
        found = [find_one(service, each) for each in runs]
        names = {run.id: name_of(service, run) for run in found}
        for run_id, run in service.jobs.iter_ended([*names], timeout_s=timeout_s):
            word = "deleted" if run is None else run.state.value
            is_good &= word == "completed"
            took = formatting.duration(formatting.took_s(run)) if run is not None else ""
            said = f"{names[run_id]}  {terminal.in_colour(word, word)}"
            click.echo(f"{said}  {took}" if took else said)
    if not is_good:
        raise click.exceptions.Exit(_NOT_COMPLETED)
