"""`trackboard log`: what a run printed."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from trackboard.cli.opening import find_one, folder_option, opened
from trackboard.errors import NotFound
from trackboard.record.console import CONSOLE_PATH

if TYPE_CHECKING:
    from trackboard.model import RunId
    from trackboard.workspace import Workspace

_LOOK_EVERY_S = 0.5
_PIECE_BYTES = 1 << 16


@click.command()
@click.argument("run")
@folder_option
@click.option("--follow", "-f", is_flag=True, help="Go on until the run has ended, or Ctrl-C.")
def log(run: str, folder: Path | None, *, follow: bool) -> None:
    """Print what a run printed.

    RUN: an id, `experiment/name` as TensorBoard shows it, or a name.
    """
    with opened(folder) as workspace:
        found = find_one(workspace, run)
        path = workspace.run_folder(found.id) / CONSOLE_PATH
        shown = _print_from(path, 0)
        while follow and not _has_ended(workspace, found.id):
            time.sleep(_LOOK_EVERY_S)
            shown = _print_from(path, shown)
        if follow:
            _print_from(path, shown)
        elif not path.exists():
            raise NotFound(
                f"nothing that run {found.id} printed was kept",
                hint="A submitted run's console is always kept, another's on request:"
                " workspace.start_run(..., console=True).",
            )


def _has_ended(workspace: Workspace, run: RunId) -> bool:
    found = workspace.find_run(run)
    return found is None or found.state.is_terminal


def _print_from(path: Path, offset: int) -> int:
    """Print a file from an offset; returns where it ended. A shorter one was begun anew."""
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        if file.seek(0, 2) < offset:
            offset = 0
        file.seek(offset)
        return offset + _copy(file)
    return offset


def _copy(file: BinaryIO) -> int:
    """To the terminal as it is: colours and progress bars are what a console is made of."""
    count = 0
    while piece := file.read(_PIECE_BYTES):
        sys.stdout.buffer.write(piece)
        count += len(piece)
    sys.stdout.flush()
    return count
