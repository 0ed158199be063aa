"""Finding native event files: what is in a folder tree, cheaply."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tensorboard.errors import NotFoundError

from trackboard.board.eventfiles.log_folders import LogFolder
from trackboard.board.eventfiles.replaced import EventWatch, FileState
from trackboard.board.eventfiles.throttle import Throttle
from trackboard.board.private_folder import PrivateFolder
from trackboard.board.view.run_list import OWN_IDS
from trackboard.model.tensorboard_files import is_event_file

_LOOK_TIMEOUT_S = 0.3


@dataclass(frozen=True)
class EventFile:
    """One event file found below a folder."""

    folder: str  # posix path relative to the folder that was scanned, "" for itself
    name: str
    state: FileState


def iter_event_files(
    root: Path, *, follow_links: bool = False, without: str = ""
) -> Iterator[EventFile]:
    """Find files with `tfevents` in their name anywhere below `root`; a missing root has none.

    Args:
        root: Where to look.
        follow_links: Enter folders that are links, each once.
        without: The name of a folder in `root` that is left out.
    """
    for folder, entry in iter_files(root, follow_links=follow_links, without=without):
        if is_event_file(entry.name):
            with contextlib.suppress(OSError):  # gone meanwhile
                yield EventFile(folder, entry.name, FileState.of(entry.stat()))


def iter_files(
    root: Path, *, follow_links: bool = False, without: str = ""
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Find all files anywhere below `root`, each with its folder; otherwise like `iter_event_files`."""
    waiting = [""]
    entered: set[tuple[int, int]] = set()
    while waiting:
        folder = waiting.pop()
        # Folders may go, and files turn up in their place, while we look; the next look sees it.
        # What may not be read is left out, as TensorBoard's reader does.
        with (
            contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError),
            os.scandir(root / folder) as entries,
        ):
            for entry in entries:
                if entry.is_dir(follow_symlinks=False) or (
                    follow_links and entry.is_dir() and _is_new(entry, entered)
                ):
                    if folder or entry.name != without:
                        waiting.append(f"{folder}/{entry.name}" if folder else entry.name)
                elif entry.is_file():
                    yield folder, entry


def _is_new(link: os.DirEntry[str], entered: set[tuple[int, int]]) -> bool:
    status = link.stat()
    key = (status.st_dev, status.st_ino)
    if key in entered:
        return False
    entered.add(key)
    return True


class PlainFolder:
    """One folder of event files, read where it is; its runs are called as TensorBoard calls them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._throttle = Throttle()
        self._found: frozenset[EventFile] = frozenset()
        self._watch: EventWatch[tuple[str, str]] = EventWatch()
        self.changes = 0
        self.generation = 0
        self.epoch = 0

    def follow(self, experiment_id: str) -> None:
        """Look whether files have grown, at most about once a second.

        Raises:
            tensorboard.errors.NotFoundError: A folder has no experiments.
        """
        if experiment_id not in OWN_IDS:
            raise NotFoundError(f"experiment {experiment_id!r}: {self._root} has no experiments")
        with self._lock:
            if self._throttle.is_due():
                with self._throttle.step():
                    self._scan()

    def _scan(self) -> None:
        found = frozenset(iter_event_files(self._root, follow_links=True))
        if found == self._found:
            return
        locations = {
            (file.folder, file.name): (self._root / file.folder / file.name, file.state)
            for file in found
        }
        folders = {file.folder for file in found}
        if any(folder in folders for folder, _ in self._watch.find_replaced(locations)):
            self.epoch += 1  # of a folder that is gone the reader lets go by itself
        self.generation += folders != {file.folder for file in self._found}
        self._found = found
        self.changes += 1

    def find_root(self) -> Path | None:
        """The folder, None while there is no event file in it."""
        return self._root if self._found else None

    def list_files(self) -> dict[str, list[tuple[Path, FileState]]]:
        """The event files by the reader's names of their runs."""
        found: dict[str, list[tuple[Path, FileState]]] = defaultdict(list)
        for file in sorted(self._found, key=lambda each: each.name):
            location = self._root / file.folder / file.name
            found[file.folder or "."].append((location, file.state))
        return found

    def is_complete(self, own_names: Collection[str]) -> bool:
        """Whether the reader has found as many runs as there are."""
        return len(own_names) >= len({file.folder for file in self._found})

    def list_names(self, experiment_id: str) -> None:
        """None: the reader's own names are the right ones."""

    def list_others(self, _experiment_id: str) -> tuple[str, ...]:
        """None: plugins that look for more do so in the folder itself."""
        return ()

    def close(self) -> None:
        """Nothing to do: the folder is not ours."""


class LinkedFolders(PlainFolder):
    """Several folders of event files, as one that holds a link to each, called by its name."""

    def __init__(self, folders: Iterable[LogFolder]) -> None:
        self._links = PrivateFolder()
        self.path = self._links.path
        for folder in folders:  # that is not there yet is found when it comes
            (self.path / folder.name).symlink_to(folder.path)
        super().__init__(self.path)

    def close(self) -> None:
        """Remove the links."""
        self._links.close()


class UnrecordedFiles:
    """Event files in a folder with a history that belong to none of its runs: somebody's own logs.

    A thread looks for them, about once a second: the folder may hold a million other files.

    Args:
        root: The folder.
        without: The name of the folder in it that is left out, as the history is there.
        look_timeout_s: How long a look is waited for; the folder may hold many files.
    """

    def __init__(
        self, root: Path, *, without: str, look_timeout_s: float = _LOOK_TIMEOUT_S
    ) -> None:
        self.root = root
        self._without = without
        self._look_timeout_s = look_timeout_s
        self._lock = threading.Lock()
        self._throttle = Throttle()
        self._thread: threading.Thread | None = None
        self._found: tuple[EventFile, ...] = ()

    def list(self) -> tuple[EventFile, ...]:
        """List what is there now, or what was there before where a look takes longer than a moment."""
        with self._lock:
            if not (self._thread and self._thread.is_alive()) and self._throttle.is_due():
                self._thread = threading.Thread(
                    target=self._scan, name="trackboard-unrecorded", daemon=True
                )
                self._thread.start()
            thread = self._thread
        if thread:
            thread.join(self._look_timeout_s)
        return self._found

    def _scan(self) -> None:
        with self._throttle.step():
            found = iter_event_files(self.root, follow_links=True, without=self._without)
            self._found = tuple(sorted(found, key=lambda file: (file.folder, file.name)))
