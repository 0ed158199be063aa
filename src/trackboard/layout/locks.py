"""One holder at a time per workspace: the kernel's file lock, with the holder's name in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import weakref
from collections.abc import Iterator
from pathlib import Path

from trackboard.errors import Unavailable
from trackboard.layout import open_file

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
        """Try to hold the lock for the length of the `with` block; yields whether it is held.

        Raises:
            Unavailable: The file cannot be opened for writing, or its file system cannot lock.
        """
        fd = self._take()
        if fd < 0:
            yield False
            return
        self._fd = fd
        try:
            with contextlib.suppress(OSError):  # the name is for people; the disk may be full
                name = f"pid {os.getpid()} on {socket.gethostname()}".encode()
                if os.pread(fd, 256, 0) != name:  # a write may have to wait for the disk
                    os.pwrite(fd, name, 0)
                    os.ftruncate(fd, len(name))
            yield True
        finally:
            if self._fd == fd:  # a forked child has closed it already
                self._fd = -1
                fcntl.flock(fd, fcntl.LOCK_UN)  # now, also when a child has not come to that yet
                os.close(fd)

    def _take(self) -> int:
        fd = -1
        try:
            fd = open_file(self.path, os.O_RDWR | os.O_CREAT)
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return -1
        except OSError as error:
            if fd >= 0:
                os.close(fd)
            raise Unavailable(
                f"the lock {self.path} cannot be taken: {error.strerror or error}",
                hint=f"Check that {self.path.parent} exists, that you may write to it, and that its"
                " disk has space and can lock files.",
            ) from error
        return fd

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
