"""What a writer calls by number instead of by name: series and growing files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Optional, Union

from trackboard.model import RunId
from trackboard.spool.events import encode_json
from trackboard.spool.layout import pack_record

if TYPE_CHECKING:
    from trackboard.spool.segment import OpenSegment


class SeriesRef:
    """A series as a writer calls it. `segment` is the segment that defined it last."""

    __slots__ = ("id", "name", "run", "segment", "table")

    def __init__(self, number: int, run: RunId, name: str, table: str = "") -> None:
        self.id = number
        self.run = run
        self.name = name
        self.table = table
        self.segment: Optional[OpenSegment] = None

    def definition(self) -> bytes:
        """The record that names it."""
        record: Dict[str, Union[str, int]] = {
            "k": "series",
            "id": self.id,
            "run": self.run,
            "name": self.name,
        }
        if self.table:
            record["table"] = self.table
        return pack_record(encode_json(record))


class FileRef:
    """A growing file as a writer calls it. `segment` is the segment that defined it last."""

    __slots__ = ("id", "path", "run", "segment")

    def __init__(self, number: int, run: RunId, path: str) -> None:
        self.id = number
        self.run = run
        self.path = path
        self.segment: Optional[OpenSegment] = None

    def definition(self) -> bytes:
        """The record that names it."""
        record = {"k": "file", "id": self.id, "run": self.run, "path": self.path}
        return pack_record(encode_json(record))


Ref = Union[SeriesRef, FileRef]
