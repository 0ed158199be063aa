"""The rows that come after a run in an order: how a list goes on where its last page ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from trackboard.errors import NotFound
from trackboard.model import RunId
from trackboard.stores.schema.tables import run

Clause = sa.ColumnElement[bool]


class Key(NamedTuple):
    """What rows are sorted by.

    Attributes:
        by: The value of a row; NULL comes last, or first.
        descending: The greatest comes first.
        nulls_first: Rows without a value come first.
    """

    by: sa.ColumnElement[Any]
    descending: bool
    nulls_first: bool = False


NEWEST: Sequence[Key] = (Key(run.c.created_s, descending=True), Key(run.c.id, descending=True))
OLDEST: Sequence[Key] = (
    Key(run.c.created_s, descending=False, nulls_first=True),
    Key(run.c.id, descending=False),
)


def get_keys(connection: sa.Connection, keys: Sequence[Key], after: RunId) -> Sequence[Any]:
    """What a run has of each key, wherever it is by now.

    Raises:
        NotFound: The run is gone.
    """
    row = connection.execute(
        sa.select(*(key.by for key in keys)).select_from(run).where(run.c.run_id == after)
    ).first()
    if row is None:
        raise NotFound(
            f"there is no run {after!r} to go on after", hint="Begin at the first page again."
        )
    return tuple(row)


def comes_after(keys: Sequence[Key], values: Sequence[Any]) -> Clause:
    """The clause that is true of the rows behind the one that has these values.

    Args:
        keys: By what rows are sorted; what comes first decides first.
        values: What that row has of each.
    """
    clause: Clause = sa.false()
    for key, value in reversed([*zip(keys, values, strict=True)]):
        same = key.by.is_(None) if value is None else key.by == value
        clause = sa.or_(_is_behind(key, value), sa.and_(same, clause))
    return clause


def _is_behind(key: Key, value: Any) -> Clause:
    if value is None:
        return key.by.is_not(None) if key.nulls_first else sa.false()
    further: Clause = key.by < value if key.descending else key.by > value
    return further if key.nulls_first else sa.or_(further, key.by.is_(None))
