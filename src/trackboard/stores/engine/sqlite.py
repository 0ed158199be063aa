"""SQLite behind the SQL store: one file, created aside, opened by nothing but SQLite itself.

Nobody may `open()` the file: closing any other descriptor of it would drop SQLite's POSIX locks.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from trackboard.errors import InternalError, TrackboardError, Unavailable
from trackboard.layout import PRIVATE_FILE, open_file
from trackboard.ports import Damaged
from trackboard.stores.engine import schema_version
from trackboard.stores.engine.database import (
    DURABLE,
    TIMEOUT_S,
    WAIT_S,
    WRITES,
    Database,
    unstorable,
)
from trackboard.stores.engine.json_values import add_functions
from trackboard.stores.engine.lock_holder import describe_writer
from trackboard.stores.engine.sqlite_dialect import make_engine
from trackboard.stores.engine.vacuum import vacuum

_VALUES = ("SQLITE_TOOBIG", "SQLITE_CONSTRAINT", "SQLITE_MISMATCH")  # the value is the reason
_REFUSED_COPY = (  # what only the file that is written to says, after the other was read
    *("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR_WRITE"),
    *("SQLITE_IOERR_FSYNC", "SQLITE_IOERR_TRUNCATE"),
)


def create_database(path: Path, *, network_folder: bool, busy_timeout_s: float) -> None:
    """Make an empty database at `path`, unless there is one; nobody has it open when this returns.

    Raises:
        Unavailable: The disk does not let us.
    """
    path = Path(os.path.abspath(path))
    if not path.exists():
        _create(path, _journal(network_folder), busy_timeout_s)


def open_database(
    path: Path, *, network_folder: bool, busy_timeout_s: float, create: bool = True
) -> Database:
    """Open the database at `path`.

    Args:
        path: Its file.
        network_folder: Whether it lies on a network file system.
        busy_timeout_s: How long to wait for another process that writes.
        create: Make it when there is none.

    Raises:
        Conflict: The file is no history of ours, is damaged, or is of a newer version.
        Unavailable: The disk or another process does not let us.
    """
    path = Path(os.path.abspath(path))
    journal = _journal(network_folder)
    if create:
        create_database(path, network_folder=network_folder, busy_timeout_s=busy_timeout_s)

    def prepare(database: Database) -> None:
        schema_version.bring_up_to_date(database, path)
        _set_journal(database, journal)

    database = Database(
        _engine(path, busy_timeout_s),
        lambda error: translate(error, path),
        identify=partial(identify, path),
        prepare=prepare,
        wait_s=busy_timeout_s,
        shrink=lambda engine, always: vacuum(engine, path, always=always),
    )
    try:
        prepare(database)
    except BaseException:
        database.close()
        raise
    return database


def _journal(network_folder: bool) -> str:  # noqa: FBT001 - an answer
    return "DELETE" if network_folder else "WAL"


def _engine(path: Path, busy_timeout_s: float) -> sa.Engine:
    uri = f"file:{quote(str(path))}?mode=rw"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous=NORMAL")
        add_functions(connection)
        return connection

    engine = make_engine(connect, pool_use_lifo=True)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    driver: Any = connection.connection.dbapi_connection
    if options.get(WRITES, False):
        # FULL syncs the journal, and so all transactions before this one
        level = "FULL" if options.get(DURABLE, False) else "NORMAL"
        driver.execute(f"PRAGMA synchronous={level}")
        driver.execute(f"PRAGMA busy_timeout={round(1000 * options.get(TIMEOUT_S, WAIT_S))}")
        try:  # not by way of SQLAlchemy, where half of a short transaction would be spent
            driver.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise sa.exc.OperationalError("BEGIN IMMEDIATE", None, error) from error
    else:
        driver.execute("BEGIN")


def _create(path: Path, journal: str, busy_timeout_s: float) -> None:
    """Build the database aside and give it its name when it is whole; a faster process may win."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        os.close(open_file(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR))
        try:
            _fill(temporary, journal, busy_timeout_s, named=path)
            _name_once(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except TrackboardError:
        raise
    except OSError as error:
        raise Unavailable(
            f"the history {path} could not be created: {error.strerror or error}",
            hint=f"Make {path.parent} a folder that you may write to, on a disk with free space.",
        ) from error


def _fill(path: Path, journal: str, busy_timeout_s: float, *, named: Path) -> None:
    """Make the tables of a database that will have another name, under which errors are told."""
    engine = _engine(path, busy_timeout_s)
    try:
        with engine.execution_options(**{WRITES: True}).connect() as connection, connection.begin():
            schema_version.create_tables(connection)
        _pragma_journal(engine, journal)
    except sa.exc.DBAPIError as error:
        raise translate(error, named) from error
    finally:
        engine.dispose()  # the last connection that closes also removes the journal's files


def _name_once(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    except OSError:  # no hard links here; the workspace's lock keeps others out
        if not path.exists():
            os.rename(temporary, path)


def identify(path: Path) -> tuple[int, int]:
    """Which file is at the path: the one that is open may have been deleted, or a backup put there."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise Unavailable(
            f"the history {path} is not there any more: {error.strerror or error}",
            hint="Put it, or a copy of it, back. What is recorded meanwhile waits in the spools.",
        ) from error
    return found.st_dev, found.st_ino


def _set_journal(database: Database, journal: str) -> None:
    with database.read() as connection:
        found = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one())
    if found.upper() != journal:
        with database.translated():
            _pragma_journal(database._engine, journal)


def _pragma_journal(engine: sa.Engine, journal: str) -> None:
    connection = engine.raw_connection()  # outside of a transaction, where the mode may change
    try:
        connection.cursor().execute(f"PRAGMA journal_mode={journal}")
    finally:
        connection.close()


def translate(error: sa.exc.DBAPIError, path: Path) -> TrackboardError:
    """A driver's error about the database at `path`, in our words."""
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    text = str(error.orig)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or "no such table: meta" in text:
        return Damaged(
            f"the file {path} is damaged or not a trackboard history: {text}",
            hint="Nothing was changed. Put a copy of it back (of a backup: trackboard restore-backup), save"
            f" what can be read (sqlite3 {path} .recover | sqlite3 saved.db), or move it away to start a"
            " new one.",
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Unavailable(
            f"the history {path} is in use by another process, {describe_writer(path)}: {text}",
            hint="Look at that process: go on with it, or end it. What is stored can be read meanwhile.",
        )
    if name.startswith(_VALUES) or isinstance(error.orig, sqlite3.DataError):
        return unstorable(text)
    if name.startswith(
        ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
    ):
        return Unavailable(
            f"the history {path} could not be read or written: {text}",
            hint=f"Check that {path} exists, that you may write to it, and that its disk has space.",
        )
    return InternalError(f"the history {path} refused a statement of ours ({name}): {text}")


def copy_database(path: Path, target: Path) -> None:
    """See `trackboard.stores.copy_sqlite`."""
    os.close(open_file(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
    is_readable = False
    try:
        with (
            contextlib.closing(
                sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
            ) as source,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            source.execute("SELECT count(*) FROM sqlite_master")
            is_readable = True
            source.backup(copy)
    except sqlite3.Error as error:
        name = str(getattr(error, "sqlite_errorname", ""))
        if is_readable and name.startswith(_REFUSED_COPY):
            code = errno.ENOSPC if name == "SQLITE_FULL" else errno.EIO
            raise OSError(code, os.strerror(code), str(target)) from error
        raise translate(sa.exc.DBAPIError("", None, error), path) from error
