"""Files of runs: growing ones are written at an offset and told to the store; complete ones are moved."""

from __future__ import annotations

import time
from collections.abc import Iterable

from trackboard.errors import UsageError
from trackboard.layout.safe_paths import safe_path
from trackboard.model import (
    ArtifactLogged,
    FileAdded,
    FileBytes,
    FileRemoved,
    RecordsDropped,
    RunId,
    check_run_id,
)
from trackboard.ports import Blobs, RunFiles, Spool, Unwritable


def write_bytes(
    pieces: Iterable[FileBytes | FileRemoved], files: RunFiles
) -> list[FileAdded | FileRemoved | RecordsDropped]:
    """Write the pieces in order, and say which files now have which size, and what is given up.

    Writing the same pieces again, as after a crash before their positions were stored, ends in the
    same bytes: a piece at offset 0 begins the file anew.

    Raises:
        Unavailable: The disk refuses; the same pieces may be written again later.
    """
    told: dict[tuple[RunId, str], FileAdded | FileRemoved | RecordsDropped] = {}
    for piece in pieces:
        within = safe_path(piece.path)
        if within is None or not _is_run_id(piece.run):
            reason = f"no file may be called {piece.path!r}"
            told[piece.run, piece.path] = RecordsDropped(piece.run, 1, reason)
            continue
        try:
            told[piece.run, piece.path] = _take(piece, str(within), files)
        except Unwritable as error:
            told[piece.run, piece.path] = RecordsDropped(piece.run, 1, error.message)
    return list(told.values())


def move_files(events: Iterable[FileAdded | ArtifactLogged], spool: Spool, blobs: Blobs) -> None:
    """Move the complete files that events name from a spool's outbox into the blobs.

    Those that are not there were moved before, as by whoever was killed before the events were stored.

    Raises:
        Unavailable: The disk refuses; the rest may be moved again later.
    """
    for key in dict.fromkeys(event.key for event in events):
        spool.move_file(key, blobs)


def _take(piece: FileBytes | FileRemoved, path: str, files: RunFiles) -> FileAdded | FileRemoved:
    if isinstance(piece, FileRemoved):
        files.remove(piece.run, path)
        return FileRemoved(piece.run, path)
    size_bytes = files.write(piece.run, path, piece.offset, piece.data)
    return FileAdded(piece.run, path, "", size_bytes, time.time())


def _is_run_id(run: RunId) -> bool:
    try:
        check_run_id(run)
    except UsageError:
        return False
    return True
