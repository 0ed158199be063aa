"""SQLite where nothing may be written: a read-only disk, another user's folder, a file without rights.

A database in WAL mode wants to write even for reading (its index of the WAL), so there are three ways in:

- A WAL lies beside it: it is in use, or its last user was killed. SQLite reads both files, as it is told
  that it may only read, with the index that the others keep.
- There is none, so nobody has it open: SQLite is told that the file never changes (`immutable`). It does
  change once somebody opens it, which then makes a WAL or a journal before anything else. So both, and the
  file's size and time, are looked at before and after each read: what was read meanwhile is thrown away.
- Neither will do (no index beside a WAL; a journal that has to be rolled back; an older layout): a copy in
  a private temporary folder is read, as it was when it was opened.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, NoReturn
from urllib.parse import quote

import sqlalchemy as sa

from trackboard.errors import TrackboardError, Unavailable
from trackboard.stores.engine.database import WAIT_S, Database
from trackboard.stores.engine.json_values import add_functions
from trackboard.stores.engine.schema_version import read_schema
from trackboard.stores.engine.sqlite import identify, open_database, translate
from trackboard.stores.engine.sqlite_dialect import make_engine
from trackboard.stores.schema.tables import SCHEMA

_BESIDE = ("-wal", "-journal")
_COPY_TRIES = 5
_SETTLE_S = 0.2


class _Mark(NamedTuple):
    """What changes with the database."""

    in_use: bool  # a WAL or a journal lies beside it
    file: tuple[int, ...]


class _Copy(NamedTuple):
    folder: tempfile.TemporaryDirectory[str]
    path: Path


def open_for_reading(path: Path, reason: str, *, network_folder: bool = False) -> Database:
    """Open a database that is there and cannot be written; nothing beside it is made or changed.

    Args:
        path: The database's file.
        reason: Why it cannot be written, in words.
        network_folder: Whether another host may be writing, which looks at the files do not show in time:
            then SQLite's locks are asked for, wherever it can be read with them.

    Raises:
        Conflict: It is no history of ours, is damaged, or is of a newer version.
        Unavailable: It cannot be read either.
    """
    for always_locks in (True, False) if network_folder else (False,):
        database = ReadOnlyDatabase(path, reason, always_locks=always_locks)
        if _is_readable(database, path):
            return database
    copy = _make_copy(path)
    try:
        open_database(copy.path, network_folder=False, busy_timeout_s=WAIT_S).close()
    except BaseException:
        copy.folder.cleanup()
        raise
    return ReadOnlyDatabase(path, reason, copy)


def _is_readable(database: Database, path: Path) -> bool:
    """Whether a database can be read as it is; it is closed if not."""
    try:
        if read_schema(database, path) == SCHEMA:
            return True
    except Unavailable:
        database.close()
        return False
    except BaseException:
        database.close()
        raise
    database.close()
    return False


class ReadOnlyDatabase(Database):
    """A database that is read and never written, also while others write.

    Args:
        path: The database's file.
        reason: Why it cannot be written, in words.
        copy: A copy that is read instead, in a folder that goes when it is closed.
        always_locks: Whether to take SQLite's locks also where nobody seems to have it open.
    """

    def __init__(
        self,
        path: Path,
        reason: str,
        copy: _Copy | None = None,
        *,
        always_locks: bool = False,
    ) -> None:
        self._named = path
        self._path = copy.path if copy else path
        self._reason = reason
        self._copy = copy
        self._always_locks = always_locks
        super().__init__(
            self._make_engine(),
            lambda error: translate(error, path),
            identify=lambda: _identify_state(self._path),
        )

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one moment."""
        before = _read_mark(self._path)
        try:
            with super().read() as connection:
                yield connection
        except TrackboardError:
            self._refuse_what_changed(before)
            raise
        self._refuse_what_changed(before)

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[NoReturn]:
        """Refuse.

        Raises:
            Unavailable: Always.
        """
        del durable
        raise Unavailable(
            f"the history {self._named} cannot be written from here: {self._reason}",
            hint="It can be read. Write from where its folder may be written.",
        )
        yield  # it is a context manager all the same

    def shrink(self, *, always: bool = False) -> int:
        """Refuse.

        Raises:
            Unavailable: Always.
        """
        del always
        with self.write():
            return 0

    def close(self) -> None:
        """Close idle connections, and remove the copy. May be repeated."""
        super().close()
        if self._copy is not None:
            self._copy.folder.cleanup()

    def _refuse_what_changed(self, before: _Mark) -> None:
        if before.in_use or self._always_locks:
            return
        if _read_mark(self._path) != before:
            raise Unavailable(
                f"the history {self._named} was changed while it was read", hint="Try again."
            )

    def _make_engine(self) -> sa.Engine:
        def connect() -> sqlite3.Connection:
            is_locked = self._always_locks or _read_mark(self._path).in_use
            how = "mode=ro" if is_locked else "mode=ro&immutable=1"
            uri = f"file:{quote(str(self._path))}?{how}"
            connection = sqlite3.connect(
                uri, uri=True, isolation_level=None, check_same_thread=False
            )
            add_functions(connection)
            return connection

        engine = make_engine(connect)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        return engine


def _make_copy(path: Path) -> _Copy:
    """Copy a database with what lies beside it."""
    folder = tempfile.TemporaryDirectory(prefix="trackboard-reading-")
    copy = _Copy(folder, Path(folder.name, path.name))
    try:
        _copy_files(path, copy.path)
    except OSError as error:
        folder.cleanup()
        raise Unavailable(
            f"the history {path} can only be read from a copy, which could not be made:"
            f" {error.strerror or error}",
            hint=f"Make room in {tempfile.gettempdir()}, or set TMPDIR.",
        ) from error
    except BaseException:
        folder.cleanup()
        raise
    return copy


def _copy_files(path: Path, copy: Path) -> None:
    for _ in range(_COPY_TRIES):
        before = _stamp_all(path)
        for suffix in ("", *_BESIDE):
            Path(f"{copy}{suffix}").unlink(missing_ok=True)
            if os.path.exists(f"{path}{suffix}"):
                shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
        if _stamp_all(path) == before:
            return
        time.sleep(_SETTLE_S)
    raise Unavailable(
        f"the history {path} is written all the time, and can only be read from a copy",
        hint="Try again when less is going on.",
    )


def _read_mark(path: Path) -> _Mark:
    in_use = any(os.path.exists(f"{path}{suffix}") for suffix in _BESIDE)
    return _Mark(in_use, identify(path) if in_use else (*identify(path), *_stamp(path)))


def _identify_state(path: Path) -> tuple[object, ...]:
    """What names a state of the database, also one whose time may be that of the state before."""
    mark = _read_mark(path)
    is_young = not mark.in_use and time.time() - os.stat(path).st_mtime < _SETTLE_S
    return (*mark, time.monotonic_ns() if is_young else 0)


def _stamp_all(path: Path) -> list[tuple[int, ...]]:
    return [_stamp(f"{path}{suffix}") for suffix in ("", *_BESIDE)]


def _stamp(path: Path | str) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return ()
    return found.st_size, found.st_mtime_ns
