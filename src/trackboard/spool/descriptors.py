"""File descriptors that live as long as the process, beside code that closes what it did not open.

A program that becomes a daemon closes descriptors by number, and the next `open` is given the lowest free
one: what is written to a number that was ours would land in a file of somebody else. So ours are moved up,
out of that reach, and are compared with the file that they were opened for before they are trusted.
"""

from __future__ import annotations

import errno
import fcntl
import os
import resource
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Optional, Type

_HIGH = 512
GONE = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ESTALE))  # what was there is not any more


class FileIdentity(NamedTuple):
    """Which file it is, whatever it is called now."""

    device: int
    inode: int


def identify(found: os.stat_result) -> FileIdentity:
    """The identity of a file that was looked at."""
    return FileIdentity(found.st_dev, found.st_ino)


def is_refusal(error: Optional[BaseException]) -> bool:
    """Whether the kernel said no. A signal handler's TimeoutError is an OSError too, without a number."""
    return isinstance(error, OSError) and error.errno is not None


class IgnoredRefusals:
    """A `with` block in which nothing is done about it when the kernel says no."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> bool:
        return is_refusal(error)


def move_up(fd: int) -> int:
    """Move a descriptor to a number that the next `open` of anybody is not given."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    lowest = _HIGH if most == resource.RLIM_INFINITY else min(_HIGH, most // 2)
    try:
        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, lowest)
    except OSError as error:  # they are scarce; this one is as good
        if not is_refusal(error):
            raise
        return fd
    os.close(fd)
    return high


def is_open(fd: int, identity: FileIdentity) -> bool:
    """Whether a descriptor still is the file that it was opened for."""
    try:
        return identify(os.fstat(fd)) == identity
    except OSError as error:
        if not is_refusal(error):
            raise
        return False  # it was closed


def is_in_place(fd: int, identity: FileIdentity, path: Path) -> bool:
    """Whether a descriptor is the file that others find at `path`.

    A disk that does not answer is no proof of the contrary.
    """
    if not is_open(fd, identity):
        return False
    try:
        return identify(os.stat(path)) == identity
    except OSError as error:
        if not is_refusal(error):
            raise
        return error.errno not in GONE


def close(fd: int, identity: FileIdentity) -> None:
    """Close a descriptor, unless it is another file by now."""
    if is_open(fd, identity):
        with IgnoredRefusals():  # nothing more can be done with it
            os.close(fd)
