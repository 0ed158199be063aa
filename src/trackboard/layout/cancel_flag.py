"""The cancel flag of a job: a file that its worker looks for."""

from __future__ import annotations

import os

from trackboard.layout.modes import open_file
from trackboard.layout.paths import JobPaths


def request_cancel(job: JobPaths) -> float:
    """Ask a worker to end its job.

    Returns:
        When that was asked first, in seconds since the epoch by the file system's clock.
    """
    fd = open_file(job.cancel_flag, os.O_WRONLY | os.O_CREAT)
    try:
        return os.fstat(fd).st_mtime
    finally:
        os.close(fd)


def is_cancel_requested(job: JobPaths) -> bool:
    """Return whether anybody asked for the job's end."""
    return job.cancel_flag.exists()
