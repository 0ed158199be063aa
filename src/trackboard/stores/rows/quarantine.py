"""Rows of `refused`: records of the stream that cannot be stored, kept as they were recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from trackboard.model import RunId, WriterId
from trackboard.ports import Position, Refused
from trackboard.stores.engine.database import pieces
from trackboard.stores.schema.tables import refused


def add_refused(connection: sa.Connection, records: Iterable[Refused]) -> None:
    """Keep records that were refused."""
    rows = [
        {
            "writer": each.writer,
            "segment": each.at.segment,
            "offset": each.at.offset,
            "data": each.data,
            "error": each.error,
            "run_id": each.run,
        }
        for each in records
    ]
    if rows:
        connection.execute(sa.insert(refused), rows)


def list_refused(connection: sa.Connection, writer: WriterId | None) -> tuple[Refused, ...]:
    """See `trackboard.ports.Store.list_refused`."""
    query = sa.select(refused).order_by(refused.c.writer, refused.c.segment, refused.c.offset)
    if writer is not None:
        query = query.where(refused.c.writer == writer)
    return tuple(
        Refused(
            WriterId(row.writer),
            Position(row.segment, row.offset),
            row.data,
            row.error,
            None if row.run_id is None else RunId(row.run_id),
        )
        for row in connection.execute(query)
    )


def count_refused(connection: sa.Connection, writers: Collection[WriterId]) -> dict[WriterId, int]:
    """See `trackboard.ports.Store.count_refused`."""
    query = sa.select(refused.c.writer, sa.func.count().label("records")).group_by(refused.c.writer)
    return {
        WriterId(row.writer): row.records
        for piece in pieces(writers)
        for row in connection.execute(query.where(refused.c.writer.in_(piece)))
    }
