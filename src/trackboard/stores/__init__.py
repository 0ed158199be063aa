"""Stores: SQL through SQLAlchemy Core, and an in-memory model of the contract."""

from __future__ import annotations

from pathlib import Path

from trackboard.ports import Store
from trackboard.stores import sqlite
from trackboard.stores.database import WAIT_S
from trackboard.stores.memory import MemoryStore
from trackboard.stores.sql_store import SqlStore

__all__ = ["MemoryStore", "SqlStore", "open_sqlite"]


def open_sqlite(
    path: Path, *, network_folder: bool = False, busy_timeout_s: float = WAIT_S
) -> Store:
    """Open the history in the SQLite database at `path`; it is created when there is none.

    Args:
        path: The database's file.
        network_folder: Whether it lies on a network file system: then it is kept with a rollback
            journal, and only one host may use it at a time.
        busy_timeout_s: How long to wait for another process that writes.

    Raises:
        Conflict: The file is no history of ours, is damaged, or is of a newer version; it is left as
            it is.
        Unavailable: The disk or another process does not let us.
    """
    return SqlStore(
        sqlite.open_database(path, network_folder=network_folder, busy_timeout_s=busy_timeout_s)
    )
