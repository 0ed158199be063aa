"""A disk that refuses what is written out of a workspace: which folder did, and what to do."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from trackboard.errors import TrackboardError, Unavailable, UsageError

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))
_FORBIDDEN = frozenset((errno.EACCES, errno.EPERM, errno.EROFS))
_IN_THE_WAY = frozenset((errno.ENOTDIR, errno.EEXIST, errno.EISDIR))


@contextlib.contextmanager
def explained(target: Path, what: str, *, kept: str = "Nothing is left of it.") -> Iterator[None]:
    """Translate what a disk says while a block writes to a target.

    Args:
        target: The file or folder that is written, under the name that people gave.
        what: What is written there, in words: `the backup`.
        kept: What is there after an error, in words.

    Raises:
        UsageError: A file is where a folder should be, or the other way round.
        Unavailable: The disk is full, may not be written to, or refused.
    """
    try:
        yield
    except TrackboardError:  # some are OSErrors as well
        raise
    except OSError as error:
        raise _translate(error, target, what, kept) from error


def check_writable(target: Path, what: str) -> None:
    """Raise what writing a file or a folder would raise because of the folder that it belongs into.

    Args:
        target: The file or the folder, which need not be there.
        what: What is to be written there, in words.

    Raises:
        UsageError: A file is where a folder should be.
        Unavailable: The folder may not be written to.
    """
    folder = _nearest(target.parent)
    if not folder.is_dir():
        raise _translate(NotADirectoryError(errno.ENOTDIR, ""), target, what, "")
    if not os.access(folder, os.W_OK | os.X_OK):
        is_read_only = bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
        code = errno.EROFS if is_read_only else errno.EACCES
        raise _translate(OSError(code, os.strerror(code)), target, what, "")


def _translate(error: OSError, target: Path, what: str, kept: str) -> TrackboardError:
    folder = _nearest(target.parent)
    begin = f"{what} {target} could not be written"
    if error.errno in _FULL:
        return Unavailable(
            f"{begin}: the disk of {folder} is full",
            hint=f"{kept} Make room there, or name a place on another disk.".lstrip(),
        )
    if error.errno in _FORBIDDEN:
        return Unavailable(
            f"{begin}: {folder} may not be written to ({error.strerror})",
            hint=f"{kept} Name a folder that you may write to, or mend its rights.".lstrip(),
        )
    if error.errno in _IN_THE_WAY and not folder.is_dir():
        return UsageError(f"{begin}: {folder} is a file, and no folder", hint="Name another place.")
    return Unavailable(
        f"{begin}: {error.strerror or error}",
        hint=f"{kept} Check the disk of {folder}, or name another place.".lstrip(),
    )


def _nearest(folder: Path) -> Path:
    """Return a folder, or the nearest above it that is there."""
    folder = folder.absolute()
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    return folder
