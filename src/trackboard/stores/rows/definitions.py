"""Rows of `definition`: what a reader of a spool needs to read on from the middle of a segment."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from trackboard.model import WriterId
from trackboard.ports import Batch, Position, SavedDefinitions
from trackboard.stores.engine.database import pieces
from trackboard.stores.schema.tables import definition, writer


def save_definitions(connection: sa.Connection, batches: Sequence[Batch]) -> None:
    """Keep what the batches define in the segment that each ends in, and forget that of earlier ones.

    Args:
        connection: A write transaction.
        batches: Those that follow without a gap what is kept (see `Batch.completes`).
    """
    leaving = [batch.writer for batch in batches if batch.end.segment != batch.start.segment]
    forget_definitions(connection, leaving)
    rows = [
        {
            "writer": batch.writer,
            "segment": batch.end.segment,
            "offset": batch.end.offset,
            "records": b"\n".join(batch.definitions),
        }
        for batch in batches
        if batch.definitions
    ]
    if rows:
        connection.execute(sa.insert(definition), rows)


def forget_definitions(connection: sa.Connection, writers: Collection[WriterId]) -> None:
    """Delete what is kept of these writers."""
    for piece in pieces(writers):
        connection.execute(sa.delete(definition).where(definition.c.writer.in_(piece)))


def read_definitions(
    connection: sa.Connection, writer_id: WriterId, after: Position
) -> SavedDefinitions:
    """See `trackboard.ports.Store.read_definitions`."""
    stored = connection.execute(sa.select(writer).where(writer.c.id == writer_id)).one_or_none()
    if stored is None or stored.defined_segment is None:
        return SavedDefinitions(Position(0, 0))
    end = Position(stored.defined_segment, stored.defined_offset)
    begin = after.offset if after.segment == end.segment else 0
    query = (
        sa.select(definition.c.records)
        .where(definition.c.writer == writer_id)
        .where(definition.c.segment == end.segment, definition.c.offset > begin)
        .order_by(definition.c.offset)
    )
    lines = [
        line for records in connection.execute(query).scalars() for line in records.split(b"\n")
    ]
    return SavedDefinitions(end, tuple(lines))
