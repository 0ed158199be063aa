"""Stores: SQL through SQLAlchemy Core."""

from __future__ import annotations

from pathlib import Path

from trackboard.stores.engine import sqlite
from trackboard.stores.engine.database import WAIT_S
from trackboard.stores.sql.store import SqlStore

__all__ = [
    "SqlStore",
    "copy_sqlite",
    "create_sqlite",
    "open_postgresql",
    "open_read_only",
    "open_sqlite",
]


def open_sqlite(
    path: Path,
    *,
    network_folder: bool = False,
    busy_timeout_s: float = WAIT_S,
    create: bool = True,
) -> SqlStore:
    """Open the history in the SQLite database at `path`.

    Args:
        path: The database's file.
        network_folder: Whether it lies on a network file system: then it is kept with a rollback
            journal, and only one host may use it at a time.
        busy_timeout_s: How long to wait for another process that writes.
        create: Make it when there is none.

    Raises:
        Conflict: The file is no history of ours, is damaged, or is of a newer version; it is left as
            it is.
        Unavailable: The disk or another process does not let us.
    """
    return SqlStore(
        sqlite.open_database(
            path, network_folder=network_folder, busy_timeout_s=busy_timeout_s, create=create
        )
    )


def create_sqlite(
    path: Path, *, network_folder: bool = False, busy_timeout_s: float = WAIT_S
) -> None:
    """Make an empty history at `path`, unless there is one; nobody has it open when this returns.

    Args:
        path: The database's file.
        network_folder: As for `open_sqlite`.
        busy_timeout_s: As for `open_sqlite`.

    Raises:
        Unavailable: The disk does not let us.
    """
    sqlite.create_database(path, network_folder=network_folder, busy_timeout_s=busy_timeout_s)


def copy_sqlite(path: Path, target: Path) -> None:
    """Write a copy of the database at `path`, as it is at one moment; those who write to it do not wait.

    Args:
        path: The database's file.
        target: The copy's file, which is not there yet.

    Raises:
        Conflict: The file is no history of ours, or is damaged.
        Unavailable: It cannot be read.
        OSError: The copy cannot be written.
    """
    sqlite.copy_database(path, target)


def open_read_only(path: Path, reason: str, *, network_folder: bool = False) -> SqlStore:
    """Open the history in a SQLite database that cannot be written; see `stores.engine.read_only`.

    Args:
        path: The database's file, which is there.
        reason: Why it cannot be written, in words.
        network_folder: As for `open_sqlite`.

    Raises:
        Conflict: The file is no history of ours, is damaged, or is of a newer version.
        Unavailable: It cannot be read either.
    """
    from trackboard.stores.engine import read_only  # these two: few need them

    return SqlStore(read_only.open_for_reading(path, reason, network_folder=network_folder))


def open_postgresql(url: str, *, wait_s: float = WAIT_S) -> SqlStore:
    """Open the history in the PostgreSQL database at `url`; see `stores.engine.postgresql`."""
    from trackboard.stores.engine import postgresql

    return SqlStore(postgresql.open_database(url, wait_s=wait_s))
