"""Files of a run into a folder: each whole or not at all, and nothing outside of the folder."""

from __future__ import annotations

import enum
import fnmatch
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from trackboard.errors import Conflict, NotFound, TrackboardError, UsageError
from trackboard.history.nearest import nearest_of
from trackboard.layout import make_folder, replacing
from trackboard.layout.safe_paths import given_path, place_inside
from trackboard.ports import RunFile
from trackboard.transfer.disk_errors import check_writable, explained
from trackboard.transfer.report import Progress
from trackboard.transfer.run_source import LeftOut

_PIECE_BYTES = 1 << 20
_NAMED = 5  # files in a message
_KEPT = "Files that are there are whole; the same again goes on."


@dataclass(frozen=True)
class Download:
    """What was downloaded.

    Attributes:
        folder: Where to.
        is_dry_run: Nothing was written: it is what would be.
        files: The files that were written, by path.
        unchanged: Files that were there already, with the same content.
        left_out: Files that no folder can hold.
    """

    folder: Path
    is_dry_run: bool
    files: tuple[RunFile, ...]
    unchanged: tuple[RunFile, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def size_bytes(self) -> int:
        """The size of the files that were written."""
        return sum(file.size_bytes for file in self.files)


def select_files(files: Sequence[RunFile], patterns: Sequence[str]) -> tuple[RunFile, ...]:
    """Select the files that are asked for, in their order.

    Args:
        files: The run's.
        patterns: Paths, folders, or patterns: `*` stands for any text; none: all files.

    Raises:
        NotFound: One of them means no file.
        UsageError: One leads out of the run.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        place_inside(Path(), pattern)
        inside = f"{pattern.rstrip('/')}/"
        found = {
            file.path
            for file in files
            if file.path == pattern
            or file.path.startswith(inside)
            or fnmatch.fnmatchcase(file.path, pattern)
        }
        if not found:
            paths = [file.path for file in files]
            raise NotFound(
                f"the run has no file {pattern!r}",
                hint=nearest_of(pattern, paths, "It has no files.", whose="It has"),
            )
        chosen |= found
    return tuple(file for file in files if not patterns or file.path in chosen)


def download_files(
    files: Sequence[RunFile],
    open_file: Callable[[RunFile], BinaryIO],
    folder: Path,
    *,
    replace: bool = False,
    is_dry_run: bool = False,
    progress: Progress | None = None,
) -> Download:
    """Write files below a folder. One that is there with the same content stays, one that grew is replaced.

    Args:
        files: The files.
        open_file: Opens one of them for reading.
        folder: Where to; made when it is missing.
        replace: Replace files that have other contents.
        is_dry_run: Look only.
        progress: Is told how many bytes of how many are there.

    Raises:
        Conflict: There are other files in the place of some; nothing was written.
        UsageError: A file is in the place of a folder.
        Unavailable: The disk refuses; each file is there whole or not at all.
    """
    check_writable(folder / "file", "the download")
    meter = _Meter(progress, sum(file.size_bytes for file in files))
    wanted, unchanged, left_out = _compare_all(files, open_file, folder, meter, replace=replace)
    for file in () if is_dry_run else wanted:
        target = place_inside(folder, file.path)
        with explained(target, "the file", kept=_KEPT):
            make_folder(target.parent)
            with open_file(file) as source, replacing(target) as copy:
                while piece := source.read(_PIECE_BYTES):
                    copy.write(piece)
                    meter.add(len(piece))
    return Download(folder, is_dry_run, tuple(wanted), tuple(unchanged), tuple(left_out))


class _Meter:
    """Counts bytes that are there."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def add(self, size_bytes: int) -> None:
        """Count some more."""
        self._done += size_bytes
        if self._progress is not None:
            self._progress(self._done, max(self._done, self._total), 0)  # logs grow meanwhile


class _There(enum.Enum):
    """What is in a file's place."""

    NOTHING = enum.auto()
    SAME = enum.auto()
    BEGINNING = enum.auto()  # the file has grown since
    OTHER = enum.auto()


def _compare_all(
    files: Sequence[RunFile],
    open_file: Callable[[RunFile], BinaryIO],
    folder: Path,
    meter: _Meter,
    *,
    replace: bool,
) -> tuple[list[RunFile], list[RunFile], list[LeftOut]]:
    """Files to write, files that are there, and files that cannot be."""
    wanted: list[RunFile] = []
    unchanged: list[RunFile] = []
    left_out: list[LeftOut] = []
    others: list[str] = []
    for file in files:
        try:
            target = given_path(place_inside(folder, file.path))
        except UsageError as error:
            left_out.append(LeftOut(file.path, error.message))
            continue
        there = _compare(file, open_file, Path(target))
        if there is _There.SAME:
            unchanged.append(file)
            meter.add(file.size_bytes)
        else:
            wanted.append(file)
        if there is _There.OTHER:
            others.append(file.path)
    if others and not replace:
        some = ", ".join(others[:_NAMED])
        more = f" and {len(others) - _NAMED:,} more" if len(others) > _NAMED else ""
        raise Conflict(
            f"other files are in {folder} already: {some}{more}; nothing was downloaded",
            hint="Name another folder with --to, or replace them: --force.",
        )
    return wanted, unchanged, left_out


def _compare(file: RunFile, open_file: Callable[[RunFile], BinaryIO], target: Path) -> _There:
    try:
        with target.open("rb") as there, open_file(file) as source:
            while piece := there.read(_PIECE_BYTES):
                if source.read(len(piece)) != piece:
                    return _There.OTHER
            return _There.BEGINNING if source.read(1) else _There.SAME
    except (FileNotFoundError, NotADirectoryError):
        return _There.NOTHING
    except TrackboardError:
        raise
    except OSError:  # a folder, or a file that may not be read
        return _There.OTHER
