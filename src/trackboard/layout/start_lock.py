"""The start lock of a job: taken once, by the worker that runs it or by whoever takes it back.

A file of the job's folder that is created once. Every engine may start a job twice or after it was
canceled; who finds the file there does nothing.
"""

from __future__ import annotations

import os

from trackboard.layout.modes import open_file
from trackboard.layout.paths import JobPaths


def take_start_lock(job: JobPaths, who: str) -> bool:
    """Take the lock for good, and return whether the caller is the first.

    Args:
        job: The job's paths.
        who: The caller in words, kept for people.
    """
    try:
        fd = open_file(job.start_lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return False
    with open(fd, "w") as file:
        file.write(who)
    return True


def is_start_lock_taken(job: JobPaths) -> bool:
    """Return whether anybody has the lock."""
    return job.start_lock.exists()
