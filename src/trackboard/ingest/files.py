"""Growing files: bytes at an offset, written where they belong below `runs/<run id>/`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from trackboard.model import FileAdded, FileBytes, RunId


def safe_path(path: str) -> PurePosixPath | None:
    """The path within a run, or None for one that would lead out of it or name nothing."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or not pure.parts or ".." in pure.parts or "\0" in path:
        return None
    return pure


def write_bytes(
    pieces: Iterable[FileBytes], run_folder: Callable[[RunId], Path]
) -> list[FileAdded]:
    """Write the pieces in order, and say which files now have which size.

    Writing the same pieces again, as after a crash before their positions were stored, ends in the
    same bytes: a piece at offset 0 begins the file anew.
    """
    added: dict[tuple[RunId, str], FileAdded] = {}
    for piece in pieces:
        within = safe_path(piece.path)
        if within is None:
            continue
        target = run_folder(piece.run) / within
        target.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if piece.offset == 0 else 0)
        fd = os.open(target, flags, 0o644)
        try:
            os.pwrite(fd, piece.data, piece.offset)
            size_bytes = os.fstat(fd).st_size
        finally:
            os.close(fd)
        key = (piece.run, piece.path)
        added[key] = FileAdded(piece.run, str(within), "", size_bytes, time.time())
    return list(added.values())
