"""What of a workspace belongs into a backup, and in which order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from trackboard.errors import Conflict, UsageError
from trackboard.layout import WorkspacePaths
from trackboard.layout.paths import DATABASE_FILE, OUTBOX
from trackboard.layout.reading import list_folder

MANIFEST = "backup.json"  # the first file
COMPLETE = "backup.complete"  # the last one: how many there are before it
FORMAT = 1
_LEFT_OUT_OF_JOBS = "work"  # working copies: a job runs again from its snapshot


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        format: The version of its layout.
        workspace: The workspace's name.
        made: When it was begun: ISO 8601 in UTC.
        runs: How many runs its database holds.
    """

    format: int
    workspace: str
    made: str
    runs: int

    def encode(self) -> bytes:
        """Write it as JSON."""
        return json.dumps(asdict(self), indent=1).encode() + b"\n"


def read_manifest(content: bytes | None, where: Path) -> Manifest:
    """Read what a backup says of itself.

    Raises:
        UsageError: It is no backup.
        Conflict: A newer trackboard made it.
    """
    try:
        fields = json.loads(content or b"")
        found = Manifest(
            int(fields["format"]),
            str(fields["workspace"]),
            str(fields["made"]),
            int(fields["runs"]),
        )
    except (ValueError, TypeError, KeyError):
        raise UsageError(
            f"{where} is no backup of trackboard",
            hint="Name what trackboard backup wrote: a .tar or .tar.gz file, or a folder.",
        ) from None
    if found.format > FORMAT:
        raise Conflict(
            f"{where} has format {found.format}; this trackboard knows {FORMAT}",
            hint="Upgrade: pip install --upgrade trackboard",
        )
    return found


def list_files(paths: WorkspacePaths) -> Iterator[tuple[PurePosixPath, Path]]:
    """List the files beside the database, each when all that names it was listed, with their names there."""
    yield from _walk(paths, paths.settings)
    for spools in (paths.spool, paths.silent_spools, paths.quarantine):
        for spool in list_folder(spools):
            segments = (each for each in list_folder(spool) if each.name != OUTBOX)
            for part in (*segments, spool / OUTBOX):
                yield from _walk(paths, part)
    for folder in (paths.runs, paths.snapshots, paths.wheels):
        yield from _walk(paths, folder)
    for job in list_folder(paths.jobs):
        for part in list_folder(job):
            if part.name != _LEFT_OUT_OF_JOBS:
                yield from _walk(paths, part)
    for part in list_folder(paths.blobs):
        if part.name != "new":  # what is being written there has no name yet
            yield from _walk(paths, part)


def is_expected(path: PurePosixPath) -> bool:
    """Whether a path may be one of a backup's."""
    parts = path.parts
    return bool(parts) and not path.is_absolute() and ".." not in parts


def database_name() -> PurePosixPath:
    """Where the database is in a backup, wherever it is in the workspace."""
    return PurePosixPath(DATABASE_FILE)


def _walk(paths: WorkspacePaths, part: Path) -> Iterator[tuple[PurePosixPath, Path]]:
    """All plain files of a part, which may be one itself."""
    if part.is_file() and not part.is_symlink():
        yield PurePosixPath(part.relative_to(paths.folder).as_posix()), part
    for child in list_folder(part):
        if not child.is_symlink():
            yield from _walk(paths, child)
