"""Folders for the life of one process, which the next one removes where a process was killed.

Each holds a file that its process keeps locked; the kernel lets go of it however the process ends. So a
folder whose file is not locked belongs to nobody.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from trackboard.layout.locks import try_lock

_PREFIX = "trackboard-board-"
_LOCK = "lock"
_UNLOCKED_S = 60.0  # between making a folder and locking it


class PrivateFolder:
    """A new folder that only this user may enter.

    Args:
        parents: Where it may be, the best place first; the system's temporary folder comes last.
    """

    def __init__(self, *parents: Path) -> None:
        self.path, self._lock = _make([*parents, Path(tempfile.gettempdir())])

    def close(self) -> None:
        """Remove it. May be repeated."""
        if self._lock >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1


def remove_around(file: Path) -> None:
    """Remove a file with the private folder that it is in, whose process has gone."""
    with contextlib.suppress(OSError):
        file.unlink()
    if file.parent.name.startswith(_PREFIX):
        shutil.rmtree(file.parent, ignore_errors=True)


def remove_left_behind(parent: Path) -> None:
    """Remove the folders in a place that killed processes of this user left there."""
    for path in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # another user's, or gone just now
            if path.lstat().st_uid == os.geteuid() and _is_left_behind(path):
                shutil.rmtree(path)


def _make(parents: list[Path]) -> tuple[Path, int]:
    for parent in parents[:-1]:
        with contextlib.suppress(OSError):  # not there, or not to be written
            return _make_in(parent)
    return _make_in(parents[-1])


def _make_in(parent: Path) -> tuple[Path, int]:
    remove_left_behind(parent)
    path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    lock = os.open(path / _LOCK, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with contextlib.suppress(OSError):  # a file system without locks: the folder's age has to do
        try_lock(lock)
    return path, lock


def _is_left_behind(path: Path) -> bool:
    try:
        lock = os.open(path / _LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return time.time() - path.stat().st_mtime > _UNLOCKED_S
    try:
        if time.time() - os.fstat(lock).st_mtime < 1.0:
            return False  # it is being locked
        return try_lock(lock)
    finally:
        os.close(lock)
