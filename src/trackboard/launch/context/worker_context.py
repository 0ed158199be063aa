"""What a worker needs of a workspace before its script starts."""

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
class WorkerContext:
    """The parts of a workspace that a worker uses: no store among them, so that it starts at once."""

    paths: WorkspacePaths  # absolute
    blobs: Blobs  # of the snapshots
    recorder: Recorder


def open_worker_context(folder: Path) -> WorkerContext:
    """Open the parts of a workspace that load nothing heavy, as `Workspace.launch_context` has them."""
    paths = WorkspacePaths(folder)
    return WorkerContext(paths, open_folder(paths.blobs), get_recorder(paths.spool))
