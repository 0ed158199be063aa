"""What a failure of uv means: a mistake in what was asked for, or something that may go away."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from trackboard.environments.home import user_cache
from trackboard.errors import TrackboardError, Unavailable, UsageError

_NO_SPACE = re.compile(r"No space left on device|os error 28|Disk quota exceeded|os error 122")
_NO_NETWORK = re.compile(
    r"dns error|error sending request|tcp connect error|Connection refused|operation timed out"
    r"|request timed out|Network is unreachable|network was disabled|Could not resolve host"
)
_NOT_WRITABLE = re.compile(r"Permission denied|Read-only file system|os error (?:13|30)\b")
_NOT_FOUND = re.compile(r"Because (?:there are no versions of )?([\w.-]+) was not found in")
_FIRST_LINES, _LAST_LINES = 5, 20
# The same requirements may well be met on another Python.
_ABOUT_PYTHON = re.compile(
    r"no wheels with a matching|no usable wheels|Python version|Requires-Python|depends on Python"
    r"|Python>=?|Python[<~]|building from source is disabled|Failed to build"
)


def is_about_python(words: str) -> bool:
    """Whether another version of Python may help."""
    return bool(_ABOUT_PYTHON.search(words)) and not _NOT_FOUND.search(words)


def is_contradiction(words: str) -> bool:
    """Whether it may help to ask for less."""
    return "unsatisfiable" in words


def explain(words: str, doing: str, folder: Path, variables: Mapping[str, str]) -> TrackboardError:
    """The error that uv's words mean, with them in it.

    Args:
        words: What uv said.
        doing: What it was to do: "the environment cannot be ...".
        folder: Where environments are kept.
        variables: uv's.
    """
    words = _essence(words)
    if _NO_SPACE.search(words):
        return no_space(folder, variables, words)
    if _NOT_WRITABLE.search(words):
        return Unavailable(
            f"the environment cannot be {doing}: a folder cannot be written to:\n{words}",
            hint=f"Environments are kept in {folder}; TRACKBOARD_CACHE names another folder,"
            " UV_CACHE_DIR one for downloads.",
        )
    if _NO_NETWORK.search(words):
        return Unavailable(
            f"the environment cannot be {doing}: where packages come from does not answer:\n{words}",
            hint="Submit again once it does. An index or a folder of your own is named by"
            " PIP_INDEX_URL or PIP_FIND_LINKS; user_managed_dependencies=True needs no packages.",
        )
    return UsageError(f"the environment cannot be {doing}:\n{words}", hint=_hint(words))


def no_space(folder: Path, variables: Mapping[str, str], words: str) -> Unavailable:
    """There is no space: say where, and how much there is."""
    locations = [
        folder,
        _downloads(variables),
        Path(variables.get("TMPDIR") or tempfile.gettempdir()),
    ]
    free = {location: _free_bytes(location) for location in locations}
    least = min(free.values())
    told = "; ".join(f"{location}: {size:,} bytes free" for location, size in free.items())
    full = next(location for location, size in free.items() if size == least)
    return Unavailable(
        f"there is no space left for the environment in {full} ({least:,} bytes free):\n{words}",
        hint=f"{told}. `trackboard env list` shows what is kept, `trackboard env rm` removes it;"
        " TRACKBOARD_CACHE names another folder for environments, UV_CACHE_DIR one for downloads.",
    )


def _hint(words: str) -> str:
    missing = _NOT_FOUND.search(words)
    if missing:
        return (
            f"There is no package {missing[1]!r} where packages come from. Check its spelling; some"
            " packages of conda have another name on PyPI, or are none of Python's."
        )
    if is_about_python(words):
        return "Ask for versions that have wheels for this Python."
    if "unsatisfiable" in words:
        return "Loosen the versions that contradict each other: the packages need not be pinned."
    return "The build log of the run has all that uv said."


def _essence(words: str) -> str:
    """The error without what went well before it; a long one without its middle."""
    error = re.search(r"^error:.*", words, re.MULTILINE | re.DOTALL)
    lines = _without_frames((error[0] if error else words).splitlines())
    left_out = len(lines) - _FIRST_LINES - _LAST_LINES
    if left_out > 1:
        lines[_FIRST_LINES:-_LAST_LINES] = [
            f"  ... {left_out} lines, which are in the build log ..."
        ]
    return "\n".join(lines)


def _without_frames(lines: list[str]) -> list[str]:
    """Without the places in a traceback: what was raised is what a person wants to know."""
    kept: list[str] = []
    depth = -1  # of the traceback that we are in
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if line.lstrip().startswith("Traceback (most recent call last)"):
            depth = indent
        elif depth < 0 or (line.strip() and indent <= depth):
            depth = -1
            kept.append(line)
    return kept


def _downloads(variables: Mapping[str, str]) -> Path:
    """Where uv keeps downloads."""
    if variables.get("UV_CACHE_DIR"):
        return Path(variables["UV_CACHE_DIR"])
    return user_cache(variables) / "uv"


def _free_bytes(location: Path) -> int:
    existing = next(
        folder for folder in (location, *location.absolute().parents) if folder.exists()
    )
    return shutil.disk_usage(existing).free
