"""The handle of a job: what its engine calls the job, opaque to all but the target that wrote it.

Two files: `engine` names the engine, `handle` holds the text. Earlier versions wrote `handle` alone, for
the engines `local` and `ray`.
"""

from __future__ import annotations

from typing import Optional

from trackboard.errors import NotFound, UsageError
from trackboard.layout.atomic import replace_file
from trackboard.layout.paths import JobPaths
from trackboard.layout.reading import read_json, read_text

_WHAT = "handle of a job"


def save_engine(job: JobPaths, engine: str) -> None:
    """Keep the name of the engine that a job is about to be handed to.

    Args:
        job: The paths of the job.
        engine: The name under which the engine is registered.
    """
    replace_file(job.engine, engine)


def read_engine(job: JobPaths) -> Optional[str]:
    """Return the name of the engine that a job was handed to; None: to nobody yet.

    Args:
        job: The paths of the job.
    """
    try:
        if not job.handle.exists():
            return None
        return read_text(job.engine, "name of a job's engine")
    except NotFound:
        pass
    try:
        handle = read_json(job.handle, _WHAT)
    except (NotFound, UsageError):
        return None
    return "ray" if isinstance(handle, dict) and "address" in handle else "local"


def save_handle(job: JobPaths, handle: str) -> None:
    """Keep a handle; a target does so before the worker may do anything.

    Args:
        job: The paths of the job.
        handle: The text that only the target understands.
    """
    replace_file(job.handle, handle)


def read_handle(job: JobPaths) -> Optional[str]:
    """Return the handle that was kept for a job; None: there is none.

    Args:
        job: The paths of the job.

    Raises:
        UsageError: The file is no text.
    """
    try:
        return read_text(job.handle, _WHAT)
    except NotFound:
        return None
