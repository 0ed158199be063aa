"""`trackboard wait`: until runs have ended."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli import formatting, terminal
from trackboard.cli.arguments import read_seconds
from trackboard.cli.completing import complete_runs
from trackboard.cli.workspace_option import find_one, folder_option, name_of, opened
from trackboard.errors import Unavailable

if TYPE_CHECKING:
    from trackboard.model import RunId
    from trackboard.service import Service

_FIRST_S, _LAST_S = 0.05, 2.0  # between two looks
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
    patience_s = read_seconds(timeout)
    with opened(folder) as service:
        found = {
            run.id: name_of(service, run) for run in (find_one(service, each) for each in runs)
        }
        is_good = _wait(service, found, patience_s)
    if not is_good:
        raise click.exceptions.Exit(_NOT_COMPLETED)


def _wait(service: Service, names: dict[RunId, str], patience_s: float | None) -> bool:
    """Wait for runs and print how they ended; whether all completed."""
    begun_s, pause_s, is_good = time.monotonic(), _FIRST_S, True
    waiting = dict(names)
    while True:
        with contextlib.suppress(Unavailable):  # what waits goes on waiting, and is tried again
            service.jobs.advance_queue()
        known = {run.id: run for run in service.runs.list(ids=waiting)}
        for run_id, name in [*waiting.items()]:
            run = known.get(run_id)
            if run is not None and not run.state.is_terminal:
                continue
            del waiting[run_id]
            word = "deleted" if run is None else run.state.value
            is_good &= word == "completed"
            took = formatting.duration(formatting.took_s(run)) if run is not None else ""
            click.echo(f"{name}  {terminal.in_colour(word, word)}{f'  {took}' if took else ''}")
        if not waiting:
            return is_good
        if patience_s is not None and time.monotonic() - begun_s >= patience_s:
            raise Unavailable(
                f"still not over: {', '.join(waiting.values())}", hint="They go on; wait again."
            )
        time.sleep(pause_s)
        pause_s = min(_LAST_S, pause_s * 1.5)
