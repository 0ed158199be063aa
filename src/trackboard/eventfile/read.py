"""Event files back to records. The format is drawn in the package's docstring.

A file that is still being written ends in the middle of a record at any moment: that is its end so far,
not an error. A wrong checksum is an error, and nothing behind it can be trusted.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from trackboard.errors import UsageError
from trackboard.eventfile import crc32c

_HEAD_BYTES, _TAIL_BYTES = 12, 4
_BLOCK_BYTES = 1 << 20
_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")


class CorruptRecord(UsageError):
    """A record's checksum is wrong: it was damaged, or the file is not an event file."""

    def __init__(self, path: Path, offset: int) -> None:
        super().__init__(
            f"{path}: the record at byte {offset:,} is damaged",
            hint="What stands before it can be read; TensorBoard stops there too.",
        )
        self.offset = offset


class Record(NamedTuple):
    """One record: where it begins, and its data."""

    offset: int
    data: bytes


@dataclass(frozen=True)
class Extent:
    """How much of a file is whole records."""

    records: int
    end: int  # bytes up to the end of the last whole record
    is_damaged: bool  # what follows has a wrong checksum; otherwise it is nothing or not there yet


def iter_records(path: Path) -> Iterator[Record]:
    """Read the whole records of a file, every checksum checked.

    Raises:
        CorruptRecord: After the last good record.
    """
    with path.open("rb") as stream:
        offset = 0
        while len(head := stream.read(_HEAD_BYTES)) == _HEAD_BYTES:
            length = _LENGTH.unpack_from(head)[0]
            if not _is_intact(head[:8], head[8:]):
                raise CorruptRecord(path, offset)
            if offset + _HEAD_BYTES + length + _TAIL_BYTES > os.fstat(stream.fileno()).st_size:
                return
            body = stream.read(length + _TAIL_BYTES)
            if len(body) < length + _TAIL_BYTES:
                return
            if not _is_intact(body[:length], body[length:]):
                raise CorruptRecord(path, offset)
            yield Record(offset, body[:length])
            offset += _HEAD_BYTES + length + _TAIL_BYTES


class Block(NamedTuple):
    """Some records that follow one another.

    Attributes:
        offset: Where the first begins in the file.
        data: What the file holds from there on; the last record may reach beyond it.
        bounds: Where the records begin in the data, and where the last one ends.
        is_damaged: What follows has a length with a wrong checksum.
    """

    offset: int
    data: bytes
    bounds: list[int]
    is_damaged: bool

    @property
    def end(self) -> int:
        """Where the last record ends in the file."""
        return self.offset + self.bounds[-1]


def iter_blocks(stream: io.FileIO, offset: int = 0) -> Iterator[Block]:
    """Read the whole records of an open file, from where one begins on, as far as lengths are intact.

    The data's own checksums are not read: that takes ten times as long, and TensorBoard skips them too.
    """
    size = os.fstat(stream.fileno()).st_size
    while data := os.pread(stream.fileno(), _BLOCK_BYTES, offset):
        starts = _starts(data)
        if not starts:
            break
        damaged = _first_damaged(data, starts)
        bounds = [*starts, starts[-1] + _record_bytes(data, starts[-1])]
        if damaged is not None:
            bounds = starts[: damaged + 1]
        elif offset + bounds[-1] > size:
            bounds = starts
        is_last = len(bounds) <= len(starts)
        block = Block(offset, data, bounds, damaged is not None)
        yield block
        if is_last:
            break
        offset = block.end


def measure(stream: io.FileIO) -> Extent:
    """Find the end of the last whole record of an open file."""
    records = end = 0
    is_damaged = False
    for block in iter_blocks(stream):
        records += len(block.bounds) - 1
        end, is_damaged = block.end, block.is_damaged
    return Extent(records, end, is_damaged)


def _starts(block: bytes) -> list[int]:
    """Where records begin whose head lies within the block."""
    starts = []
    at, last = 0, len(block) - _HEAD_BYTES
    while at <= last:
        starts.append(at)
        at += _record_bytes(block, at)
    return starts


def _record_bytes(block: bytes, start: int) -> int:
    length: int = _LENGTH.unpack_from(block, start)[0]
    return _HEAD_BYTES + length + _TAIL_BYTES


def _first_damaged(block: bytes, starts: list[int]) -> int | None:
    """Index of the first start whose length has a wrong checksum."""
    indexes = np.array(starts)[:, None] + np.arange(_HEAD_BYTES)
    heads = np.frombuffer(block, dtype=np.uint8)[indexes]
    stored = np.ascontiguousarray(heads[:, 8:]).view("<u4").reshape(-1)
    wrong = np.flatnonzero(crc32c.masked_columns(crc32c.of_rows(heads[:, :8])) != stored)
    return int(wrong[0]) if len(wrong) else None


def _is_intact(data: bytes, stored: bytes) -> bool:
    (expected,) = _CRC.unpack(stored)
    return crc32c.masked(crc32c.crc32c(data)) == int(expected)
