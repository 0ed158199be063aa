"""Runs that are archived or in the trash: columns of `run` and `experiment` that say since when."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from trackboard.model import RunId
from trackboard.stores.engine.database import pieces
from trackboard.stores.rules.run_transitions import not_found
from trackboard.stores.schema.tables import run, to_column


def put_away(
    connection: sa.Connection, column: sa.Column[Any], ids: Iterable[RunId], since_s: float
) -> tuple[RunId, ...]:
    """Say since when runs and all below them are put away; those that are already stay as they are."""
    found = _list_below(connection, _get_rows(connection, ids))
    changed = [row for row in found if getattr(row, column.name) is None]
    _set(connection, column, changed, to_column(since_s))
    return tuple(RunId(row.run_id) for row in changed)


def bring_back(
    connection: sa.Connection, column: sa.Column[Any], ids: Iterable[RunId]
) -> tuple[RunId, ...]:
    """Take runs back that are put away: each with those above it, and those below that went with it."""
    asked = _get_rows(connection, ids)
    level = [row for row in asked if getattr(row, column.name) is not None]
    found = {row.run_id: row for row in level}
    for row in _list_above(connection, level):
        if getattr(row, column.name) is not None:
            found.setdefault(row.run_id, row)
    since_s = {row.run_id: getattr(row, column.name) for row in level}
    while level:
        below = _read(connection, run.c.parent, [row.run_id for row in level])
        level = [
            row
            for row in below
            if row.run_id not in found and getattr(row, column.name) == since_s[row.parent]
        ]
        found.update((row.run_id, row) for row in level)
        since_s.update((row.run_id, since_s[row.parent]) for row in level)
    rows = sorted(found.values(), key=lambda row: int(row.id))
    _set(connection, column, rows, None)
    return tuple(RunId(row.run_id) for row in rows)


def find_parent(connection: sa.Connection, parent: RunId) -> sa.Row[Any] | None:
    """The row of a run that another one names as its parent."""
    return next(iter(_read(connection, run.c.run_id, [parent])), None)


def _get_rows(connection: sa.Connection, ids: Iterable[RunId]) -> list[sa.Row[Any]]:
    asked = dict.fromkeys(ids)
    rows = _read(connection, run.c.run_id, asked)
    known = {row.run_id for row in rows}
    for each in asked:
        if each not in known:
            raise not_found(each)
    return rows


def _list_below(connection: sa.Connection, level: list[sa.Row[Any]]) -> list[sa.Row[Any]]:
    """These runs and everything below them, in the order they were stored."""
    found = {row.run_id: row for row in level}
    while level:
        below = _read(connection, run.c.parent, [row.run_id for row in level])
        level = [row for row in below if row.run_id not in found]
        found.update((row.run_id, row) for row in level)
    return sorted(found.values(), key=lambda row: int(row.id))


def _list_above(connection: sa.Connection, level: list[sa.Row[Any]]) -> list[sa.Row[Any]]:
    """What these runs are below of, without them."""
    found: dict[str, sa.Row[Any]] = {}
    while level:
        parents = dict.fromkeys(row.parent for row in level if row.parent is not None)
        level = [row for row in _read(connection, run.c.run_id, parents) if row.run_id not in found]
        found.update((row.run_id, row) for row in level)
    return list(found.values())


def _read(
    connection: sa.Connection, column: sa.Column[Any], values: Collection[str]
) -> list[sa.Row[Any]]:
    query = sa.select(run.c.id, run.c.run_id, run.c.parent, run.c.archived_s, run.c.deleted_s)
    found: list[sa.Row[Any]] = []
    for piece in pieces(values):
        found.extend(connection.execute(query.where(column.in_(piece)).order_by(run.c.id)))
    return found


def _set(
    connection: sa.Connection,
    column: sa.Column[Any],
    rows: Iterable[sa.Row[Any]],
    value: float | None,
) -> None:
    for piece in pieces([row.id for row in rows]):
        update = sa.update(run).where(run.c.id.in_(piece)).values({column: value})
        connection.execute(update)
