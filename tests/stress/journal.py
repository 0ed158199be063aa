"""What processes under attack attempted and what returned: a mark for every record, in shared memory.

A record is known by its lane (a run), its kind and its number. The file is a byte for each: standard
library only, as the programs that write it have no site-packages.
"""

import mmap
import os
from pathlib import Path

KINDS = (
    *("float", "int", "bool", "counted", "text", "row"),
    *("tag", "property", "parameter", "bytes", "file", "image", "child"),
)
LANES = 8
NUMBERS = 1 << 14  # of each kind and lane
NEVER, ATTEMPTED, RETURNED, IN_PEACE = range(4)
LINE_BYTES = 9  # of the growing file, for each number
SIZE_BYTES = LANES * len(KINDS) * NUMBERS


class Journal:
    """The marks, as the program writes them."""

    def __init__(self, path: Path) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(fd, SIZE_BYTES)
        self._marks = mmap.mmap(fd, SIZE_BYTES)
        os.close(fd)

    def mark(self, lane: int, kind: str, number: int, state: int) -> None:
        """Say how far one record has come."""
        self._marks[(lane * len(KINDS) + KINDS.index(kind)) * NUMBERS + number] = state
