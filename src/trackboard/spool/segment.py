"""A segment file that this process appends to.

`size_bytes` counts what was written. A signal handler may come between a write and its being counted, and
log as well, or raise: then the number is wrong for a while, and `settle` asks the file itself.
"""

from __future__ import annotations

import errno
import json
import os
import struct
from pathlib import Path
from typing import Dict, Tuple

from trackboard.layout import open_file
from trackboard.model import RunId
from trackboard.spool import descriptors
from trackboard.spool.layout import BYTES_HEAD, FLOAT_SCALAR, HEADER, KIND_BYTES, KIND_JSON
from trackboard.spool.reader import iter_payloads

_write = os.write
_COUNTED = frozenset(("text", "file_added", "artifact"))  # what nobody says again


class OpenSegment:
    """One segment of a spool, open for appending.

    Args:
        path: Its file.
        number: Its number.
        fd: The open file; -1 for a segment that takes nothing.
        identity: Which file that is.
    """

    __slots__ = (
        "end_bytes",
        "fd",
        "identity",
        "looked_at_s",
        "number",
        "path",
        "runs",
        "size_bytes",
        "sound_bytes",
    )

    def __init__(
        self, path: Path, number: int, fd: int, identity: descriptors.FileIdentity
    ) -> None:
        self.path = path
        self.number = number
        self.fd = fd
        self.identity = identity
        self.size_bytes = 0
        self.end_bytes = -1  # what the next segment says of it, once it is left
        self.sound_bytes = 0  # up to here when its file was last seen in its place
        self.looked_at_s = 0.0  # when that was, on the wall clock
        self.runs: Dict[int, RunId] = {}  # whose are the series and files that it has defined

    @classmethod
    def begin(cls, path: Path, number: int, header: bytes) -> OpenSegment:
        """Make the file, with its first record.

        Raises:
            FileExistsError: There is one of this name.
            OSError: The disk refuses.
        """
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL
        fd = descriptors.move_up(open_file(path, flags))
        try:
            segment = cls(path, number, fd, descriptors.identify(os.fstat(fd)))
            segment.append(header)
        except BaseException:
            os.close(fd)
            with descriptors.IgnoredRefusals():  # left, it holds nothing: see `layout`
                os.unlink(path)
            raise
        return segment

    def append(self, record: bytes) -> None:
        """Write one record.

        Raises:
            OSError: The disk took none of it, or a part.
        """
        written = _write(self.fd, record)
        if written != len(record):
            raise short_write()
        self.size_bytes += len(record)

    def holds(self, record: bytes, offset: int) -> bool:
        """Whether one record lies at `offset` of the file, as far as it can be read."""
        with descriptors.IgnoredRefusals():
            fd = self.open_again()
            try:
                return os.pread(fd, len(record), offset) == record
            finally:
                os.close(fd)
        return False

    def seal(self) -> None:
        """Take down that nothing is to follow what is whole now."""
        self.settle()
        self.end_bytes = self.size_bytes

    def is_passed(self) -> bool:
        """Whether something was written behind the end that was taken down."""
        with descriptors.IgnoredRefusals():
            return 0 <= self.end_bytes < os.fstat(self.fd).st_size
        return False

    def is_recent(self, now_s: float) -> bool:
        """Whether its file was seen in its place within the last second, or the clock was set."""
        return -1.0 < now_s - self.looked_at_s < 1.0

    def is_in_place(self) -> bool:
        """Whether others find at its path what is appended to it."""
        return descriptors.is_in_place(self.fd, self.identity, self.path)

    def settle(self) -> bool:
        """Find where the last whole record ends, if interruptions left that uncertain; cut off the rest.

        Returns:
            Whether more can be appended. Not where a disk refuses to cut, or somebody else has cut.
        """
        try:
            size_bytes = os.fstat(self.fd).st_size
            if size_bytes == self.size_bytes:
                return True
            if size_bytes < self.sound_bytes:
                self.size_bytes = self.sound_bytes = size_bytes
                return False
            rest = os.pread(self.fd, size_bytes - self.sound_bytes, self.sound_bytes)
            payloads = iter_payloads(memoryview(rest))
            self.size_bytes = self.sound_bytes + sum(HEADER.size + len(each) for each in payloads)
            if self.size_bytes < size_bytes:
                os.ftruncate(self.fd, self.size_bytes)
        except OSError as error:
            if not descriptors.is_refusal(error):
                raise
            return False
        return True

    def count_gone(self) -> Dict[RunId, int]:
        """Count by run the records that went away since the file was last seen in its place.

        What describes a run is not counted: it is said again elsewhere. Nothing is, when the file is
        still there and only its descriptor was closed.
        """
        counts: Dict[RunId, int] = {}
        with descriptors.IgnoredRefusals():
            if descriptors.identify(os.stat(self.path)) == self.identity:
                return counts
        with descriptors.IgnoredRefusals():
            self._count(counts)
        return counts

    def _count(self, counts: Dict[RunId, int]) -> None:
        if not descriptors.is_open(self.fd, self.identity):
            return
        self.settle()
        rest = os.pread(self.fd, max(0, self.size_bytes - self.sound_bytes), self.sound_bytes)
        for payload in iter_payloads(memoryview(rest)):
            try:
                run, count = self._measure(payload)
            except (AttributeError, KeyError, RecursionError, TypeError, ValueError, struct.error):
                continue  # somebody else wrote it
            if run and count:
                counts[run] = counts.get(run, 0) + count

    def _measure(self, payload: memoryview) -> Tuple[RunId, int]:
        """Whose a record is, and how many records are lost with it."""
        if payload[0] == KIND_JSON:
            record = json.loads(bytes(payload))
            return RunId(record.get("run", "")), _count_of(record)
        is_bytes = payload[0] == KIND_BYTES
        fields = (BYTES_HEAD if is_bytes else FLOAT_SCALAR).unpack_from(payload)
        return self.runs.get(fields[3], RunId("")), 1

    def open_again(self) -> int:
        """Another descriptor of the file, which stays valid when this one is closed."""
        if self.fd >= 0:
            return os.dup(self.fd)
        return os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of the file. May be repeated."""
        fd, self.fd = self.fd, -1
        descriptors.close(fd, self.identity)


def short_write() -> OSError:
    """What a disk that took only a part of a record would have said."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _count_of(record: Dict[str, object]) -> int:
    kind = record["k"]
    if kind == "lost":
        return int(str(record["count"]))
    return 1 if kind in _COUNTED else 0
