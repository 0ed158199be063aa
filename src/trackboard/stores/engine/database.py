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

from trackboard.errors import TrackboardError, Unavailable
from trackboard.ports import Unstorable
from trackboard.stores.schema import tables

Item = TypeVar("Item")

_GENERATION_BITS = 48  # of the version, below the count of databases
WAIT_S = 30.0  # how long a write waits for another process that writes, unless told otherwise
_FORK_PATIENCE_S = 10.0  # that a fork waits for transactions of other threads
WRITES = "trackboard_writes"  # execution option of connections that are about to write
DURABLE = "trackboard_durable"  # and of those whose transaction survives a power cut
TIMEOUT_S = "trackboard_timeout_s"  # and how long they wait for another writer

_BUMP = (
    sa.update(tables.meta)
    .where(tables.meta.c.key == "version")
    .values(value=tables.meta.c.value + 1)
)
_BUMP_RETURNING = _BUMP.returning(tables.meta.c.value)
_NUMBER = "trackboard_write"  # in the `info` of a connection that writes
_VERSION = sa.select(tables.meta.c.value).where(tables.meta.c.key == "version")


class Database:
    """One database, used from several threads; a forked child gets connections of its own.

    Args:
        engine: Its begin event must start a transaction that excludes other writers when the
            connection has the execution option `WRITES`, and wait for these at most as long as
            `TIMEOUT_S` says.
        translate: Says a driver's error in our words.
        identify: Names the database that is at the engine's address now; asked before each transaction.
            When the name changes, all connections are closed and `prepare` is called with this database.
        wait_s: How long a write waits for other writers.
        shrink: Makes the database that an engine is connected with smaller, where it pays or always, and says
            by how many bytes.
    """

    def __init__(
        self,
        engine: sa.Engine,
        translate: Callable[[sa.exc.DBAPIError], TrackboardError],
        *,
        identify: Callable[[], object] = lambda: None,
        prepare: Callable[[Database], None] = lambda _: None,
        wait_s: float = WAIT_S,
        shrink: Callable[[sa.Engine, bool], int] = lambda _engine, _always: 0,
    ) -> None:
        self._shrink = shrink
        self._engine = engine
        self._translate = translate
        self._identify, self._prepare = identify, prepare
        self._identity = identify()
        self._replacing = threading.RLock()
        self._is_replacing = False
        self.generation = 0  # counts how often another database was found in the place of the first
        self._wait_s = wait_s
        self._limited = threading.local()
        self._lock = threading.Lock()
        self._gate = _Gate()
        sa.event.listen(engine, "handle_error", _refuse_values)
        _follow_forks(self)
        weakref.finalize(
            self, engine.dispose
        )  # of a workspace that nobody closes, also at the exit

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one moment and changes nothing."""
        self._follow()
        with (
            self.translated(),
            self._gate.inside(),
            self._engine.connect() as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[sa.Connection]:
        """A transaction that excludes other writers; leaving it by an error undoes it.

        Args:
            durable: It, and all before it, survive a power cut once it is over.
        """
        self._follow()
        wait_s = getattr(self._limited, "wait_s", self._wait_s)
        options = {WRITES: True, DURABLE: durable, TIMEOUT_S: wait_s}
        with (
            self.translated(),
            self._alone(wait_s),
            self._gate.inside(),
            self._engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            _count(connection)
            yield connection

    @contextmanager
    def limit_waits(self, wait_s: float) -> Iterator[None]:
        """Within the `with` block, writes of this thread wait at most so long for other writers."""
        before = getattr(self._limited, "wait_s", self._wait_s)
        self._limited.wait_s = min(wait_s, before)
        try:
            yield
        finally:
            self._limited.wait_s = before

    def shrink(self, *, always: bool = False) -> int:
        """Make the database smaller, where it pays or `always`; returns by how many bytes."""
        self._follow()
        with self.translated(), self._alone(self._wait_s), self._gate.inside():
            return self._shrink(self._engine, always)

    def version(self) -> int:
        """How many write transactions there were; never the same for two databases of one place."""
        with self.read() as connection:
            return version(connection) + (self.generation << _GENERATION_BITS)

    def close(self) -> None:
        """Close idle connections. May be repeated."""
        self._engine.dispose()

    def _follow(self) -> None:
        """Leave a database that was deleted or replaced: what goes into it, nobody would ever read."""
        found = self._identify()
        if found == self._identity:
            return
        with self._replacing:
            if self._is_replacing or found == self._identity:
                return
            self._is_replacing = True
            try:
                self._engine.dispose()
                self.generation += 1
                self._prepare(self)
                self._identity = found
            finally:
                self._is_replacing = False

    @contextmanager
    def _alone(self, wait_s: float) -> Iterator[None]:
        lock = self._lock  # a child that is forked meanwhile gets another one
        if not lock.acquire(timeout=wait_s):
            raise Unavailable(
                f"another thread of this process has been writing to the history for {wait_s:g} s",
                hint="Try again in a moment.",
            )
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Say in our words what a driver raises within the `with` block."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise self._translate(error) from error

    def _pause_for_fork(self) -> None:
        self._gate.close()
        self._engine.dispose()

    def _resume_after_fork(self) -> None:
        self._gate.open()

    def _begin_as_child(self) -> None:
        _inherited.append(self._engine.pool)
        self._engine.dispose(close=False)
        self._lock, self._gate, self._limited = threading.Lock(), _Gate(), threading.local()
        self._replacing, self._is_replacing = threading.RLock(), False


class _Gate:
    """Keeps a fork from happening within a transaction.

    A child inherits SQLite's mutexes and its book of locks as they are at that moment, and nobody in
    the child will ever release what another thread of the parent held.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition(threading.Lock())
        self._count = 0
        self._closed = False

    @contextmanager
    def inside(self) -> Iterator[None]:
        with self._condition:
            while self._closed:
                self._condition.wait()
            self._count += 1
        try:
            yield
        finally:
            with self._condition:
                self._count -= 1
                self._condition.notify_all()

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.wait_for(lambda: self._count == 0, _FORK_PATIENCE_S)

    def open(self) -> None:
        with self._condition:
            self._closed = False
            self._condition.notify_all()


def _refuse_values(context: sa.engine.ExceptionContext) -> TrackboardError | None:
    """The error for a value that the driver cannot even hand to the database."""
    error = context.original_exception
    if isinstance(error, OverflowError | UnicodeEncodeError):
        return unstorable(str(error))
    return None


def unstorable(text: str) -> Unstorable:
    """The error for a value that the database refuses, in the driver's words `text`."""
    return Unstorable(
        f"the history cannot hold a value: {text}",
        hint="Nothing was changed. Use integers of 64 bits and texts of less than 1 GB.",
    )


def pieces(items: Iterable[Item], size: int = 500) -> Iterator[list[Item]]:
    """Lists short enough for one statement's variables."""
    rest = iter(items)
    while piece := list(islice(rest, size)):
        yield piece


def write_number(connection: sa.Connection) -> int:
    """The version counter as a write transaction leaves it: which write of the database it is."""
    return int(connection.info[_NUMBER])


def version(connection: sa.Connection) -> int:
    """The version counter as this transaction sees it."""
    return int(connection.execute(_VERSION).scalar_one())


def _count(connection: sa.Connection) -> None:
    """Change the version counter, and note on the connection what it is now."""
    if connection.dialect.update_returning:
        connection.info[_NUMBER] = connection.execute(_BUMP_RETURNING).scalar_one()
    else:  # SQLite before 3.35
        connection.execute(_BUMP)
        connection.info[_NUMBER] = version(connection)


_databases: weakref.WeakSet[Database] = weakref.WeakSet()
_inherited: list[sa.Pool] = []  # SQLite forbids that a child even closes its parent's connections
_following = threading.Event()


def _follow_forks(database: Database) -> None:
    _databases.add(database)
    if not _following.is_set():
        _following.set()
        os.register_at_fork(
            before=lambda: _for_all(Database._pause_for_fork),
            after_in_parent=lambda: _for_all(Database._resume_after_fork),
            after_in_child=lambda: _for_all(Database._begin_as_child),
        )


def _for_all(what: Callable[[Database], None]) -> None:
    for database in list(_databases):
        what(database)
