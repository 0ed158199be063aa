"""From names that were stored, sent or written by others to places on the disk: never out of their folder."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath
from typing import Optional

from trackboard.errors import UsageError
from trackboard.model import check_run_id


def safe_path(path: str) -> Optional[PurePosixPath]:
    """The path within a folder, or None for one that would lead out of it or name nothing."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or not pure.parts or ".." in pure.parts or "\0" in path:
        return None
    try:
        os.fsencode(path)
    except UnicodeEncodeError:  # half of a surrogate pair: no file system can name it
        return None
    return pure


def place_inside(folder: Path, path: str) -> Path:
    """Where a file is that somebody called by a path within a folder.

    Args:
        folder: The folder.
        path: A posix path.

    Raises:
        UsageError: It leads out of the folder, or no file can be called so.
    """
    within = safe_path(path)
    if within is None:
        raise UsageError(
            f"{path!r} leads out of its folder, or names no file",
            hint="A path is relative and without '..', for example 'outputs/model.pkl'.",
        )
    return folder / within


def leads_inside(path: str, target: str) -> bool:
    """Whether a symbolic link stays in its folder, wherever other links that do so lead.

    Args:
        path: The link's path within the folder; no part of it is a link.
        target: What the link says.
    """
    parts = PurePosixPath(target).parts
    up = next((index for index, part in enumerate(parts) if part != ".."), len(parts))
    is_plain = not target.startswith("/") and "\0" not in target and ".." not in parts[up:]
    return bool(target) and is_plain and up < len(PurePosixPath(path).parts)


def run_folder(workspace: Path, run: str) -> Path:
    """Where the plain files of a run are.

    Args:
        workspace: The workspace's folder.
        run: The id of the run; for what is none there is a folder as well, that nobody else has.
    """
    return workspace / "runs" / _folder_name(run)


def job_folder(workspace: Path, run: str) -> Path:
    """Where the plan, the worker's log and the working copy of a job are; arguments as `run_folder`."""
    return workspace / "jobs" / _folder_name(run)


def _folder_name(run: str) -> str:
    """An id becomes a folder's name; a stream of somebody else's may hold any text as one."""
    try:
        return check_run_id(run)
    except UsageError:
        return "_" + hashlib.sha256(run.encode("utf-8", "surrogatepass")).hexdigest()
