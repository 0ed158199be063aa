"""Whose turn it is with a run: its worker's, or of whoever takes it back. The first has it for good.

A file of the job's folder that is created once. Every engine may start a job twice or after it was
canceled; who finds the file there does nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

from trackboard.layout import open_file

_TURN = "turn"
_WISH = "cancel"


def take_turn(job_folder: Path, who: str) -> bool:
    """Whether the caller is the first; `who` is kept for people."""
    try:
        fd = open_file(job_folder / _TURN, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return False
    with open(fd, "w") as file:
        file.write(who)
    return True


def is_taken(job_folder: Path) -> bool:
    """Whether somebody had it."""
    return (job_folder / _TURN).exists()


def wish_for_end(job_folder: Path) -> float:
    """Ask a worker to end its job.

    Returns:
        When that was asked first: the time of the file system's clock.
    """
    path = job_folder / _WISH
    fd = open_file(path, os.O_WRONLY | os.O_CREAT)
    try:
        return os.fstat(fd).st_mtime
    finally:
        os.close(fd)


def is_end_wished(job_folder: Path) -> bool:
    """Whether somebody asked for it."""
    return (job_folder / _WISH).exists()
