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

_FOLDER = click.Path(path_type=Path)


def _keep_folder(ctx: click.Context, _: click.Parameter, folder: Path | None) -> None:
    """Pass the folder on as `folder`, whichever way it was named.

    Raises:
        UsageError: It was named in both ways, and differently.
    """
    known = ctx.params.setdefault("folder", folder)
    if folder is None or folder == known:
        return
    if known is not None:
        raise click.UsageError(f"FOLDER is named twice: {known} and {folder}.", ctx)
    ctx.params["folder"] = folder


folder_option: Callable[[Any], Any] = click.option(
    "-w",
    "--folder",
    "folder_by_option",
    type=_FOLDER,
    metavar="FOLDER",
    expose_value=False,
    callback=_keep_folder,
    help="Whose history, instead of the current folder's.",
)
_folder_argument = click.argument(
    "folder_by_place",
    required=False,
    type=_FOLDER,
    metavar="[FOLDER]",
    expose_value=False,
    callback=_keep_folder,
)


def folder_argument(command: Any) -> Any:
    """Let a command take FOLDER as its argument, and as the option that all commands have."""
    return _folder_argument(folder_option(command))


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
    """Find the run that a text means: `experiment/name`, a name, an id or its beginning.

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
