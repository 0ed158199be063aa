"""Opening a history that is there, and finding one run in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trackboard.cli.formatting import clean
from trackboard.config import find_location
from trackboard.errors import UsageError

if TYPE_CHECKING:
    from trackboard.model import Run
    from trackboard.service import Service

folder_option: Callable[[Any], Any] = click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where the history is, instead of the current folder's.",
)


@contextlib.contextmanager
def opened(folder: Path | None) -> Iterator[Service]:
    """Open the workspace that belongs to a folder (the current one by default), which must exist.

    Raises:
        NotFound: Nothing was recorded there yet.
    """
    from trackboard.service import open_service  # loads much; wrong words are told without it

    with contextlib.closing(open_service(find_location(folder), create=False)) as service:
        yield service


def find_one(service: Service, text: str) -> Run:
    """Find the run that a text means: an id, `experiment/name`, or a name.

    Raises:
        NotFound: Nothing is called so.
        UsageError: An experiment is, or several runs are.
    """
    now = service.now()
    ids = now.runs.find_called(text)
    if len(ids) != 1:
        raise UsageError(
            f"{text!r} is an experiment of {len(ids)} runs",
            hint=f"Name one of them; trackboard runs --experiment {text} lists them.",
        )
    return now.runs.get(ids[0])


def name_of(service: Service, run: Run) -> str:
    """Return what a run is called everywhere, fit for a terminal."""
    return clean(service.runs.name([run])[run.id])
