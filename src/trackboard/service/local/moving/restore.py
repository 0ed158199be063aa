"""A workspace made of a backup: there is no service to ask yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trackboard.config import Location, find_location
from trackboard.transfer.backup.restore import restore_backup as unpack

if TYPE_CHECKING:
    from trackboard.transfer.report import Progress


def restore_backup(
    backup: Path, folder: Path | None, *, progress: Progress | None = None
) -> Location:
    """Make a workspace of a backup.

    Args:
        backup: What `Transfer.backup` wrote.
        folder: The workspace's folder, or one that shall hold it; None: the current one.
        progress: Is told how many files are unpacked.

    Returns:
        Where the workspace is.

    Raises:
        NotFound: There is no such backup.
        UsageError: It is none.
        Conflict: There is a workspace already, or a newer trackboard made the backup, or it is damaged.
        Unavailable: The disk refuses; nothing is left of it then.
    """
    location = find_location(folder)
    unpack(backup, location.folder, progress=progress)
    return location
