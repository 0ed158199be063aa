"""`trackboard logs`: what a run printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli.completing import complete_runs
from trackboard.cli.follow import follow_run, print_files
from trackboard.cli.workspace_option import find_one, folder_option, opened
from trackboard.errors import NotFound, UsageError
from trackboard.model import BUILD_LOG, CONSOLE, console_of_rank

if TYPE_CHECKING:
    from trackboard.model import Run
    from trackboard.service import Service

_EXAMPLES = """\b
Examples:
  trackboard logs -f --tail 20 digits/run-3
  trackboard logs digits/run-3 --rank 1
"""


@click.command(epilog=_EXAMPLES)
@click.argument("run", shell_complete=complete_runs)
@click.option("--follow", "-f", is_flag=True, help="Go on until the run has ended, or Ctrl-C.")
@click.option(
    "--tail",
    "lines",
    type=click.IntRange(0),
    metavar="N",
    help="The last N lines of what is there.",
)
@click.option("--rank", type=int, metavar="N", help="What process N of a distributed job printed.")
@click.option("--build", is_flag=True, help="How its environment was built.")
@click.option("--all", "everything", is_flag=True, help="All logs, each under its name.")
@folder_option
def logs(
    run: str,
    folder: Path | None,
    lines: int | None,
    rank: int | None,
    *,
    follow: bool,
    build: bool,
    everything: bool,
) -> None:
    """Print what a run printed.

    RUN: `experiment/name` as TensorBoard shows it, a name, an id or its beginning.
    """
    if (rank is not None) + build + everything > 1:
        raise UsageError("say one of --rank, --build and --all")
    path = BUILD_LOG if build else CONSOLE if rank is None else console_of_rank(rank)
    with opened(folder) as service:
        found = find_one(service, run)
        chosen = None if everything else [path]
        if follow:
            follow_run(service, found.id, chosen, lines=lines)
        elif not print_files(service, found.id, chosen, lines=lines):
            raise _nothing(service, found, None if everything else path)


def _nothing(service: Service, run: Run, path: str | None) -> NotFound:
    kept = service.files.list_logs(run.id)
    if path in (None, CONSOLE) or not kept:
        return NotFound(
            f"nothing that run {run.id} printed was kept",
            hint="A submitted run's console is always kept, another's on request:"
            " workspace.start_run(..., console=True).",
        )
    return NotFound(f"run {run.id} has no {path}", hint=f"It has: {', '.join(kept)}.")
