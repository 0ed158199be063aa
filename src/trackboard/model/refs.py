"""What a record sink calls by number instead of by name: series and growing files.

Only the sink that made one may be given it. `defined_in` is the sink's own: where it said last what the
number stands for.
"""

from __future__ import annotations

from typing import Union

from trackboard.model.ids import RunId


class SeriesRef:
    """A series as a sink calls it."""

    __slots__ = ("defined_in", "id", "name", "run", "table")

    def __init__(self, number: int, run: RunId, name: str, table: str = "") -> None:
        self.id = number
        self.run = run
        self.name = name
        self.table = table
        self.defined_in: object = None


class FileRef:
    """A growing file as a sink calls it."""

    __slots__ = ("defined_in", "id", "path", "run")

    def __init__(self, number: int, run: RunId, path: str) -> None:
        self.id = number
        self.run = run
        self.path = path
        self.defined_in: object = None


Ref = Union[SeriesRef, FileRef]
