"""Telling a file that grew from one that was replaced: does it still begin with what was read of it?"""

from __future__ import annotations

import os
from zlib import crc32

_WINDOW_BYTES = 1024  # compared at both ends
_COMPARE_BYTES = 16 << 20  # rewritten in place with the same size: compared up to this size


class Prefix:
    """The start of a file, as far as it was read."""

    def __init__(self) -> None:
        self.length = 0
        self._crc = 0
        self._is_whole = True  # the checksum is of all of it
        self._head = b""
        self._tail = b""

    @classmethod
    def peek(cls, fd: int, length: int) -> Prefix:
        """Take the first `length` bytes of an open file, of which only both ends are read."""
        prefix = cls()
        prefix.length = length
        prefix._is_whole = False
        prefix._head = os.pread(fd, min(length, _WINDOW_BYTES), 0)
        prefix._tail = os.pread(fd, _WINDOW_BYTES, max(0, length - _WINDOW_BYTES))
        return prefix

    def add(self, data: bytes) -> None:
        """Take down the bytes that were read next."""
        self.length += len(data)
        self._crc = crc32(data, self._crc)
        self._head = (self._head + data[:_WINDOW_BYTES])[:_WINDOW_BYTES]
        self._tail = (self._tail + data[-_WINDOW_BYTES:])[-_WINDOW_BYTES:]

    def begins(self, fd: int, size_bytes: int) -> bool:
        """Whether an open file of some size begins with it."""
        if size_bytes < self.length:
            return False
        if os.pread(fd, len(self._head), 0) != self._head:
            return False
        if os.pread(fd, len(self._tail), self.length - len(self._tail)) != self._tail:
            return False
        if size_bytes > self.length or self.length > _COMPARE_BYTES or not self._is_whole:
            return True
        return crc32(os.pread(fd, self.length, 0)) == self._crc
