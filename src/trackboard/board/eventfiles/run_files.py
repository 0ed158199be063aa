"""Which files of a run are TensorBoard's, and where their bytes are: in its plain folder, or in the blobs.

A folder with an event file, or with another file that a plugin looks for, is a log directory. What lies in
it belongs to it: files that are small, `plugins/`, and what a configuration of the projector names.
"""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from trackboard.board.eventfiles.discovery import iter_files
from trackboard.board.eventfiles.replaced import FileState
from trackboard.board.view.source import Source
from trackboard.errors import NotFound
from trackboard.layout.prefix import Prefix
from trackboard.layout.safe_paths import safe_path
from trackboard.model import RunId
from trackboard.model.logs import LOG_FOLDERS
from trackboard.model.tensorboard_files import (
    CHECKPOINT,
    MARKS,
    PLUGINS,
    PROJECTOR,
    SMALL_BYTES,
    find_named,
    is_event_file,
    is_marked,
)
from trackboard.ports import RunFile

_OURS = tuple(folder for folder in LOG_FOLDERS if folder != "logs/")  # logs of jobs, not of scripts
_CONFIG_BYTES = 1 << 20


@dataclass(frozen=True)
class LogFile:
    """One file of a log directory.

    Attributes:
        folder: The log directory: a posix path within the run, "" for the run's own folder.
        path: Relative to the log directory.
        location: Where its bytes are.
        state: As it was when it was looked at.
    """

    folder: str
    path: str
    location: Path
    state: FileState

    @property
    def is_events(self) -> bool:
        """Whether it is an event file of this directory."""
        return "/" not in self.path and is_event_file(self.path)


class RunFiles:
    """Looks up the log directories of runs."""

    def __init__(self, source: Source) -> None:
        self._store = source.store
        self._blobs = source.blobs
        self._run_folder = source.run_folder

    def list_kept(self) -> dict[RunId, tuple[RunFile, ...]]:
        """Find runs with log directories in the blobs, and all the files that those runs have there."""
        found = self._store.find_files(MARKS)
        return {
            run: tuple(file for file in self._store.list_files(run) if file.key)
            for run, files in found.items()
            if any(file.key and is_marked(PurePosixPath(file.path).name) for file in files)
        }

    def list(self, run: RunId, kept: Sequence[RunFile] = ()) -> tuple[LogFile, ...]:
        """List the files of a run's log directories.

        Args:
            run: The run.
            kept: Its files in the blobs, from `list_kept`.
        """
        root = self._run_folder(run)
        locations = {
            f"{folder}/{entry.name}" if folder else entry.name: Path(entry.path)
            for folder, entry in iter_files(root)
        }
        locations.update(self._locate(kept, locations))
        folders = {_above(path) for path in locations if is_marked(path.rpartition("/")[2])}
        if not folders:
            return ()
        by_folder: dict[str, list[tuple[str, Path]]] = defaultdict(list)
        for path, location in locations.items():
            folder = _directory_of(path, folders)
            if folder is not None and not path.startswith(_OURS):
                by_folder[folder].append((path[len(folder) + 1 :] if folder else path, location))
        return tuple(
            file
            for folder in sorted(by_folder)
            for file in _select_files(folder, sorted(by_folder[folder], key=lambda each: each[0]))
        )

    def _locate(self, kept: Sequence[RunFile], plain: Mapping[str, Path]) -> dict[str, Path]:
        """Places of files in the blobs; without event files that the run has beside, as they grew."""
        own: dict[str, list[Path]] = defaultdict(list)
        for path, location in plain.items():
            own[path.rpartition("/")[2]].append(location)
        found = {}
        for file in kept:
            name = file.path.rpartition("/")[2]
            if file.path in plain or safe_path(file.path) is None:
                continue
            with contextlib.suppress(NotFound):  # somebody deleted it
                location = self._blobs.locate(file.key)
                if not (
                    is_event_file(name) and any(_is_copy(location, each) for each in own[name])
                ):
                    found[file.path] = location
                    own[name].append(location)
        return found


def _above(path: str) -> str:
    """The log directory that a file marks: its folder, or what has `plugins/` with the file in it."""
    above, found, _ = f"/{path}".partition(f"/{PLUGINS}/")
    return above.removeprefix("/") if found else path.rpartition("/")[0]


def _directory_of(path: str, folders: Collection[str]) -> str | None:
    """The log directory that a file lies in or below."""
    folder = path.rpartition("/")[0]
    while folder not in folders:
        if not folder:
            return None
        folder = folder.rpartition("/")[0]
    is_below_root = (
        not folder and "/" in path
    )  # of a run's own folder only what is surely a plugin's
    return None if is_below_root and not path.startswith(f"{PLUGINS}/") else folder


def _select_files(folder: str, files: Sequence[tuple[str, Path]]) -> Iterable[LogFile]:
    """The files that belong to a log directory, of those in it and below."""
    named: set[str] = set()
    for path, location in files:
        if path in (PROJECTOR, CHECKPOINT):
            named.update(_read_named(location))
    for path, location in files:
        try:
            found = location.stat()
        except OSError:
            continue  # gone meanwhile
        is_small = found.st_size <= SMALL_BYTES
        is_of_plugin = path.startswith(f"{PLUGINS}/")
        if is_small or is_of_plugin or is_marked(path.rpartition("/")[2]) or _is_in(path, named):
            yield LogFile(folder, path, location, FileState.of(found))


def _read_named(location: Path) -> list[str]:
    try:
        with location.open(errors="replace") as file:
            return find_named(file.read(_CONFIG_BYTES))
    except OSError:
        return []


def _is_in(path: str, named: Collection[str]) -> bool:
    """Whether a configuration names a file, as it is or by a longer path that ends so."""
    return any(
        f"/{each}".endswith(f"/{path}") or (each.endswith(".") and _begins(path, each))
        for each in named
    )


def _begins(path: str, checkpoint: str) -> bool:
    """Whether a file is part of a checkpoint, whose name ends with a dot here."""
    folder, _, name = path.rpartition("/")
    above, _, start = f"/{checkpoint}".rpartition("/")
    return f"{name}.".startswith(start) and f"{above}/".endswith(f"/{folder}/" if folder else "/")


def _is_copy(one: Path, other: Path) -> bool:
    """Whether an event file holds what another begins with: one of them has grown meanwhile."""
    try:
        with one.open("rb") as a, other.open("rb") as b:
            sizes = os.fstat(a.fileno()).st_size, os.fstat(b.fileno()).st_size
            return Prefix.peek(a.fileno(), min(sizes)).begins(b.fileno(), sizes[1])
    except OSError:
        return False
