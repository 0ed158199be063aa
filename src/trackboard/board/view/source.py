"""What the board may know of a workspace, and which part of it one page shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trackboard.model import RunId
from trackboard.ports import Blobs, Store


@dataclass(frozen=True)
class Source:
    """A workspace as the board sees it."""

    name: str  # shown as the data location
    store: Store
    refresh: Callable[[], int]  # store what has arrived, at most 100 ms; returns bytes still unread
    run_folder: Callable[[RunId], Path]  # where the run's plain files are
    blobs: Blobs  # its complete ones
    folder: Path | None = None  # the workspace's; None: there is none


@dataclass(frozen=True)
class View:
    """The runs that one page shows: everything, one experiment, or some runs and their descendants.

    Everything leaves out archived experiments; who asks for one of them, or its runs, sees them.
    """

    experiment: str | None = None
    runs: tuple[RunId, ...] | None = None
