"""File locks: the one place that calls flock. The kernel lets go of a lock however its process ends.

A lock belongs to the open file: who inherits the descriptor, a fork or a program that was started with it,
holds the lock as well, until the last of them has closed it or somebody has unlocked it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import weakref
from pathlib import Path
from typing import Callable, Iterator

from trackboard.errors import Unavailable
from trackboard.layout.modes import make_folder, open_file

_POLL_S = 0.005
_locks: weakref.WeakSet[FileLock] = weakref.WeakSet()


def try_lock(fd: int, *, shared: bool = False) -> bool:
    """Lock an open file, unless others hold it.

    Args:
        fd: The file descriptor.
        shared: Hold the lock together with others that share it; alone otherwise.

    Returns:
        Whether the lock is held now.

    Raises:
        OSError: The file system cannot lock.
    """
    try:
        fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unlock(fd: int) -> None:
    """Let go of an open file's lock, also for a fork of this process that inherited it."""
    fcntl.flock(fd, fcntl.LOCK_UN)


@contextlib.contextmanager
def hold(
    path: Path,
    patience_s: float,
    *,
    shared: bool = False,
    poll_s: float = _POLL_S,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[bool]:
    """Hold a file's lock for the length of the `with` block.

    Args:
        path: The file; it is made, and its folder too.
        patience_s: How long to wait for others, in seconds.
        shared: Hold the lock together with others that share it; alone otherwise.
        poll_s: The pause between two tries, in seconds.
        clock: Tells monotonic seconds.
        sleep: Waits for a number of seconds.

    Yields:
        Whether the lock is held: not, if others had it for all of that time.

    Raises:
        OSError: The file cannot be opened, or its file system cannot lock.
    """
    make_folder(path.parent)
    fd = open_file(path, os.O_RDWR | os.O_CREAT)
    try:
        deadline_s = clock() + patience_s
        while not (is_held := try_lock(fd, shared=shared)) and clock() <= deadline_s:
            sleep(poll_s)
        try:
            yield is_held
        finally:
            if is_held:
                unlock(fd)
    finally:
        os.close(fd)


def find_holder(path: Path) -> str | None:
    """Find who holds the lock of a file at this moment, in words, as far as the file says it.

    Args:
        path: The file, which is neither made nor changed.

    Returns:
        Who; None where nobody holds it, or it cannot be known.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if try_lock(fd, shared=True):
            unlock(fd)
            return None
        return os.pread(fd, 256, 0).decode("utf-8", "replace") or "another process"
    except OSError:
        return None
    finally:
        os.close(fd)


class FileLock:
    """The lock of one file, with its holder's name in it. A second attempt, by any thread, is refused.

    Args:
        path: The file; its folder exists.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1
        if not _locks:
            os.register_at_fork(after_in_child=_release_in_child)
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
                name = f"pid {os.getpid()} on {os.uname().nodename}".encode()
                if os.pread(fd, 256, 0) != name:  # a write may have to wait for the disk
                    os.pwrite(fd, name, 0)
                    os.ftruncate(fd, len(name))
            yield True
        finally:
            if self._fd == fd:  # a forked child has closed it already
                self._fd = -1
                unlock(fd)  # now, also when a child has not come to that yet
                os.close(fd)

    @contextlib.contextmanager
    def hold(self, patience_s: float) -> Iterator[bool]:
        """Hold the lock for the length of the `with` block, as `attempt` does; wait for it.

        Args:
            patience_s: How long to wait for others, in seconds.

        Yields:
            Whether it is held.

        Raises:
            Unavailable: As for `attempt`.
        """
        deadline_s = time.monotonic() + patience_s
        while True:
            with self.attempt() as is_held:
                if is_held or time.monotonic() > deadline_s:
                    yield is_held
                    return
            time.sleep(_POLL_S)

    def _take(self) -> int:
        fd = -1
        try:
            fd = open_file(self.path, os.O_RDWR | os.O_CREAT)
            if try_lock(fd):
                return fd
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

    def holder(self) -> str:
        """Who holds it, or held it last, in words."""
        try:
            return self.path.read_text() or "another process"
        except OSError:
            return "another process"


def _release_in_child() -> None:
    """A child that was forked while a thread held the lock must not keep it from everybody."""
    for lock in list(_locks):
        fd, lock._fd = lock._fd, -1
        if fd >= 0:
            os.close(fd)
