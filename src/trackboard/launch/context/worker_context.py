"""Where a job happens: what a worker needs before its script starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trackboard.blobs import open_folder
from trackboard.layout.paths import WorkspacePaths
from trackboard.record import Recorder, get_recorder

if TYPE_CHECKING:  # the ports load numpy, and a worker's start waits for everything loaded here
    from trackboard.ports import Blobs


@dataclass(frozen=True)
class Place:
    """A workspace as a worker sees it: no store, so that it starts at once."""

    paths: WorkspacePaths  # absolute
    blobs: Blobs
    recorder: Recorder


def open_place(folder: Path) -> Place:
    """The parts of a workspace that load nothing heavy; the same as in the `Site` of `Workspace`."""
    paths = WorkspacePaths(folder)
    return Place(paths, open_folder(paths.blobs), get_recorder(paths.spool))
