"""Growing files: bytes at an offset, written where they belong below `runs/<run id>/`."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from trackboard.errors import Unavailable, UsageError
from trackboard.layout import make_folder, open_file
from trackboard.layout.paths import safe_path
from trackboard.model import FileAdded, FileBytes, Lost, RunId, check_run_id

# A file that can never be written is given up, or nothing behind it in the stream would ever be stored.
_NEVER = frozenset(
    (
        *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG),
        *(errno.ELOOP, errno.EINVAL, errno.EFBIG),
    )
)


def write_bytes(
    pieces: Iterable[FileBytes], run_folder: Callable[[RunId], Path]
) -> list[FileAdded | Lost]:
    """Write the pieces in order, and say which files now have which size, and what is given up.

    Writing the same pieces again, as after a crash before their positions were stored, ends in the
    same bytes: a piece at offset 0 begins the file anew.

    Raises:
        Unavailable: The disk refuses; the same pieces may be written again later.
    """
    told: dict[tuple[RunId, str], FileAdded | Lost] = {}
    for piece in pieces:
        within = safe_path(piece.path)
        if within is None or not _is_run_id(piece.run):
            told[piece.run, piece.path] = Lost(
                piece.run, 1, f"no file may be called {piece.path!r}"
            )
            continue
        home = run_folder(piece.run)
        target = home / within
        try:
            _see_that_it_is_there(home.parent.parent)
            size_bytes = _write(target, piece)
        except OSError as error:
            if error.errno not in _NEVER:
                raise Unavailable(
                    f"{target} could not be written: {error.strerror or error}",
                    hint="Make room or mend its rights; what is missing is written then.",
                ) from error
            reason = f"{piece.path!r} could not be written: {error.strerror}"
            told[piece.run, piece.path] = Lost(piece.run, 1, reason)
        else:
            added = FileAdded(piece.run, str(within), "", size_bytes, time.time())
            told[piece.run, piece.path] = added
    return list(told.values())


def _see_that_it_is_there(workspace: Path) -> None:
    """Make no folder for a workspace that was deleted: it would be one with runs and no database."""
    if not workspace.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(workspace))


def _write(target: Path, piece: FileBytes) -> int:
    """Write one piece; how long the file is now."""
    make_folder(target.parent)
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if piece.offset == 0 else 0)
    fd = open_file(target, flags)
    try:
        rest, offset = memoryview(piece.data), piece.offset
        while rest:  # a disk that is almost full takes a part
            written = os.pwrite(fd, rest, offset)
            rest, offset = rest[written:], offset + written
        return os.fstat(fd).st_size
    finally:
        os.close(fd)


def _is_run_id(run: RunId) -> bool:
    try:
        check_run_id(run)
    except UsageError:
        return False
    return True
