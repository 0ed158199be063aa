"""One at a time, between processes and between the threads of one: who comes second waits."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from trackboard.layout import make_folder, open_file

_LOOK_S = 0.1


@contextmanager
def hold(
    path: Path, patience_s: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> Iterator[bool]:
    """Hold a file for the length of the `with` block; the kernel lets go of it however a process ends.

    Args:
        path: The file; it is made, and its folder too.
        patience_s: How long to wait for it.
        clock: Monotonic seconds.
        sleep: Waits so many seconds.

    Yields:
        Whether it is held: not, if others had it for all of that time.
    """
    make_folder(path.parent)
    fd = open_file(path, os.O_RDWR | os.O_CREAT)
    try:
        is_held = _wait(fd, clock() + patience_s, clock, sleep)
        try:
            yield is_held
        finally:
            if is_held:
                fcntl.flock(fd, fcntl.LOCK_UN)  # also for a fork of this process that holds it too
    finally:
        os.close(fd)


def _wait(
    fd: int, deadline_s: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> bool:
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if clock() > deadline_s:
                return False
            sleep(_LOOK_S)
        else:
            return True
