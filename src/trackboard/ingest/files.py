"""Growing files: bytes at an offset, written where they belong below `runs/<run id>/`."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from trackboard.errors import Unavailable, UsageError
from trackboard.layout import make_folder, open_file
from trackboard.layout.safe_paths import safe_path
from trackboard.model import FileAdded, FileBytes, FileRemoved, Lost, RunId, check_run_id

# A file that can never be written is given up, or nothing behind it in the stream would ever be stored.
_NEVER = frozenset(
    (
        *(errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG),
        *(errno.ELOOP, errno.EINVAL, errno.EFBIG),
    )
)


def write_bytes(
    pieces: Iterable[FileBytes | FileRemoved], run_folder: Callable[[RunId], Path]
) -> list[FileAdded | FileRemoved | Lost]:
    """Write the pieces in order, and say which files now have which size, and what is given up.

    Writing the same pieces again, as after a crash before their positions were stored, ends in the
    same bytes: a piece at offset 0 begins the file anew. That is another file, so that whoever has
    the former one open can tell that it was replaced.

    Raises:
        Unavailable: The disk refuses; the same pieces may be written again later.
    """
    told: dict[tuple[RunId, str], FileAdded | FileRemoved | Lost] = {}
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
            if isinstance(piece, FileRemoved):
                _forget(target)
                told[piece.run, piece.path] = FileRemoved(piece.run, str(within))
                continue
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
    if piece.offset == 0:
        _forget(target)
    fd = open_file(target, os.O_WRONLY | os.O_CREAT | (0 if piece.offset else os.O_TRUNC))
    try:
        rest, offset = memoryview(piece.data), piece.offset
        while rest:  # a disk that is almost full takes a part
            written = os.pwrite(fd, rest, offset)
            rest, offset = rest[written:], offset + written
        return os.fstat(fd).st_size
    finally:
        os.close(fd)


def _forget(target: Path) -> None:
    """Remove a plain file; what else somebody put in its place stays, and writing to it tells."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if stat.S_ISREG(target.lstat().st_mode):
            target.unlink()


def _is_run_id(run: RunId) -> bool:
    try:
        check_run_id(run)
    except UsageError:
        return False
    return True
