"""Local slots: lock files that workers hold for life, so that the kernel lets go of them.

A slot is taken by whoever starts the worker and passed on as an open file; an flock belongs to the open
file, so it is held until the last process that inherited it has ended, however that ends.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from trackboard.errors import Unavailable


class Slots:
    """The slots of one compute.

    Args:
        folder: Where the lock files are.
        count: How many jobs may run at once.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self.count = count

    def take(self) -> int:
        """Take a free slot.

        Returns:
            The file descriptor that holds it.

        Raises:
            Unavailable: All are taken.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        taken, fd = 0, -1
        for path in self._paths():
            other = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                taken += 1
                os.close(other)
                continue
            if fd == -1:
                fd = other
            else:
                os.close(other)
        if fd != -1 and taken < self.count:
            return fd
        if fd != -1:
            os.close(fd)
        raise Unavailable(f"all {self.count} slots below {self._folder} are taken")

    def count_free(self) -> int:
        """How many more could be taken now."""
        self._folder.mkdir(parents=True, exist_ok=True)
        taken = 0
        for path in self._paths():
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                taken += 1
            finally:
                os.close(fd)
        return max(0, self.count - taken)

    def _paths(self) -> list[Path]:
        """Every slot there is or was: when the count shrinks, the ones above it still count as taken."""
        wanted = {self._folder / f"{number}.lock" for number in range(self.count)}
        return sorted(wanted | set(self._folder.glob("*.lock")))
