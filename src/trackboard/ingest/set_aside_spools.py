"""Folders beside `spool/` for spools that are not read like the others, and nobody deletes on a guess."""

from __future__ import annotations

from pathlib import Path

from trackboard.layout.modes import make_folder
from trackboard.model import WriterId
from trackboard.spool import list_writers


def set_aside(folder: Path, where: str) -> Path:
    """Move a spool's folder out of the spools.

    Args:
        folder: The spool's folder.
        where: the name of the folder beside the spools, as `layout.paths` has it.

    Returns:
        Where it is now.

    Raises:
        OSError: The disk refuses; it is where it was.
    """
    target = folder.parent.with_name(where) / folder.name
    make_folder(target.parent)
    folder.rename(target)
    return target


def list_set_aside(spool_folder: Path, where: str) -> dict[WriterId, Path]:
    """Spools that were moved out of `spool_folder`, by writer."""
    folder = spool_folder.with_name(where)
    return {writer: folder / writer for writer in list_writers(folder)}
