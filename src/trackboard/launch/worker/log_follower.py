"""Files that grow while a script runs, sent on as they grow.

`log_files` says which. A file is read from where it was left; when it shrank, was replaced, or no longer
holds what was sent of it, its copy starts again from nothing. `replaced_files` says whose copy goes when a
file has gone.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trackboard.launch.worker.log_files import find_log_files
from trackboard.launch.worker.replaced_files import MissingFile, find_replaced
from trackboard.layout.prefix import Prefix

PIECE_BYTES = 1 << 20
_POLL_BYTES = 32 * PIECE_BYTES
_WALK_REST = 20.0


@dataclass
class _Source:
    """How far one file has been sent."""

    identity: tuple[int, int]  # device, inode
    sent: Prefix = field(default_factory=Prefix)
    seen: tuple[int, int] | None = None  # size and change time when all of it had been sent

    def is_start_of(self, fd: int, found: os.stat_result) -> bool:
        """Whether the open file is the same one, and still begins with what was sent."""
        return _identity(found) == self.identity and self.sent.begins(fd, found.st_size)


class Follower:
    """Follows the files of one working copy.

    Args:
        root: The working copy; it may disappear at any time.
        append: Takes a path within the run, an offset and bytes; offset 0 starts that file again.
        remove: Takes the path of a file whose copy goes.
        closed: Folders that no link leads into.
        poll_bytes: What one poll sends at most; then it is somebody else's turn.
        walk_rest: How many times as long as a look for new files took nobody looks again.
    """

    def __init__(
        self,
        root: Path,
        append: Callable[[str, int, bytes], None],
        remove: Callable[[str], None],
        *,
        closed: Sequence[Path] = (),
        poll_bytes: int = _POLL_BYTES,
        walk_rest: float = _WALK_REST,
    ) -> None:
        self._root = os.fspath(root)
        self._append = append
        self._remove = remove
        self._closed = [os.fspath(each) for each in closed]
        self._poll_bytes = poll_bytes
        self._walk_rest = walk_rest
        self._own: frozenset[str] = frozenset()
        self._files: dict[str, str] = {}  # path within the run -> where it is
        self._sources: dict[str, _Source] = {}
        self._watched: dict[str, Path] = {}
        self._next_walk_s = 0.0
        self.unreadable: dict[str, str] = {}

    @property
    def paths(self) -> frozenset[str]:
        """Paths within the run of all files that are followed."""
        return frozenset(self._files)

    def begin(self) -> None:
        """Take what is in the working copy now for what it was made of, not for what a script wrote."""
        self._own = frozenset(
            os.path.relpath(os.path.join(folder, name), self._root)
            for folder, _, names in os.walk(self._root)
            for name in names
        )

    def watch(self, path: str, location: Path) -> None:
        """Follow one more file, wherever it is."""
        self._files[path] = os.fspath(location)
        self._watched[path] = location

    def follows(self, location: str) -> bool:
        """Whether a file is followed, by whatever links."""
        return location in map(os.path.realpath, self._files.values())

    def list_sent(self) -> list[Path]:
        """The files that were to be watched, once `finish` has sent all of them; not the unreadable."""
        return [location for path, location in self._watched.items() if path not in self.unreadable]

    def poll(self) -> bool:
        """Send what is new.

        Returns:
            Whether there is more to send at once.
        """
        began_s = time.monotonic()
        if began_s >= self._next_walk_s:
            self._discover(hidden=False)
            now_s = time.monotonic()
            self._next_walk_s = now_s + self._walk_rest * (now_s - began_s)
        left = self._poll_bytes
        for path, location in list(self._files.items()):
            left -= self._send(path, location, left)
            if left <= 0:
                return True
        return False

    def list_untaken(self) -> tuple[str, ...]:
        """Say what looks like logs and is not followed, and why."""
        return self._discover(hidden=True)

    def finish(self) -> None:
        """Send everything that is left, hidden log files included."""
        self._discover(hidden=True)
        for source in self._sources.values():
            source.seen = (
                None  # a network's file system may tell an old size until a file is opened
            )
        for path, location in list(self._files.items()):
            while self._send(path, location, self._poll_bytes) == self._poll_bytes:
                pass

    def _discover(self, *, hidden: bool) -> tuple[str, ...]:
        """Look for files; what is not taken is said."""
        found = find_log_files(self._root, own=self._own, closed=self._closed, hidden=hidden)
        self._files.update(found.locations)
        self.unreadable.update(found.unreadable)
        missing = self._files.keys() - found.locations.keys() - self._watched.keys()
        gone = {
            path: MissingFile(self._sources[path].identity, self._sources[path].sent)
            for path in missing & self._sources.keys()
            if not os.path.lexists(self._files[path])
        }
        for path in find_replaced(gone, found.locations):
            del self._files[path], self._sources[path]
            self._remove(path)
        return found.notes

    def _send(self, path: str, location: str, limit: int) -> int:
        """Send up to `limit` new bytes of a file; how many it was."""
        source = self._sources.get(path)
        try:
            found = os.stat(location)
            if not stat.S_ISREG(found.st_mode) or (source and _seen(found) == source.seen):
                return 0
            fd = os.open(location, os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return 0  # what was sent stays; if it comes back it is compared with that
        except OSError as exc:
            self.unreadable[path] = exc.strerror or str(exc)
            return 0
        try:
            return self._send_open(path, fd, limit)
        finally:
            os.close(fd)

    def _send_open(self, path: str, fd: int, limit: int) -> int:
        found = os.fstat(fd)
        source = self._sources.get(path)
        if source is None or not source.is_start_of(fd, found):
            source = self._sources[path] = _Source(_identity(found))
            if found.st_size == 0:
                self._append(path, 0, b"")
        sent = source.sent
        before = sent.length
        while sent.length < found.st_size and sent.length - before < limit:
            size = min(PIECE_BYTES, found.st_size - sent.length, limit - (sent.length - before))
            data = os.pread(fd, size, sent.length)
            if not data:
                break  # it shrank just now: the next look sees that
            self._append(path, sent.length, data)
            sent.add(data)
        if sent.length == found.st_size:
            source.seen = _seen(found)
        return sent.length - before


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _seen(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns
