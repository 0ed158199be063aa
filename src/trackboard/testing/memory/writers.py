"""What a store in memory knows of the writers of the stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from trackboard.errors import Conflict
from trackboard.model import WriterId
from trackboard.ports import Batch, Position, Refused, SavedDefinitions

_START = Position(0, 0)


class MemoryWriters:
    """How far each has been stored, and what stays of its records besides runs. Not safe from threads."""

    def __init__(self) -> None:
        self._positions: dict[WriterId, Position] = {}
        self._ended: set[WriterId] = set()
        self._definitions: dict[WriterId, list[tuple[Position, bytes]]] = {}
        self._covered: dict[WriterId, Position] = {}  # up to where the definitions are all known
        self._refused: list[Refused] = []

    def check(self, batches: Sequence[Batch]) -> None:
        """Raise Conflict unless each batch begins where its writer is."""
        at = dict(self._positions)
        for batch in batches:
            stored = at.get(batch.writer, _START)
            if stored != batch.start:
                raise Conflict(
                    f"spool {batch.writer} is stored up to {tuple(stored)}, and a batch begins at"
                    f" {tuple(batch.start)}",
                    hint="Somebody else stored it meanwhile: read on from the stored position.",
                )
            at[batch.writer] = batch.end

    def advance(self, batch: Batch) -> None:
        """Move a writer on, and keep what its batch brings for later readers."""
        self._positions[batch.writer] = batch.end
        self._ended.discard(batch.writer)
        if batch.end.segment != batch.start.segment:
            self._definitions.pop(batch.writer, None)
        if batch.completes(self._covered.get(batch.writer)):
            self._covered[batch.writer] = batch.end
            defined = self._definitions.setdefault(batch.writer, [])
            defined += [(batch.end, record) for record in batch.definitions]
        self._refused += batch.refused

    def end(self, writer: WriterId) -> None:
        """Declare a writer ended, also one never seen."""
        self._positions.setdefault(writer, _START)
        self._ended.add(writer)
        self._definitions.pop(writer, None)
        self._covered.pop(writer, None)

    def has_ended(self, writer: WriterId) -> bool:
        """Whether it was declared ended and has not spoken since."""
        return writer in self._ended

    def position(self, writer: WriterId) -> Position:
        """Where to read on."""
        return self._positions.get(writer, _START)

    def positions(self) -> dict[WriterId, Position]:
        """All writers that have not ended."""
        return {each: at for each, at in self._positions.items() if each not in self._ended}

    def read_definitions(self, writer: WriterId, after: Position) -> SavedDefinitions:
        """What is saved of the definitions of the segment that a writer's position is in."""
        end = self._covered.get(writer, _START)
        defined = self._definitions.get(writer, [])
        begin = after if after.segment == end.segment else Position(end.segment, 0)
        return SavedDefinitions(end, tuple(record for at, record in defined if at > begin))

    def list_refused(self, writer: WriterId | None) -> tuple[Refused, ...]:
        """Records that could not be stored."""
        found = [each for each in self._refused if writer in (None, each.writer)]
        return tuple(sorted(found, key=lambda each: (each.writer, each.at)))

    def count_refused(self, writers: Collection[WriterId]) -> Mapping[WriterId, int]:
        """How many records of these writers could not be stored."""
        return Counter(each.writer for each in self._refused if each.writer in writers)
