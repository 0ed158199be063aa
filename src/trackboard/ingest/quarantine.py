"""Storing what a store refuses: everything but the records that it can never hold.

Only errors of data count, and only when the record alone brings them about again. A database that does
not answer, a full disk, a lack of memory or a table that is missing is nobody's record's fault.
"""

from __future__ import annotations

from collections.abc import Callable

from trackboard.ingest.cursor import Cursor
from trackboard.ports import Batch, Position, StreamStore, Unstorable

DATA_ERRORS = (Unstorable, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
MOST_REFUSED = 100  # records of one writer; then its whole spool is set aside

_FEWER = 8  # pieces get so many times smaller around a record that is refused
_MORE = 4  # and so many times larger behind it


def store_apart(
    store: StreamStore,
    cursor: Cursor,
    read: Callable[[int], Batch | None],
    end: Position,
    most_bytes: int,
) -> None:
    """Store what lies between a cursor and `end`, in pieces, and refuse the records that it cannot hold.

    Args:
        store: The store.
        cursor: Where to begin; it ends at `end`, or where nothing more can be read now.
        read: The next batch of at most so many bytes, at least one record.
        end: A place up to which there is something to read.
        most_bytes: Of one piece.
    """
    room = most_bytes
    while cursor.position < end:
        go_back = cursor.mark()
        batch = read(room)
        if batch is None:
            return
        try:
            store.apply([batch])
        except DATA_ERRORS as error:
            if room > 1:
                go_back()
                room //= _FEWER
                room = max(1, room)
                continue
            reason = f"{type(error).__name__}: {error}"
            store.apply([cursor.refuse(batch, reason)])
        room = min(room * _MORE, most_bytes)
