"""Noticing that an event file was replaced: a reader that has it open would show the old one for ever."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from trackboard.layout.prefix import Prefix

Key = TypeVar("Key", bound=Hashable)


class FileState(NamedTuple):
    """What the disk says of a file."""

    inode: int
    size_bytes: int
    changed_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> FileState:
        """What `stat` found."""
        return cls(found.st_ino, found.st_size, found.st_mtime_ns)


class _Seen(NamedTuple):
    location: Path
    state: FileState
    start: Prefix


class EventWatch(Generic[Key]):
    """Remembers event files from one look to the next."""

    def __init__(self) -> None:
        self._seen: dict[Key, _Seen] = {}

    def find_replaced(self, files: Mapping[Key, tuple[Path, FileState]]) -> frozenset[Key]:
        """Look again.

        Args:
            files: All files that are there now.

        Returns:
            Those that are gone, and those that are not what they were but longer.
        """
        replaced = self._seen.keys() - files.keys()
        for key in replaced:
            del self._seen[key]
        changed = set()
        for key, (location, state) in files.items():
            before = self._seen.get(key)
            if before and (before.location, before.state) == (location, state):
                continue
            if not self._is_longer(key, location, state) and before:
                changed.add(key)
        return frozenset(replaced | changed)

    def _is_longer(self, key: Key, location: Path, state: FileState) -> bool:
        """Whether a file is what was seen and perhaps more; what there is now is taken down."""
        before = self._seen.get(key)
        try:
            fd = os.open(location, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return True  # closed to us, or gone: the next look sees it
        try:
            self._seen[key] = _Seen(location, state, Prefix.peek(fd, state.size_bytes))
            if before is None:
                return True
            is_same = before.location == location and before.state.inode == state.inode
            return is_same and before.start.begins(fd, state.size_bytes)
        except OSError:
            return True
        finally:
            os.close(fd)
