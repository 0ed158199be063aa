"""Where a job happens: what a worker needs before its script starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trackboard.blobs import open_folder
from trackboard.layout.safe_paths import job_folder
from trackboard.model import RunId
from trackboard.record import Recorder, get_recorder

if TYPE_CHECKING:  # the ports load numpy, and a worker's start waits for everything loaded here
    from trackboard.ports import Blobs

WORK = "work"  # the working copy, below the job's folder
LOGS = "logs"  # these two: below the working copy
OUTPUTS = "outputs"
SNAPSHOTS = "snapshots"  # below the workspace's folder
WORKER_LOG = "worker.log"  # below the job's folder; a target writes it


@dataclass(frozen=True)
class Place:
    """A workspace as a worker sees it: no store, so that it starts at once."""

    folder: Path  # the workspace's folder, absolute
    blobs: Blobs
    recorder: Recorder

    def job_folder(self, run: RunId) -> Path:
        """Where the plan, the worker's log and the working copy of a job are."""
        return job_folder(self.folder, run)


def open_place(folder: Path) -> Place:
    """The parts of a workspace that load nothing heavy; the same as in the `Site` of `Workspace`."""
    return Place(folder, open_folder(folder / "blobs"), get_recorder(folder / "spool"))
