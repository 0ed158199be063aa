"""Requirements that are files and folders of this machine: they may change while their name stays."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

_EDITABLE = "-e "
_MOST_FILES = 20_000  # looked at to see whether a folder changed
_DECIDING = ("pyproject.toml", "setup.py", "setup.cfg")  # of a package that is used where it is
_BUILT = frozenset(("__pycache__", "build", "dist", "node_modules"))  # by its build, not of it


def fingerprint(requirements: Sequence[str]) -> list[list[object]]:
    """What changes when one of the local packages among them does."""
    return [
        _fingerprint_path(path, is_editable=is_editable)
        for path, is_editable in _paths(requirements)
    ]


def has_sources(requirements: Sequence[str]) -> bool:
    """Whether some are built from sources, as no index has them."""
    return any(
        line.startswith((_EDITABLE, "git+", "hg+", "svn+", "bzr+"))
        or " @ git+" in line
        or (line.startswith(("/", "file:")) and not line.partition(" ;")[0].endswith(".whl"))
        for line in requirements
    )


def _paths(requirements: Sequence[str]) -> Iterator[tuple[Path, bool]]:
    for line in requirements:
        path = line.removeprefix(_EDITABLE).rpartition(" @ ")[2].partition(" ;")[0]
        path = path.removeprefix("file://")
        if path.startswith("/"):
            yield Path(path), line.startswith(_EDITABLE)


def _fingerprint_path(path: Path, *, is_editable: bool) -> list[object]:
    if is_editable:
        return [str(path), *(_size_and_time(path / name) for name in _DECIDING)]
    if not path.is_dir():
        return [str(path), _size_and_time(path)]
    newest, count = 0, 0
    for where, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not _is_left_out(name)]
        for name in names:
            newest = max(newest, _size_and_time(Path(where, name))[1])
            count += 1
        if count > _MOST_FILES:
            break
    return [str(path), count, newest]


def _is_left_out(folder: str) -> bool:
    return folder in _BUILT or folder.startswith(".") or folder.endswith(".egg-info")


def _size_and_time(path: Path) -> tuple[int, int]:
    try:
        stat = path.lstat()
    except FileNotFoundError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns
