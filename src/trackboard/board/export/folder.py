"""The folder that an export writes into: files appear in it whole, or not at all.

Each file is written aside, in `.trackboard-export/` within the folder, and moved into place. That
folder is there only while an export runs; what a killed one left in it goes with the next. Nothing in
it has `tfevents` in its name, so a TensorBoard that watches the folder never sees it.
"""

from __future__ import annotations

import contextlib
import enum
import errno
import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import BinaryIO

from trackboard.errors import Conflict, TrackboardError, Unavailable, UsageError
from trackboard.layout.locks import try_lock

_TEMPORARY = ".trackboard-export"
_BUFFER_BYTES = 1 << 20
_LOCK_TRIES = 10
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_REFUSED = frozenset((errno.EACCES, errno.EPERM, errno.EROFS))


class Placed(enum.Enum):
    """What became of a file."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"  # the same bytes were there already
    FOREIGN = "foreign"  # a file that no export made is in its place, and stays
    TAKEN = "taken"  # another file of this export is there: the disk ignores case


class ExportFolder:
    """A folder being exported to, by one process at a time. Use as a context manager.

    Raises:
        UsageError: It is a file, or may not be written to; nothing was changed.
        Conflict: Another export is writing to it.
        Unavailable: The disk is full or did not answer.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._temporary = path / _TEMPORARY
        self._lock: io.FileIO | None = None
        self._taken: set[tuple[int, int, str]] = set()

    def __enter__(self) -> ExportFolder:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = self._take_lock()
        except (FileExistsError, NotADirectoryError) as exc:
            raise UsageError(
                f"cannot export to {self.path}: it is, or is below, a file",
                hint="Name a folder; it is created when it does not exist.",
            ) from exc
        except TrackboardError:
            raise
        except OSError as exc:
            if exc.errno not in _REFUSED:
                raise _unavailable(self.path, exc) from exc
            raise UsageError(
                f"cannot export to {self.path}: {exc.strerror}",
                hint="Name a folder that you may write to.",
            ) from exc
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._lock:
            with self._lock, self._translated(self._temporary):
                shutil.rmtree(self._temporary)
            self._lock = None

    def put(
        self,
        where: PurePosixPath,
        fill: Callable[[BinaryIO], None],
        *,
        is_ours: Callable[[Path], bool],
    ) -> Placed:
        """Write a file aside and move it to its place, unless the same bytes are there.

        Args:
            where: Relative to the folder.
            fill: Writes what belongs into the file.
            is_ours: Whether a file with other bytes, found there, comes from an earlier export.

        Raises:
            Unavailable: The disk is full or refused; what was there before still is.
        """
        part, target = self._temporary / "part", self.path / where
        with self._translated(target):
            with part.open("w+b", _BUFFER_BYTES) as stream:
                fill(stream)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not self._claim(target):
                return Placed.TAKEN
            found = self._find(part, target, is_ours)
            if found is Placed.WRITTEN:
                part.replace(target)
        return found

    def _find(self, part: Path, target: Path, is_ours: Callable[[Path], bool]) -> Placed:
        """What moving `part` to `target` will have been."""
        if target.is_symlink() or (target.exists() and not target.is_file()):
            return Placed.FOREIGN
        if not target.exists():
            return Placed.WRITTEN
        if _is_same(part, target):
            return Placed.UNCHANGED
        return Placed.WRITTEN if is_ours(target) else Placed.FOREIGN

    def _claim(self, target: Path) -> bool:
        """Whether no other file of this export has this place, as the disk tells places apart."""
        status = target.parent.stat()
        location = (status.st_dev, status.st_ino, target.name)
        is_free = location not in self._taken
        self._taken.add(location)
        return is_free

    def _take_lock(self) -> io.FileIO:
        for _ in range(_LOCK_TRIES):
            self._temporary.mkdir(exist_ok=True)
            try:
                lock = io.FileIO(self._temporary / "lock", "w")
            except FileNotFoundError:  # an export that ended just now took the folder away
                continue
            if not try_lock(lock.fileno()):
                lock.close()
                raise Conflict(
                    f"another export is writing to {self.path}",
                    hint="Wait until it has ended, or name another folder.",
                )
            if os.fstat(lock.fileno()).st_nlink:
                return lock
            lock.close()
        raise Conflict(f"another export is writing to {self.path}", hint="Try again.")

    @contextlib.contextmanager
    def _translated(self, target: Path) -> Iterator[None]:
        try:
            yield
        except TrackboardError:
            raise
        except OSError as exc:
            raise _unavailable(target, exc) from exc


def _unavailable(target: Path, error: OSError) -> Unavailable:
    first = "Free some space and export" if error.errno in _FULL else "Export"
    return Unavailable(
        f"cannot write {target}: {error.strerror}",
        hint=f"{first} again: what is done stays, and no half file is left.",
    )


def _is_same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as a, other.open("rb") as b:
        while block := a.read(_BUFFER_BYTES):
            if block != b.read(_BUFFER_BYTES):
                return False
    return True
