"""Taking spools away that are stored, and what killed processes left of them."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from trackboard.spool import Liveness, probe

_ENDED = ".ended-"
_UNFINISHED_S = 3600.0  # a folder that its writer has been making for so long never becomes a spool


def remove_spool(folder: Path, is_stored: Callable[[], bool] = lambda: True) -> None:
    """Remove a spool in one step as others see it; its files may follow later.

    Args:
        folder: The spool's folder.
        is_stored: Asked before the spool is hidden, as its bytes are the only other copy.
    """
    if not is_stored():
        return
    temporary = folder.with_name(f"{_ENDED}{folder.name}")
    with contextlib.suppress(OSError):  # a disk that refuses: the next reader tries it again
        folder.rename(temporary)
        shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(spool_folder: Path) -> None:
    """Remove spools whose removal was interrupted, and those that were never finished."""
    try:
        with os.scandir(spool_folder) as entries:
            hidden = [Path(entry.path) for entry in entries if entry.name.startswith(".")]
    except FileNotFoundError:
        return
    for folder in hidden:
        if folder.name.startswith(_ENDED) or _is_unfinished(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_unfinished(folder: Path) -> bool:
    try:
        is_old = time.time() - folder.stat().st_mtime > _UNFINISHED_S
    except OSError:
        return False
    return is_old and probe(folder) is not Liveness.ALIVE
