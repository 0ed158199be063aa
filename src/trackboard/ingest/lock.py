"""One holder at a time per workspace: the kernel's file lock, with the holder's name in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import weakref
from collections.abc import Iterator
from pathlib import Path

_locks: weakref.WeakSet[FileLock] = weakref.WeakSet()


class FileLock:
    """A lock that ends with its process. Not re-entrant: a second attempt, by any thread, is refused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1
        if not _locks:
            os.register_at_fork(after_in_child=_let_go_in_child)
        _locks.add(self)

    @contextlib.contextmanager
    def attempt(self) -> Iterator[bool]:
        """Try to hold the lock for the length of the `with` block; yields whether it is held."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            yield False
            return
        self._fd = fd
        try:
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"pid {os.getpid()} on {socket.gethostname()}".encode(), 0)
            yield True
        finally:
            self._fd = -1
            with contextlib.suppress(OSError):  # a forked child has closed it already
                os.close(fd)

    def holder(self) -> str:
        """Who holds it, or held it last, in words."""
        try:
            return self.path.read_text() or "another process"
        except OSError:
            return "another process"


def _let_go_in_child() -> None:
    """A child that was forked while a thread held the lock must not keep it from everybody."""
    for lock in list(_locks):
        fd, lock._fd = lock._fd, -1
        if fd >= 0:
            os.close(fd)
