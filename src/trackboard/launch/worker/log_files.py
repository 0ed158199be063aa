"""Which files of a working copy are logs, while the script still writes them.

Everything below `logs/`; in any other folder what is TensorBoard's: event files and what else makes a
folder a log directory, the small files beside them, `plugins/`, and what the projector's configuration
names. Folders that are links are entered, each folder once; of what lies outside of the working copy only
TensorBoard's files are taken, so that no file of the machine is by accident.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from trackboard.format.amounts import count, size
from trackboard.layout import LOGS, OUTPUTS
from trackboard.model.tensorboard_files import (
    CHECKPOINT,
    PLUGINS,
    PROJECTOR,
    SMALL_BYTES,
    find_named,
    is_marked,
)

NAMED_BYTES = 1 << 30  # of one that the projector's configuration names
LINKED_FILES = 20_000  # in one linked folder: a data set is not looked through
_CONFIG_BYTES = 1 << 20
_OUTSIDE = "outside of the job's folder"


class LogFiles(NamedTuple):
    """What was found.

    Attributes:
        locations: Where each file is, by its path within the run.
        unreadable: Why a folder could not be looked into, by its path.
        notes: What is not taken, and why, in words.
    """

    locations: dict[str, str]
    unreadable: dict[str, str]
    notes: tuple[str, ...]


@dataclass
class _Folder:
    """One folder that was looked into."""

    path: str  # within the working copy, with a slash at its end; "" for itself
    location: str
    is_outside: bool
    names: list[str] = field(default_factory=list)  # of its files, and of links to files
    links: list[str] = field(default_factory=list)  # of those, the links

    @property
    def is_log(self) -> bool:
        return f"{self.path}/".startswith(f"{LOGS}/")


def find_log_files(
    root: str,
    *,
    own: Collection[str] = frozenset(),
    closed: Collection[str] = (),
    hidden: bool = False,
) -> LogFiles:
    """Look through a working copy, which may change or go meanwhile.

    Args:
        root: The working copy.
        own: Paths of the files that it was made with: no neighbours of event files.
        closed: Folders that are not entered by any link: what is copied there must not be found again.
        hidden: Take hidden files in `logs/`, too.
    """
    search = _Search(root, own, hidden=hidden)
    search.close(closed)
    search.collect()
    return LogFiles(search.locations, search.unreadable, tuple(search.notes))


def printable(path: str) -> str:
    """A path as text that can be stored: bytes that are not UTF-8 are spelled out."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


class _Search:
    def __init__(self, root: str, own: Collection[str], *, hidden: bool) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._own = own
        self._hidden = hidden
        self._entered: set[tuple[int, int]] = set()
        self._linked: list[tuple[str, str]] = []  # folders that are links, for later
        self._marked: set[str] = set()  # folders that are log directories
        self.locations: dict[str, str] = {}
        self.unreadable: dict[str, str] = {}
        self.notes: list[str] = []

    def close(self, folders: Collection[str]) -> None:
        """Take folders for entered."""
        for each in folders:
            with contextlib.suppress(OSError):
                found = os.stat(each)
                self._entered.add((found.st_dev, found.st_ino))

    def collect(self) -> None:
        """Look into the real folders first: what can be reached by several ways has its own name."""
        for folder in self._walk("", self._root, is_outside=False):
            self._take(folder)
        while self._linked:
            self._linked.sort(reverse=True)
            path, location = self._linked.pop()
            self._enter_link(path, location)

    def _enter_link(self, path: str, location: str) -> None:
        real = os.path.realpath(location)
        is_outside = not self._is_inside(real)
        folders = []
        files = 0
        for folder in self._walk(path, location, is_outside=is_outside):
            folders.append(folder)
            files += len(folder.names)
            if files + len(folders) > LINKED_FILES:
                why = f"with more than {count(LINKED_FILES, 'file')}: no event files are looked for"
                self._note(path, real, why)
                return
        before = len(self.locations)
        for folder in folders:
            self._take(folder)
        if is_outside and f"{path}/".startswith(f"{LOGS}/"):
            taken = len(self.locations) - before
            if files > taken:
                self._note(path, real, f"{_OUTSIDE}: of its files only TensorBoard's are kept")

    def _walk(self, path: str, location: str, *, is_outside: bool) -> Iterator[_Folder]:
        """A folder and those in it, links put by for later; none that was entered before."""
        waiting = [(f"{path}/" if path else "", location)]
        while waiting:
            path, location = waiting.pop()
            folder = _Folder(path, location, is_outside)
            try:
                found = os.stat(location)
                if (found.st_dev, found.st_ino) in self._entered:
                    continue
                self._entered.add((found.st_dev, found.st_ino))
                with os.scandir(location) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append((f"{path}{entry.name}/", entry.path))
                        elif not entry.is_symlink():
                            folder.names.append(entry.name)
                        elif os.path.isdir(entry.path):
                            self._linked.append((f"{path}{entry.name}", entry.path))
                        else:
                            folder.names.append(entry.name)
                            folder.links.append(entry.name)
            except (FileNotFoundError, NotADirectoryError):
                continue  # removed meanwhile, which scripts do
            except OSError as exc:
                if not is_outside:
                    self.unreadable[printable(path)] = exc.strerror or str(exc)
                continue
            yield folder

    def _take(self, folder: _Folder) -> None:
        if any(map(is_marked, folder.names)):
            self._marked.add(folder.path)
        is_of_plugin = self._is_of_plugin(folder.path)
        for name in folder.names:
            path, location = folder.path + name, os.path.join(folder.location, name)
            if is_marked(name) or (is_of_plugin and path not in self._own):
                self._add(path, location)
            elif name in folder.links and not self._is_file_inside(location):
                self._note_file(folder, path, location)
            elif (self._hidden or not name.startswith(".")) and self._is_wanted(
                folder, path, location
            ):
                self._add(path, location)
        for name in (PROJECTOR, CHECKPOINT):
            if name in folder.names and PROJECTOR in folder.names:
                self._take_named(folder, name)

    def _is_wanted(self, folder: _Folder, path: str, location: str) -> bool:
        """Whether a file is a log because of where it lies."""
        if folder.is_outside:
            return False
        if folder.is_log:
            return True
        is_beside = folder.path in self._marked and folder.path != ""
        is_output = folder.path.startswith(f"{OUTPUTS}/")  # all of those are kept at the end
        return is_beside and not is_output and path not in self._own and _is_small(location)

    def _is_of_plugin(self, path: str) -> bool:
        """Whether a folder is below `plugins/<plugin>/` of a log directory."""
        above, found, below = f"/{path}".rpartition(f"/{PLUGINS}/")
        above = f"{above.removeprefix('/')}/" if above else ""
        return bool(found and below) and (above in self._marked or above.startswith(f"{LOGS}/"))

    def _take_named(self, folder: _Folder, name: str) -> None:
        """Take what a configuration of the projector names, wherever below its folder that is."""
        self._add(folder.path + name, os.path.join(folder.location, name))
        try:
            with open(os.path.join(folder.location, name), errors="replace") as file:
                named = find_named(file.read(_CONFIG_BYTES))
        except OSError:
            return
        for path in named:
            location = os.path.normpath(os.path.join(folder.location, path.removesuffix(".")))
            within = os.path.relpath(location, folder.location)
            if within.startswith(os.pardir):
                continue  # TensorBoard does not take it from there either
            locations = _beginning_with(location) if path.endswith(".") else [location]
            for each in locations:
                self._take_large(folder.path + os.path.relpath(each, folder.location), each)

    def _take_large(self, path: str, location: str) -> None:
        try:
            found = os.stat(location)
        except OSError:
            return  # named, but not written yet
        if not stat.S_ISREG(found.st_mode):
            return
        if found.st_size > NAMED_BYTES:
            self.notes.append(
                f"{printable(path)} has {size(found.st_size)}; of what a projector's configuration"
                f" names, files up to {size(NAMED_BYTES)} are kept"
            )
        else:
            self._add(path, location)

    def _add(self, path: str, location: str) -> None:
        self.locations.setdefault(printable(path), location)

    def _note_file(self, folder: _Folder, path: str, location: str) -> None:
        if folder.is_log:
            why = (
                f"{_OUTSIDE}: it is not kept"
                if os.path.exists(location)
                else "where there is nothing"
            )
            self._note(path, os.path.realpath(location), why)

    def _note(self, path: str, real: str, why: str) -> None:
        self.notes.append(f"{printable(path)} is a link to {printable(real)}, {why}")

    def _is_file_inside(self, link: str) -> bool:
        return os.path.exists(link) and self._is_inside(os.path.realpath(link))

    def _is_inside(self, real: str) -> bool:
        return real.startswith(self._real_root + os.sep)


def _is_small(location: str) -> bool:
    try:
        return os.stat(location).st_size <= SMALL_BYTES
    except OSError:
        return False


def _beginning_with(start: str) -> list[str]:
    folder, name = os.path.split(start)
    try:
        return [
            os.path.join(folder, each)
            for each in sorted(os.listdir(folder))
            if each == name or each.startswith(f"{name}.")
        ]
    except OSError:
        return []
