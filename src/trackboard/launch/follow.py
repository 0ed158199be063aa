"""Files that grow while a script runs, sent on as they grow.

Everything below `logs/`, and event files (`*tfevents*`) wherever the script puts them. A file is read from
where it was left; when it shrank, was replaced, or no longer holds what was sent of it, its copy starts
again from nothing.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from trackboard.launch.place import LOGS

PIECE_BYTES = 1 << 20
_POLL_BYTES = 32 * PIECE_BYTES  # then somebody else's turn
_WINDOW_BYTES = 1024  # compared at both ends of what was sent
_COMPARE_BYTES = 16 * PIECE_BYTES  # rewritten in place with the same size: compared up to this size
_WALK_SHARE = 20  # looking for new files takes at most this part of the time


@dataclass
class _Source:
    """How far one file has been sent."""

    identity: tuple[int, int]  # device, inode
    sent: int = 0
    crc: int = 0
    seen: tuple[int, int] | None = None  # size and change time when all of it had been sent
    head: bytes = b""
    tail: bytes = b""

    def add(self, data: bytes) -> None:
        self.sent += len(data)
        self.crc = crc32(data, self.crc)
        self.head = (self.head + data[:_WINDOW_BYTES])[:_WINDOW_BYTES]
        self.tail = (self.tail + data[-_WINDOW_BYTES:])[-_WINDOW_BYTES:]

    def is_start_of(self, fd: int, found: os.stat_result) -> bool:
        """Whether the open file still begins with what was sent."""
        if _identity(found) != self.identity or found.st_size < self.sent:
            return False
        if os.pread(fd, len(self.head), 0) != self.head:
            return False
        if os.pread(fd, len(self.tail), self.sent - len(self.tail)) != self.tail:
            return False
        if found.st_size > self.sent or self.sent > _COMPARE_BYTES:
            return True
        return crc32(os.pread(fd, self.sent, 0)) == self.crc


class Follower:
    """Follows the files of one working copy.

    Args:
        root: The working copy; it may disappear at any time.
        append: Takes a path within the run, an offset and bytes; offset 0 starts that file again.
    """

    def __init__(self, root: Path, append: Callable[[str, int, bytes], None]) -> None:
        self._root = os.fspath(root)
        self._append = append
        self._files: dict[str, str] = {}  # path within the run -> where it is
        self._sources: dict[str, _Source] = {}
        self._watched: dict[str, Path] = {}
        self._next_walk_s = 0.0
        self.unreadable: dict[str, str] = {}

    @property
    def paths(self) -> frozenset[str]:
        """Paths within the run of all files that are followed."""
        return frozenset(self._files)

    def watch(self, path: str, place: Path) -> None:
        """Follow one more file, wherever it is."""
        self._files[path] = os.fspath(place)
        self._watched[path] = place

    def list_sent(self) -> list[Path]:
        """The files that were to be watched, once `finish` has sent all of them; not the unreadable."""
        return [place for path, place in self._watched.items() if path not in self.unreadable]

    def poll(self) -> bool:
        """Send what is new.

        Returns:
            Whether there is more to send at once.
        """
        began_s = time.monotonic()
        if began_s >= self._next_walk_s:
            self._discover(hidden=False)
            now_s = time.monotonic()
            self._next_walk_s = now_s + _WALK_SHARE * (now_s - began_s)
        left = _POLL_BYTES
        for path, place in list(self._files.items()):
            left -= self._send(path, place, left)
            if left <= 0:
                return True
        return False

    def finish(self) -> None:
        """Send everything that is left, hidden log files included."""
        self._discover(hidden=True)
        for source in self._sources.values():
            source.seen = (
                None  # a network's file system may tell an old size until a file is opened
            )
        for path, place in list(self._files.items()):
            while self._send(path, place, _POLL_BYTES) == _POLL_BYTES:
                pass

    def _discover(self, *, hidden: bool) -> None:
        for path, entry in self._scan():
            is_log = path.startswith(f"{LOGS}/") and (hidden or not entry.name.startswith("."))
            if is_log or "tfevents" in entry.name:
                self._files.setdefault(printable(path), entry.path)

    def _scan(self) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """Every file of the working copy that is really in it, with its path."""
        folders = [("", self._root)]
        while folders:
            prefix, folder = folders.pop()
            try:
                with os.scandir(folder) as found:
                    entries = list(found)
            except (FileNotFoundError, NotADirectoryError):
                continue  # removed meanwhile, which scripts do
            except OSError as exc:
                self.unreadable[printable(prefix)] = exc.strerror or str(exc)
                continue
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append((f"{prefix}{entry.name}/", entry.path))
                elif not entry.is_symlink() or self._is_inside(entry.path):
                    yield f"{prefix}{entry.name}", entry

    def _is_inside(self, link: str) -> bool:
        return os.path.realpath(link).startswith(os.path.realpath(self._root) + os.sep)

    def _send(self, path: str, place: str, limit: int) -> int:
        """Send up to `limit` new bytes of a file; how many it was."""
        source = self._sources.get(path)
        try:
            found = os.stat(place)
            if not stat.S_ISREG(found.st_mode) or (source and _seen(found) == source.seen):
                return 0
            fd = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
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
        before = source.sent
        while source.sent < found.st_size and source.sent - before < limit:
            size = min(PIECE_BYTES, found.st_size - source.sent, limit - (source.sent - before))
            data = os.pread(fd, size, source.sent)
            if not data:
                break  # it shrank just now: the next look sees that
            self._append(path, source.sent, data)
            source.add(data)
        if source.sent == found.st_size:
            source.seen = _seen(found)
        return source.sent - before


def printable(path: str) -> str:
    """A path as text that can be stored: bytes that are not UTF-8 are spelled out."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _seen(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns
