"""A real log directory whose folders are called like the runs, for plugins that walk it themselves.

Its files are further names (hard links) of the files that they stand for: plugins do not leave the folder of
a configuration, as they would by symbolic links. Where a file cannot have another name, on another disk for
example, it is copied if it is small, else linked symbolically.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from trackboard.board.eventfiles.run_files import LogFile
from trackboard.board.projector.configuration import localize_beside, names_files
from trackboard.layout.safe_paths import safe_path
from trackboard.model.tensorboard_files import SMALL_BYTES


class LogDirectory:
    """Keeps a folder as it should be.

    Args:
        path: The folder; it is there and empty.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: dict[str, LogFile] = {}
        self._named: dict[
            str, list[str]
        ] = {}  # what a configuration could name when it was written
        self.changes = 0

    def show(self, wanted: Mapping[str, tuple[LogFile, ...]]) -> None:
        """Make the folder hold these files.

        Args:
            wanted: The files of each log directory, by the name that TensorBoard's runs have for it.
        """
        files = dict(_place_all(wanted))
        beside: dict[str, list[str]] = defaultdict(list)
        for path, file in files.items():
            beside[_top(path, file)].append(file.path)
        for path, file in list(self._files.items()):
            is_named = self._named.get(path) in (None, beside[_top(path, file)])
            if not (is_named and _is_up_to_date(file, files.get(path))):
                self._remove(path)
        for path, file in files.items():
            if path not in self._files:
                with contextlib.suppress(OSError):  # gone meanwhile, or no name for this disk
                    self._add(path, file, beside[_top(path, file)])
                    self._files[path] = file
                    self.changes += 1

    def _add(self, path: str, file: LogFile, beside: list[str]) -> None:
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if names_files(file.path):
            target.write_bytes(localize_beside(file.path, file.location.read_bytes(), beside))
            self._named[path] = beside
            return
        try:
            os.link(file.location, target)
        except OSError:
            if file.state.size_bytes <= SMALL_BYTES and not file.is_events:
                shutil.copyfile(file.location, target)
            else:
                target.symlink_to(file.location.absolute())

    def _remove(self, path: str) -> None:
        del self._files[path]
        self._named.pop(path, None)
        self.changes += 1
        target = self.path / path
        with contextlib.suppress(OSError):
            target.unlink(missing_ok=True)
            for folder in target.parents:
                if folder == self.path:
                    break
                folder.rmdir()  # ends at the first that is not empty


def _place_all(wanted: Mapping[str, tuple[LogFile, ...]]) -> Iterator[tuple[str, LogFile]]:
    """Files by their paths in the folder; none whose run's name is no path below it."""
    for name, files in sorted(wanted.items()):
        within = safe_path(name)
        if within is None or ".." in PurePosixPath(name).parts:
            continue
        for file in files:
            yield f"{within}/{file.path}", file


def _top(path: str, file: LogFile) -> str:
    """The log directory of a file in the folder."""
    return path.removesuffix(file.path)


def _is_up_to_date(shown: LogFile, now: LogFile | None) -> bool:
    """Whether a file stands for what it should: a growing one does so by itself."""
    if now is None or now.location != shown.location:
        return False
    is_same = now.state.inode == shown.state.inode
    return is_same if now.is_events else now.state == shown.state
