"""What keeps this process from writing to a workspace, if anything does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from trackboard.layout import WorkspacePaths, owner_name


def find_obstacle(folder: Path, database: Path) -> str:
    """Say why a workspace cannot be written from here, in words; empty when it can.

    Args:
        folder: The workspace's.
        database: Its database's file.
    """
    for path in _list_written(folder, database):
        is_folder = path.is_dir()
        needed = os.W_OK | (os.X_OK if is_folder else os.R_OK)
        if os.path.exists(path) and not os.access(path, needed, effective_ids=_EFFECTIVE):
            return _describe(path, "folder" if is_folder else "file")
    return ""


_EFFECTIVE = os.access in os.supports_effective_ids


def _list_written(folder: Path, database: Path) -> Iterator[Path]:
    """What whoever stores what is recorded writes to."""
    yield folder
    paths = WorkspacePaths(folder)
    yield from (paths.lock, paths.spool, paths.runs)
    yield database.parent
    for suffix in ("", "-wal", "-shm"):
        yield database.with_name(database.name + suffix)


def _describe(path: Path, kind: str) -> str:
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return f"the disk of {path} is mounted read-only"
    if path.stat().st_uid == os.geteuid():
        return f"the {kind} {path} is write-protected"
    return f"the {kind} {path} belongs to user {owner_name(path)}, and you may not write to it"
