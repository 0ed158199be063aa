"""What takes space in a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trackboard.gc.sizes import measure
from trackboard.layout import JobPaths, WorkspacePaths
from trackboard.layout.reading import list_folder


@dataclass(frozen=True)
class Usage:
    """The sizes of a workspace's parts, in bytes.

    Attributes:
        database: The history, with its journal.
        files: Complete files, each content once.
        runs: Plain files of runs.
        snapshots: Manifests of snapshots; their files are among `files`.
        jobs: Plans and logs of jobs.
        working_copies: Folders in which jobs run, or ran.
        spools: What is recorded and not stored, or set aside.
        others: All the rest.
    """

    database: int = 0
    files: int = 0
    runs: int = 0
    snapshots: int = 0
    jobs: int = 0
    working_copies: int = 0
    spools: int = 0
    others: int = 0

    @property
    def size_bytes(self) -> int:
        """All of it."""
        return sum(vars(self).values())


def measure_usage(folder: Path, database: Path) -> Usage:
    """Measure the parts of a workspace, which may be in use.

    Args:
        folder: The workspace's.
        database: The database's file, which may lie elsewhere.
    """
    paths = WorkspacePaths(folder)
    spools = (paths.spool, paths.silent_spools, paths.quarantine)
    parts = (paths.blobs, paths.runs, paths.snapshots, paths.jobs, *spools)
    work = sum(measure(JobPaths(path).work) for path in list_folder(paths.jobs))
    beside = [Path(f"{database}{suffix}") for suffix in ("", "-wal", "-shm", "-journal")]
    known = {path.name for path in parts} | {path.name for path in beside if path.parent == folder}
    return Usage(
        database=sum(map(measure, beside)),
        files=measure(paths.blobs),
        runs=measure(paths.runs),
        snapshots=measure(paths.snapshots),
        jobs=measure(paths.jobs) - work,
        working_copies=work,
        spools=sum(map(measure, spools)),
        others=sum(measure(path) for path in list_folder(folder) if path.name not in known),
    )
