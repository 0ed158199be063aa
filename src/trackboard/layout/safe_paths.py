"""From names that were stored, sent or written by others to places on the disk: never out of their folder."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Optional

from trackboard.errors import UsageError
from trackboard.layout.modes import AnyPath

_NAME_BYTES, _PATH_BYTES = 255, 4096  # what file systems and kernels take


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


def given_path(path: AnyPath) -> Path:
    """Accept a path that a person gave, wherever it leads.

    Args:
        path: The path.

    Raises:
        UsageError: No file can be called so.
    """
    text = os.fspath(path)
    try:
        data = os.fsencode(text)
    except UnicodeEncodeError:  # half of a surrogate pair
        data = b"\0"
    longest = max(map(len, data.split(b"/")))
    if b"\0" in data or longest > _NAME_BYTES or len(data) > _PATH_BYTES:
        raise UsageError(
            f"no file can be called {text[:_NAME_BYTES]!r}",
            hint=f"A name has at most {_NAME_BYTES} bytes, and no NUL.",
        )
    return Path(text)


def given_name(name: str) -> str:
    """Accept a file's name that a person gave, without a folder.

    Args:
        name: The name.

    Raises:
        UsageError: It is none.
    """
    if name in ("", ".", "..") or "/" in name:
        raise UsageError(f"{name!r} is no file's name", hint="Pass a name alone, without folders.")
    return str(given_path(name))


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
