"""The id of a database: drawn when it is made, and the same in each copy of it."""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from trackboard.stores.schema import tables

_KEY = "id"
_ID_BITS = 63  # any database holds it as an integer


def draw_row() -> dict[str, object]:
    """The row that names a database which is being made."""
    return {"key": _KEY, "value": secrets.randbits(_ID_BITS)}


def read_id(connection: sa.Connection) -> str:
    """The id of the database; empty for one that an older trackboard made, until it is opened to write."""
    query = sa.select(tables.meta.c.value).where(tables.meta.c.key == _KEY)
    found = connection.execute(query).scalar_one_or_none()
    return "" if found is None else f"{found:016x}"


def give_id(connection: sa.Connection) -> None:
    """Name a database that has no id yet, in the caller's write transaction."""
    if not read_id(connection):
        connection.execute(sa.insert(tables.meta), [draw_row()])
