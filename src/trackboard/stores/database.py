"""Transactions on one SQL database: who may write, how errors are told, what a fork inherits.

Write transactions exclude each other, in this process by a lock and between processes by the database
itself (`BEGIN IMMEDIATE`, or the row of the version counter, which each one changes first).
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

import sqlalchemy as sa

from trackboard.errors import TrackboardError
from trackboard.stores import schema

Item = TypeVar("Item")

WRITES = "trackboard_writes"  # execution option of connections that are about to write

_BUMP = (
    sa.update(schema.meta)
    .where(schema.meta.c.key == "version")
    .values(value=schema.meta.c.value + 1)
)
_VERSION = sa.select(schema.meta.c.value).where(schema.meta.c.key == "version")


class Database:
    """One database, used from several threads; a forked child gets connections of its own.

    Args:
        engine: Its begin event must start a transaction that excludes other writers when the
            connection has the execution option `WRITES`.
        translate: Says a driver's error in our words.
    """

    def __init__(
        self, engine: sa.Engine, translate: Callable[[sa.exc.DBAPIError], TrackboardError]
    ) -> None:
        self._engine = engine
        self._writing = engine.execution_options(**{WRITES: True})
        self._translate = translate
        self._lock = threading.Lock()
        _follow_forks(self)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one moment and changes nothing."""
        with self._translated(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that excludes other writers; leaving it by an error undoes it."""
        with (
            self._lock,
            self._translated(),
            self._writing.connect() as connection,
            connection.begin(),
        ):
            connection.execute(_BUMP)
            yield connection

    def version(self) -> int:
        """How many write transactions there were."""
        with self.read() as connection:
            return version(connection)

    def close(self) -> None:
        """Close idle connections. May be repeated."""
        self._engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise self._translate(error) from error

    def _leave_parent(self) -> sa.Pool:
        """Forget what belongs to the parent process; the pool returned must be kept, never closed."""
        inherited = self._engine.pool
        self._engine.dispose(close=False)
        self._lock = threading.Lock()
        return inherited


def pieces(items: Iterable[Item], size: int = 500) -> Iterator[list[Item]]:
    """Lists short enough for one statement's variables."""
    rest = iter(items)
    while piece := list(islice(rest, size)):
        yield piece


def version(connection: sa.Connection) -> int:
    """The version counter as this transaction sees it."""
    return int(connection.execute(_VERSION).scalar_one())


_databases: weakref.WeakSet[Database] = weakref.WeakSet()
_inherited: list[sa.Pool] = []  # SQLite forbids that a child even closes its parent's connections
_following = threading.Event()


def _follow_forks(database: Database) -> None:
    _databases.add(database)
    if not _following.is_set():
        _following.set()
        os.register_at_fork(before=_before_fork, after_in_child=_after_fork_in_child)


def _before_fork() -> None:
    for database in list(_databases):
        database.close()


def _after_fork_in_child() -> None:
    _inherited.extend(database._leave_parent() for database in list(_databases))
