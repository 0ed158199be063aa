"""How far the spools had been written at a moment, as far as anybody can read them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from trackboard.ingest.succession import Succession
from trackboard.model import WriterId
from trackboard.ports import Position, Spool, StreamStore
from trackboard.spool.layout import HEADER


class Goal:
    """What was there to read when this was made.

    Bytes behind a gap are no part of it: a network file system may not show them for a minute.

    Args:
        spools: The spools.
        store: Where they are stored.
        is_complete: Whether all that was written to a spool is seen.
    """

    def __init__(
        self,
        spools: Mapping[WriterId, Spool],
        store: StreamStore,
        is_complete: Callable[[Spool], bool],
    ) -> None:
        self._spools = spools
        self._store = store
        self._ends: dict[WriterId, Position] = {}
        positions = store.positions()
        for writer, spool in spools.items():
            at = positions.get(writer) or store.position(writer)
            self._ends[writer] = _readable_end(spool, at, is_complete=is_complete(spool))

    def is_stored(self, stuck: Collection[WriterId] = ()) -> bool:
        """Whether all of it is stored. What is, or was removed since then, is not asked for again.

        Args:
            stuck: Of these nothing more can be read now.
        """
        positions = self._store.positions()
        for writer, end in list(self._ends.items()):
            stored = positions.get(writer) or self._store.position(writer)
            if writer in stuck or stored >= end or not self._spools[writer].is_there():
                del self._ends[writer]
        return not self._ends


def _readable_end(spool: Spool, at: Position, *, is_complete: bool) -> Position:
    succession = Succession(spool)
    for number, size in spool.list_segments(begin=at.segment):
        header = None if is_complete else succession.header(number)
        is_next = is_complete or (
            header is not None and header.before is not None and Position(*header.before) <= at
        )
        if size and (number == at.segment or is_next):
            begin = at.offset if number == at.segment else 0
            end = size if is_complete else _end_of_records(spool, number, begin, size)
            at = max(at, Position(number, end))
    return at


def _end_of_records(spool: Spool, number: int, begin: int, size: int) -> int:
    """The end of the last record that is seen whole."""
    try:
        data = spool.read(number, begin, size - begin)
    except OSError:
        return begin
    offset = 0
    while offset + HEADER.size <= len(data):
        length = HEADER.unpack_from(data, offset)[0]
        if not 0 < length <= len(data) - offset - HEADER.size:
            break
        offset += HEADER.size + length
    return begin + offset
