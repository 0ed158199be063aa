"""Making a SQLite database smaller: written anew without its free pages, by SQLite itself.

Readers see the old or the new one; writers wait. Interrupted at any moment, the database is as it was.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

import sqlalchemy as sa

from trackboard.errors import Unavailable
from trackboard.format.amounts import size

_LEAST_BYTES = 1 << 20  # free pages that are not worth the trouble
_LEAST_PART = 1 / 8  # of the database
_MARGIN_BYTES = 1 << 20


def vacuum(engine: sa.Engine, path: Path, *, always: bool = False) -> int:
    """Write a database anew, where enough of it is free.

    Args:
        engine: Is connected with it.
        path: Its file.
        always: Also where few pages are free: others may be half full.

    Returns:
        How many bytes smaller it is.

    Raises:
        Unavailable: There is no room for the new one.
    """
    before_bytes = path.stat().st_size
    raw = engine.raw_connection()  # outside of a transaction
    try:
        connection = raw.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        page_bytes, pages, free = (
            int(connection.execute(f"PRAGMA {what}").fetchone()[0])
            for what in ("page_size", "page_count", "freelist_count")
        )
        pays = free * page_bytes >= max(_LEAST_BYTES, _LEAST_PART * pages * page_bytes)
        if not pays and not always:
            return 0
        _check_room(path, (pages - free) * page_bytes)
        connection.execute("VACUUM")
        with contextlib.suppress(
            sqlite3.OperationalError
        ):  # a reader holds it: the next one does it
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        raw.close()
    return max(0, before_bytes - path.stat().st_size)


def _check_room(path: Path, needed_bytes: int) -> None:
    """SQLite writes the new database twice: into a temporary file, and into the old one's journal."""
    for folder in {path.parent, Path(os.environ.get("SQLITE_TMPDIR") or tempfile.gettempdir())}:
        free_bytes = shutil.disk_usage(folder).free
        if free_bytes < needed_bytes + _MARGIN_BYTES:
            raise Unavailable(
                f"the database {path} could not be made smaller: that needs {size(needed_bytes)} in {folder},"
                f" where {size(free_bytes)} are free",
                hint="Make room there and type trackboard gc again; what is free in it is used again anyway.",
            )
