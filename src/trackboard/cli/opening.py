"""Opening a history that is there, and finding one run in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trackboard.cli import words
from trackboard.config import find_location
from trackboard.errors import UsageError

if TYPE_CHECKING:
    from trackboard.model import Run
    from trackboard.workspace import Workspace

folder_option: Callable[[Any], Any] = click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where the history is, instead of the current folder's.",
)


@contextlib.contextmanager
def opened(folder: Path | None) -> Iterator[Workspace]:
    """The workspace that belongs to a folder (the current one by default), which must exist.

    Raises:
        NotFound: Nothing was recorded there yet.
    """
    from trackboard.workspace import Workspace  # loads much; wrong words are told without it

    with contextlib.closing(Workspace.open(find_location(folder), create=False)) as workspace:
        yield workspace


def find_one(workspace: Workspace, text: str) -> Run:
    """The run that `text` means: an id, `experiment/name`, or a name.

    Raises:
        NotFound: Nothing is called so.
        UsageError: An experiment is, or several runs are.
    """
    ids = workspace.runs_called(text)
    run = workspace.store.find_run(ids[0]) if len(ids) == 1 else None
    if run is None:
        raise UsageError(
            f"{text!r} is an experiment of {len(ids)} runs",
            hint=f"Name one of them; trackboard runs --experiment {text} lists them.",
        )
    return run


def name_of(workspace: Workspace, run: Run) -> str:
    """What a run is called everywhere, fit for a terminal."""
    return words.clean(workspace.names([run])[run.id])
