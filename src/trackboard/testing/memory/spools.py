"""Spools in memory, as an inbox has them: bytes arrive piece by piece, at the end of a segment."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trackboard.model import Liveness, Segment, WriterId
from trackboard.ports import Blobs, Spool, SpoolArea, SpoolSource, WriterProcess


@dataclass
class _Content:
    segments: dict[int, bytearray] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    liveness: Liveness = Liveness.UNKNOWN
    process: WriterProcess | None = None


@dataclass(frozen=True)
class MemorySpool:
    """`trackboard.ports.Spool` in memory; see there for what each method promises."""

    writer: WriterId
    area: SpoolArea | None
    source: MemorySpools = field(compare=False, repr=False)

    @property
    def location(self) -> str:
        """Where it is, for people."""
        return f"{'inbox' if self.area is None else self.area.value}/{self.writer}"

    def is_there(self) -> bool:
        """Whether it is still in this place."""
        return self._find() is not None

    def list_segments(self, *, begin: int = 0) -> list[Segment]:
        """Segments in the order of their numbers."""
        with self.source.lock:
            found = self._find()
            segments = {} if found is None else found.segments
            return [
                Segment(number, len(segments[number]))
                for number in sorted(segments)
                if number >= begin
            ]

    def read(self, number: int, offset: int, count: int) -> bytes:
        """Bytes of a segment."""
        with self.source.lock:
            found = self._find()
            data = b"" if found is None else found.segments.get(number, b"")
            return bytes(data[offset : offset + count])

    def list_files(self) -> tuple[str, ...]:
        """Keys of the files in its outbox."""
        found = self._find()
        return () if found is None else tuple(found.files)

    def move_file(self, key: str, blobs: Blobs) -> bool:
        """Move a file of its outbox into the blobs."""
        with self.source.lock:
            found = self._find()
            if found is None or key not in found.files:
                return False
            blobs.put(io.BytesIO(found.files[key]))
            del found.files[key]
            return True

    def unwritten_s(self, number: int) -> float:
        """It is not known: 0."""
        del number
        return 0.0

    def probe(self) -> Liveness:
        """What was said of its writer."""
        found = self._find()
        return Liveness.UNKNOWN if found is None else found.liveness

    def find_process(self) -> WriterProcess | None:
        """What was said of its process."""
        found = self._find()
        return None if found is None else found.process

    def _find(self) -> _Content | None:
        return self.source.areas[self.area].get(self.writer)


class MemorySpools:
    """`trackboard.ports.SpoolSource` in memory; see there for what each method promises.

    Args:
        is_local: What it is to say of itself.
    """

    def __init__(self, *, is_local: bool = True) -> None:
        self.lock = threading.RLock()
        self.areas: dict[SpoolArea | None, dict[WriterId, _Content]] = {
            area: {} for area in (None, *SpoolArea)
        }
        self._is_local = is_local

    def receive(self, writer: WriterId, number: int, data: bytes) -> None:
        """Take bytes that a writer has appended to a segment; the first make the spool."""
        with self.lock:
            found = self.areas[None].setdefault(writer, _Content())
            found.segments.setdefault(number, bytearray()).extend(data)

    def receive_file(self, writer: WriterId, data: bytes) -> str:
        """Take a complete file of a writer; returns its key."""
        key = f"sha256:{hashlib.sha256(data).hexdigest()}"
        with self.lock:
            self.areas[None].setdefault(writer, _Content()).files[key] = data
        return key

    def set_liveness(
        self, writer: WriterId, liveness: Liveness, process: WriterProcess | None = None
    ) -> None:
        """Take down what is known of a writer."""
        with self.lock:
            found = self.areas[None].setdefault(writer, _Content())
            found.liveness, found.process = liveness, process

    def is_local(self) -> bool:
        """What it was made to say."""
        return self._is_local

    def prepare(self) -> None:
        """Nothing is ever left halfway."""

    def list_spools(self) -> dict[WriterId, Spool]:
        """All spools that were not put aside."""
        return self._list(None)

    def list_set_aside(self, area: SpoolArea) -> dict[WriterId, Spool]:
        """Spools that were put aside."""
        return self._list(area)

    def _list(self, area: SpoolArea | None) -> dict[WriterId, Spool]:
        with self.lock:
            return {writer: MemorySpool(writer, area, self) for writer in self.areas[area]}

    def set_aside(self, spool: Spool, area: SpoolArea) -> Spool:
        """Put a spool aside."""
        with self.lock:
            found = self.areas[spool.area].pop(spool.writer, None)
            if found is None:
                raise FileNotFoundError(f"there is no spool {spool.location}")
            self.areas[area][spool.writer] = found
            return MemorySpool(spool.writer, area, self)

    def remove(self, spool: Spool, is_stored: Callable[[], bool] = lambda: True) -> None:
        """Remove a spool."""
        with self.lock:
            if is_stored():
                self.areas[spool.area].pop(spool.writer, None)


if TYPE_CHECKING:

    def _fits(source: MemorySpools) -> SpoolSource:
        return source
