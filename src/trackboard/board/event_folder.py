"""Finding native event files: what is in a folder tree, cheaply."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tensorboard.errors import NotFoundError

from trackboard.board.pace import Pace
from trackboard.board.roster import OWN_IDS


@dataclass(frozen=True)
class EventFile:
    """One event file found below a folder."""

    folder: str  # posix path relative to the folder that was scanned, "" for itself
    name: str
    size_bytes: int


def iter_event_files(root: Path, *, follow_links: bool = False) -> Iterator[EventFile]:
    """Find files with `tfevents` in their name anywhere below `root`; a missing root has none.

    Args:
        root: Where to look.
        follow_links: Enter folders that are links, each once.
    """
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
                    waiting.append(f"{folder}/{entry.name}" if folder else entry.name)
                elif "tfevents" in entry.name and entry.is_file():
                    yield EventFile(folder, entry.name, entry.stat().st_size)


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
        self._pace = Pace()
        self._found: frozenset[EventFile] = frozenset()
        self.changes = 0

    def follow(self, experiment_id: str) -> None:
        """Look whether files have grown, at most about once a second.

        Raises:
            tensorboard.errors.NotFoundError: A folder has no experiments.
        """
        if experiment_id not in OWN_IDS:
            raise NotFoundError(f"experiment {experiment_id!r}: {self._root} has no experiments")
        with self._lock:
            if self._pace.is_due():
                with self._pace.step():
                    found = frozenset(iter_event_files(self._root, follow_links=True))
                self.changes += found != self._found
                self._found = found

    def find_root(self) -> Path | None:
        """The folder, None while there is no event file in it."""
        return self._root if self._found else None

    def count(self) -> int:
        """How many runs the reader should find."""
        return len({file.folder for file in self._found})

    def list_names(self, experiment_id: str) -> None:
        """None: the reader's own names are the right ones."""

    def close(self) -> None:
        """Nothing to do: the folder is not ours."""
