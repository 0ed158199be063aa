"""The home of the user whose job it is, and a place for caches where there is none.

Users of services and containers often have no home, one that does not exist, or one that is read-only.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from trackboard.errors import Unavailable


def home_folder(variables: Mapping[str, str]) -> Path | None:
    """Return the home of a job with these variables; None for a user without one."""
    named = variables.get("HOME") or os.path.expanduser("~")  # stays "~" where nobody knows it
    return Path(named) if os.path.isabs(named) else None


def user_cache(variables: Mapping[str, str]) -> Path:
    """Return the folder for caches of a job with these variables, which can be written.

    Raises:
        Unavailable: There is no home that can be written, and what takes its place is somebody else's.
    """
    if variables.get("XDG_CACHE_HOME"):
        return Path(variables["XDG_CACHE_HOME"])
    home = home_folder(variables)
    if home is not None and any(os.access(each, os.W_OK) for each in (home / ".cache", home)):
        return home / ".cache"
    return _temporary_cache()


def cache_folder(variables: Mapping[str, str]) -> Path:
    """Where environments are kept for a job with these variables."""
    ours = variables.get("TRACKBOARD_CACHE") or os.environ.get("TRACKBOARD_CACHE")
    if ours:
        return Path(os.path.expanduser(ours)).absolute()
    return user_cache(os.environ) / "trackboard"


def variables_of_caches(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what uv must be told where its own default cannot be written; else nothing."""
    home, cache = home_folder(variables), user_cache(variables)
    if "UV_CACHE_DIR" in variables or (home is not None and cache == home / ".cache"):
        return {}
    return {"UV_CACHE_DIR": str(cache / "uv")}


def _temporary_cache() -> Path:
    """Make a folder in the temporary one that is this user's alone: jobs run what is in it."""
    import tempfile  # no job with a home waits for it

    user = os.getuid()
    location = Path(tempfile.gettempdir(), f"trackboard-cache-{user}")
    with suppress(FileExistsError):
        location.mkdir(mode=0o700)
    found = location.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user or found.st_mode & 0o022:
        raise Unavailable(
            f"there is no home to keep environments in, and {location} belongs to somebody else",
            hint="Set TRACKBOARD_CACHE to a folder of your own.",
        )
    return location
