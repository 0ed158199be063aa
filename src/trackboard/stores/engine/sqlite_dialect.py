"""One dialect for all SQLite databases of a process, so that SQLAlchemy compiles each statement once for all.

It keeps what it compiled by engine and by dialect object, otherwise: whoever opens a workspace again, or
another one, would pay once more for statements that are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

_MOST_STATEMENTS = 1_000  # conditions that people type are statements of their own
_compiled: sa.util.LRUCache[Any, Any] = sa.util.LRUCache(_MOST_STATEMENTS)


class SharedDialect(SQLiteDialect_pysqlite):
    """SQLite's dialect. All of a process are equal: one library, without options."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))


registry.register("sqlite.trackboard", __name__, SharedDialect.__name__)


def make_engine(connect: Callable[[], Any], **options: Any) -> sa.Engine:
    """Make an engine with a pool of up to four idle connections.

    Args:
        connect: Opens a connection of the driver's.
        options: More of `sqlalchemy.create_engine`.
    """
    return sa.create_engine(
        "sqlite+trackboard://",
        creator=connect,
        poolclass=sa.QueuePool,
        pool_size=4,
        max_overflow=-1,
        execution_options={"compiled_cache": _compiled},
        **options,
    )
