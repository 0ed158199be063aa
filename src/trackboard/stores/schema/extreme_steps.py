"""At which step a series had its least and its greatest value first, read from its chunks.

Whoever appends keeps these steps in the row of the series, with how many points they are of. Where that
number is not the series', the row was written before there were such steps, or by a trackboard of then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa

from trackboard.stores.codec.chunk import Damaged, Packed, Unpacker, first_step
from trackboard.stores.schema.tables import STEPS_ARE_KNOWN, chunk, series

_AT_ONCE = 500


def read_extreme_steps(
    connection: sa.Connection, unpacker: Unpacker, ids: Collection[int]
) -> dict[int, tuple[int | None, int | None]]:
    """The steps of the least and the greatest values of series.

    Args:
        connection: Of the store.
        unpacker: Reads chunks.
        ids: The series.

    Returns:
        Both steps by series; None where there is no number, or its chunk is damaged.
    """
    least = _read(connection, unpacker, ids, series.c.min_value, chunk.c.min_value)
    greatest = _read(connection, unpacker, ids, series.c.max_value, chunk.c.max_value)
    return {each: (least.get(each), greatest.get(each)) for each in ids}


def fill_extreme_steps(connection: sa.Connection) -> None:
    """Write the steps into the rows of all series that lack them."""
    unpacker = Unpacker()
    is_known = sa.func.coalesce(STEPS_ARE_KNOWN, sa.false())
    lacking = sa.select(series.c.id).where(~series.c.is_text, sa.not_(is_known))
    update = sa.update(series).where(series.c.id == sa.bindparam("of_id"))
    for piece in _pieces(connection.execute(lacking).scalars().all()):
        rows = [
            {"of_id": each, "min_value_step": low, "max_value_step": high}
            for each, (low, high) in read_extreme_steps(connection, unpacker, piece).items()
        ]
        connection.execute(update.values(extremes_of=series.c.points), rows)


def _read(
    connection: sa.Connection,
    unpacker: Unpacker,
    ids: Collection[int],
    of_series: sa.ColumnElement[Any],
    of_chunk: sa.ColumnElement[Any],
) -> dict[int, int]:
    first = (
        sa.select(sa.func.min(chunk.c.start))
        .where(chunk.c.series == series.c.id, of_chunk == of_series)
        .correlate(series)
        .scalar_subquery()
    )
    query = sa.select(chunk, of_series.label("extreme")).join(
        series, sa.and_(chunk.c.series == series.c.id, chunk.c.start == first)
    )
    found = {}
    for piece in _pieces(ids):
        for row in connection.execute(query.where(series.c.id.in_(piece))):
            try:
                packed = Packed.of(row.points, row.kind, row.codec, row.data, row.checksum)
                found[row.series] = first_step(unpacker.read(packed), row.extreme)
            except Damaged:  # whoever reads the points says so
                continue
    return found


def _pieces(ids: Collection[int]) -> Iterator[list[int]]:
    """As many as one statement takes."""
    each = list(ids)
    return (each[at : at + _AT_ONCE] for at in range(0, len(each), _AT_ONCE))
