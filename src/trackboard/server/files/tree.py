"""The files of a run as a tree: folders with what is below them, in parts as large as a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trackboard.ports import RunFile

_OPEN_ROWS = 50  # a folder with more right in it is one row, and a page of its own


@dataclass(frozen=True)
class Entry:
    """A row of a tree.

    Attributes:
        path: The path within the run; a folder's ends with a slash.
        name: The last part of the path.
        level: How many folders it is below the one that is shown.
        size_bytes: The size; a folder's is that of all files below it.
        file_count: How many files are below a folder; 0: it is a file.
        time_s: When it, or the newest file below it, was written, in seconds since the Unix epoch.
    """

    path: str
    name: str
    level: int
    size_bytes: int
    file_count: int
    time_s: float


@dataclass(frozen=True)
class Tree:
    """What a page shows of a folder.

    Attributes:
        folder: The folder; empty for all of the run.
        size_bytes: The size of all files below it.
        file_count: How many these are.
        entries: Rows in the order of a tree; folders with much in them are closed.
        next: Where the rows go on, as `after`; empty: these are the last.
    """

    folder: str
    size_bytes: int
    file_count: int
    entries: Sequence[Entry]
    next: str


def make_tree(
    files: Iterable[RunFile], folder: str = "", after: str = "", limit: int = 500
) -> Tree:
    """Make rows of files.

    Args:
        files: All files of a run.
        folder: Only what is below this one.
        after: Begin after the row with this path.
        limit: How many rows at most.
    """
    inside = folder_path(folder)
    found = [file for file in files if file.path.startswith(inside)]
    rows = [each for each in _rows(found, inside) if not after or _order(each.path) > _order(after)]
    shown = rows[:limit]
    return Tree(
        inside,
        sum(file.size_bytes for file in found),
        len(found),
        shown,
        shown[-1].path if len(rows) > limit else "",
    )


def folder_path(folder: str) -> str:
    """A folder as paths of files begin with it."""
    return f"{folder.rstrip('/')}/" if folder.rstrip("/") else ""


def _order(path: str) -> list[str]:
    return path.split("/")


def _rows(files: Sequence[RunFile], inside: str) -> Iterator[Entry]:
    below: dict[str, list[RunFile]] = defaultdict(list)
    children: dict[str, set[str]] = defaultdict(set)
    for file in files:
        folders = _folders(file.path, inside)
        for folder, child in zip(folders, [*folders[1:], file.path], strict=False):
            below[folder].append(file)
            children[folder].add(child)
    told = set()
    for file in sorted(files, key=lambda each: _order(each.path)):
        folders = _folders(file.path, inside)
        for level, folder in enumerate(folders):
            if folder not in told:
                told.add(folder)
                yield _folder_row(folder, level, below[folder])
            if len(children[folder]) > _OPEN_ROWS:
                break
        else:
            name = file.path.rpartition("/")[2]
            yield Entry(file.path, name, len(folders), file.size_bytes, 0, file.time_s)


def _folders(path: str, inside: str) -> list[str]:
    """The folders of a file below another, from the outside in."""
    parts = path[len(inside) :].split("/")[:-1]
    return [f"{inside}{'/'.join(parts[: depth + 1])}/" for depth in range(len(parts))]


def _folder_row(folder: str, level: int, files: Sequence[RunFile]) -> Entry:
    return Entry(
        folder,
        f"{folder[:-1].rpartition('/')[2]}/",
        level,
        sum(file.size_bytes for file in files),
        len(files),
        max(file.time_s for file in files),
    )
