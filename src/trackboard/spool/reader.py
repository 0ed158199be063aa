"""The reading side of a spool that needs no numbers: which writers, which segments, which records."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator, Optional
from zlib import crc32

from trackboard.model import Segment, WriterId
from trackboard.spool.layout import HEADER, MAX_PAYLOAD_BYTES, SEGMENT_SUFFIX, segment_name


def list_writers(spool_folder: Path) -> list[WriterId]:
    """Writers that have a spool, in no particular order; folders still being made are left out."""
    try:
        with os.scandir(spool_folder) as entries:
            return [WriterId(e.name) for e in entries if not e.name.startswith(".") and e.is_dir()]
    except FileNotFoundError:
        return []


def list_segments(folder: Path, *, begin: int = 0) -> list[Segment]:
    """Segments of one spool in order. Empty when the folder was removed meanwhile.

    Sizes are asked after the names are known: on a file system of one machine a segment that has a
    successor has its final size. Each is opened first, as network file systems look again only then.

    Args:
        folder: The spool's folder.
        begin: Leave out the segments before this one.
    """
    try:
        names = (os.path.splitext(name) for name in os.listdir(folder))
        numbers = sorted(
            int(stem)
            for stem, suffix in names
            if suffix == SEGMENT_SUFFIX and stem.isdecimal() and str(int(stem)) == stem
            if int(stem) >= begin
        )
        return [Segment(number, _size(folder / segment_name(number))) for number in numbers]
    except FileNotFoundError:
        return []


def _size(path: Path) -> int:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        return os.stat(path).st_size
    try:
        return os.fstat(fd).st_size
    finally:
        os.close(fd)


def read_segment(folder: Path, number: int, offset: int, count: int) -> bytes:
    """Bytes of a segment; fewer where the file, or the spool, has been taken away meanwhile."""
    try:
        fd = os.open(folder / segment_name(number), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    try:
        return os.pread(fd, count, offset)
    finally:
        os.close(fd)


def read_payload(buffer: memoryview, offset: int) -> Optional[memoryview]:
    """The payload of the record at `offset`, or None when there is no whole, sound record."""
    begin = offset + HEADER.size
    if begin > len(buffer):
        return None
    length, crc = HEADER.unpack_from(buffer, offset)
    if not 0 < length <= MAX_PAYLOAD_BYTES or begin + length > len(buffer):
        return None
    payload = buffer[begin : begin + length]
    return payload if crc32(payload) == crc else None


def iter_payloads(buffer: memoryview, offset: int = 0) -> Iterator[memoryview]:
    """The payloads from `offset` up to the first record that does not check out."""
    while (payload := read_payload(buffer, offset)) is not None:
        yield payload
        offset += HEADER.size + len(payload)
