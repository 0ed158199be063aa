"""Local slots: lock files that workers hold for life, so that the kernel lets go of them.

A slot is taken by whoever starts the worker and passed on as an open file; an flock belongs to the open
file, so it is held until the last process that inherited it has ended, however that ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from trackboard.errors import Unavailable
from trackboard.layout import make_folder, open_file
from trackboard.layout.locks import try_lock


@dataclass(frozen=True)
class Slot:
    """A slot that is held."""

    number: int  # from 0
    fd: int  # the open file that holds it; closing it lets go


class Slots:
    """The slots of one compute.

    Args:
        folder: Where the lock files are.
        count: How many nodes may be in use at once.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self.count = count

    def take(self, nodes: int = 1) -> tuple[Slot, ...]:
        """Take free slots, all of them or none.

        Returns:
            The lowest that are free.

        Raises:
            Unavailable: There are not that many.
        """
        free, total = self._lock_free()
        if self._room(len(free), total) < nodes:
            _release(free)
            raise Unavailable(
                f"{nodes} of the {self.count} slots below {self._folder} were asked for, and"
                f" {self._room(len(free), total)} are free"
            )
        _release(free[nodes:])
        return tuple(free[:nodes])

    def count_free(self) -> int:
        """How many more could be taken now."""
        free, total = self._lock_free()
        _release(free)
        return self._room(len(free), total)

    def _room(self, free: int, total: int) -> int:
        return max(0, self.count - (total - free))

    def _lock_free(self) -> tuple[list[Slot], int]:
        """Lock every slot that nobody holds; also, how many there are or were.

        When the count shrinks, the slots above it still count as taken while somebody holds them.
        """
        make_folder(self._folder)
        past = {int(path.stem) for path in self._folder.glob("*.lock") if path.stem.isdecimal()}
        numbers = sorted(past | set(range(self.count)))
        free: list[Slot] = []
        try:
            for number in numbers:
                path = self._folder / f"{number}.lock"
                fd = open_file(path, os.O_RDWR | os.O_CREAT)
                free.append(Slot(number, fd))
                if not try_lock(fd):
                    os.close(free.pop().fd)
        except BaseException:
            _release(free)
            raise
        return free, len(numbers)


def _release(slots: Iterable[Slot]) -> None:
    for slot in slots:
        os.close(slot.fd)
