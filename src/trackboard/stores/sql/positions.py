"""Where to read on in each writer's spool."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from trackboard.model import WriterId
from trackboard.ports import Position
from trackboard.stores.engine.database import pieces
from trackboard.stores.schema.tables import writer

START = Position(0, 0)


def positions(connection: sa.Connection) -> dict[WriterId, Position]:
    """Where to read on, of all writers that have not ended."""
    query = sa.select(writer).where(writer.c.ended.is_(False)).order_by(writer.c.id)
    return {WriterId(row.id): position_of(row) for row in connection.execute(query)}


def position(connection: sa.Connection, writer_id: WriterId) -> Position:
    """Where to read on."""
    return read_positions(connection, [writer_id]).get(writer_id, START)


def read_writers(
    connection: sa.Connection, writers: Iterable[WriterId]
) -> dict[WriterId, sa.Row[Any]]:
    """The rows of some writers."""
    return {
        WriterId(row.id): row
        for piece in pieces(writers)
        for row in connection.execute(sa.select(writer).where(writer.c.id.in_(piece)))
    }


def read_positions(
    connection: sa.Connection, writers: Iterable[WriterId]
) -> dict[WriterId, Position]:
    """Where to read on, of some writers, whether they have ended or not."""
    return {each: position_of(row) for each, row in read_writers(connection, writers).items()}


def position_of(row: sa.Row[Any]) -> Position:
    """Where to read on, of a row."""
    return Position(row.segment, row.offset)
