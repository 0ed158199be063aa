"""Points of one series as one blob: the codec of chunks, and of the previews beside them.

    codec 0 RAW      steps i64 * n | times f64 * n | values (i64 or f64 or u8) * n, little-endian
    codec 1 PRESSED  three columns as `trackboard.stores.codec.column` draws them

Text values are a JSON list of strings (ASCII, so that any text survives), behind the other two
columns; pressed with zstd in codec 1.

    preview          index u16 * k | steps i64 * k | times f64 * k | values * k | crc32 u32

A chunk's checksum is beside it: its number of points << 32 | crc32 of points, kind and codec (`_HEAD`)
and the bytes. Chunks and previews of trackboard before 3 have none; a process that still runs with that
code rewrites an open chunk, always with more points, and leaves the checksum as it was: one for another
number of points says nothing.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from trackboard.errors import Conflict
from trackboard.model import ValueKind
from trackboard.ports import FloatColumn, IntColumn, Points
from trackboard.stores.codec import column, downsample

RAW, PRESSED = 0, 1
FULL = 4096  # points of a full chunk
TAIL = 128  # an open chunk that reaches so many points is closed
WORTH_PRESSING = 32  # points; fewer stay raw
_TOGETHER = 1 << 15  # points of chunks that are pressed at once
_MAX_UNCHECKED_TEXT_BYTES = 64 << 20  # four times the longest record of a spool
_MALFORMED = (*column.MALFORMED, TypeError, RecursionError)
_KINDS = {int(kind): kind for kind in ValueKind}
_KIND_OF = {"b": ValueKind.BOOL, "i": ValueKind.INT, "f": ValueKind.FLOAT, "O": ValueKind.TEXT}
_HEAD = struct.Struct("<qBB")  # points, kind, codec
_CRC = struct.Struct("<I")

DTYPES: dict[ValueKind, npt.DTypeLike] = {
    ValueKind.BOOL: np.bool_,
    ValueKind.INT: np.int64,
    ValueKind.FLOAT: np.float64,
    ValueKind.TEXT: object,
}


class Damaged(Conflict):
    """Stored bytes are not what was written: a disk, or somebody, changed them."""


@dataclass(frozen=True, eq=False)
class Packed:
    """A chunk as it is stored."""

    count: int
    kind: ValueKind
    codec: int
    data: bytes
    checksum: int | None = None  # as it was stored beside the bytes

    @classmethod
    def of(cls, count: int, kind: int, codec: int, data: bytes, checksum: int | None) -> Packed:
        """A chunk from its columns in the database.

        Raises:
            Damaged: There is no such kind.
        """
        if kind not in _KINDS:
            raise Damaged(f"there is no kind {kind}")
        return cls(count, _KINDS[kind], codec, data, checksum)

    @property
    def computed_checksum(self) -> int:
        """The checksum of the chunk as it is."""
        head = _HEAD.pack(self.count, self.kind, self.codec)
        return self.count << 32 | zlib.crc32(self.data, zlib.crc32(head))

    @property
    def is_checked(self) -> bool:
        """Whether there is a checksum for it."""
        return self.checksum is not None and self.checksum >> 32 == self.count


@dataclass(frozen=True, eq=False)
class Columns:
    """Writable columns that a chunk is decoded into."""

    steps: IntColumn
    times_s: FloatColumn
    values: npt.NDArray[Any]

    @classmethod
    def empty(cls, count: int, kind: ValueKind) -> Columns:
        """Columns of `count` points, not filled yet."""
        if kind is ValueKind.TEXT or kind is ValueKind.BOOL:
            return cls(np.empty(count, np.int64), np.empty(count), np.empty(count, DTYPES[kind]))
        block = np.empty(
            (3, count), np.int64
        )  # one piece: memory that has just been freed fits again
        return cls(block[0], block[1].view(np.float64), block[2].view(DTYPES[kind]))

    def part(self, start: int, stop: int) -> Columns:
        """A stretch of these columns, sharing their memory."""
        cut = slice(start, stop)
        return Columns(self.steps[cut], self.times_s[cut], self.values[cut])

    def freeze(self) -> Points:
        """The points, not to be changed any more."""
        return frozen(self.steps, self.times_s, self.values)


def kind_of(points: Points) -> ValueKind:
    """The kind of the values, by their dtype."""
    return _KIND_OF[points.values.dtype.kind]


def frozen(steps: IntColumn, times_s: FloatColumn, values: npt.NDArray[Any]) -> Points:
    """Points whose arrays refuse to be changed."""
    for array in (steps, times_s, values):
        array.flags.writeable = False
    return Points(steps, times_s, values)


class Packer:
    """Encodes chunks. For one thread at a time."""

    def __init__(self) -> None:
        self._press = zstandard.ZstdCompressor(
            level=3, write_content_size=True, write_checksum=False, write_dict_id=False
        )

    def raw(self, points: Points, kind: ValueKind) -> Packed:
        """Encode as quickly as possible."""
        ends = (points.steps.tobytes(), points.times_s.tobytes())
        if kind is ValueKind.TEXT:
            return Packed(len(points), kind, RAW, b"".join((*ends, _to_json(points.values))))
        return Packed(len(points), kind, RAW, b"".join((*ends, points.values.tobytes())))

    def pressed(self, points: Points, kind: ValueKind) -> Packed:
        """Encode as small as is still quick to read."""
        if len(points) < WORTH_PRESSING and kind is not ValueKind.TEXT:
            return self.raw(points, kind)
        columns = [
            column.encode(points.steps, self._press),
            column.encode(points.times_s.view(np.int64), self._press),
            self._values(points.values, kind),
        ]
        return Packed(len(points), kind, PRESSED, b"".join(columns))

    def pressed_all(self, parts: Sequence[Points]) -> list[Packed]:
        """Encode chunks as `pressed` does; many short ones of one length several times as quickly."""
        packed: list[Packed | None] = [None] * len(parts)
        alike: dict[tuple[int, ValueKind], list[int]] = {}
        for index, points in enumerate(parts):
            kind = kind_of(points)
            if kind is ValueKind.TEXT or not WORTH_PRESSING <= len(points) <= column.SHORT:
                packed[index] = self.pressed(points, kind)
            else:
                alike.setdefault((len(points), kind), []).append(index)
        for (count, _), indexes in alike.items():
            many = _TOGETHER // count
            for at in range(0, len(indexes), many):
                some = indexes[at : at + many]
                together = self._press_together([parts[index] for index in some])
                for index, each in zip(some, together, strict=True):
                    packed[index] = each
        return [each for each in packed if each is not None]

    def _press_together(self, parts: Sequence[Points]) -> Iterator[Packed]:
        """Encode chunks of numbers of one length and kind."""
        kind = kind_of(parts[0])
        bits = np.uint8 if kind is ValueKind.BOOL else np.int64
        steps = np.stack([part.steps for part in parts])
        times = np.stack([part.times_s for part in parts]).view(np.int64)
        values = np.stack([part.values for part in parts]).view(bits)
        columns = [column.encode_all(each, self._press) for each in (steps, times, values)]
        for part, data in zip(parts, zip(*columns, strict=True), strict=True):
            yield Packed(len(part), kind, PRESSED, b"".join(data))

    def _values(self, values: npt.NDArray[Any], kind: ValueKind) -> bytes:
        if kind is ValueKind.TEXT:
            return self._press.compress(_to_json(values))
        bits = values.view(np.uint8 if kind is ValueKind.BOOL else np.int64)
        return column.encode(bits, self._press)


class Unpacker:
    """Decodes chunks. For one thread at a time.

    Args:
        max_unchecked_text_bytes: What the texts of a chunk without a checksum may take.
    """

    def __init__(self, *, max_unchecked_text_bytes: int = _MAX_UNCHECKED_TEXT_BYTES) -> None:
        self._max_unchecked_text_bytes = max_unchecked_text_bytes

    @cached_property
    def _unpress(self) -> zstandard.ZstdDecompressor:  # not made for chunks that are not pressed
        return zstandard.ZstdDecompressor()

    def read(self, packed: Packed) -> Points:
        """The points of one chunk, in the kind they were stored in.

        Raises:
            Damaged: Those are not the bytes that were written.
        """
        _check(packed)
        try:
            if packed.codec == RAW:
                return _raw(packed)
            columns = Columns.empty(packed.count, packed.kind)
            self._fill(packed, columns)
            return columns.freeze()
        except _MALFORMED as error:
            raise _malformed(error) from error

    def fill(self, packed: Packed, out: Columns) -> None:
        """Decode into columns, whose values may be of a wider kind.

        Raises:
            Damaged: Those are not the bytes that were written; the columns may be half filled.
        """
        _check(packed)
        try:
            if packed.codec == PRESSED:
                self._fill(packed, out)
                return
            points = _raw(packed)
            out.steps[:], out.times_s[:] = points.steps, points.times_s
            out.values[:] = points.values
        except _MALFORMED as error:
            raise _malformed(error) from error

    def _fill(self, packed: Packed, out: Columns) -> None:
        data = memoryview(packed.data)
        at = column.decode(data, 0, out.steps, self._unpress)
        at = column.decode(data, at, out.times_s.view(np.int64), self._unpress)
        if packed.kind is ValueKind.TEXT:
            out.values[:] = _from_json(self._text(packed, data[at:]), packed.count)
            return
        same = out.values.dtype == DTYPES[packed.kind]
        values = out.values if same else np.empty(packed.count, DTYPES[packed.kind])
        bits = values.view(np.uint8 if packed.kind is ValueKind.BOOL else np.int64)
        _check_length(column.decode(data, at, bits, self._unpress), len(data))
        _check_bools(bits)
        if not same:
            out.values[:] = values

    def _text(self, packed: Packed, pressed: memoryview) -> bytes:
        most = self._max_unchecked_text_bytes
        if packed.is_checked:  # then it is as long as it was written
            most = max(most, zstandard.frame_content_size(pressed))
        return column.decompress(self._unpress, pressed, most, exactly=False)


def _check(packed: Packed) -> None:
    """Raise Damaged for a chunk that need not even be decoded."""
    if packed.is_checked and packed.checksum != packed.computed_checksum:
        raise Damaged("the checksum differs")
    if not 0 < packed.count <= FULL:
        raise Damaged(f"no chunk has {packed.count} points")


def _malformed(error: Exception) -> Damaged:
    return Damaged(f"the bytes are malformed ({error})")


def make_preview(points: Points) -> bytes:
    """The few points that stand for a chunk; numbers only."""
    chosen = downsample.preview(points.values)
    parts = (
        chosen.astype("<u2"),
        points.steps[chosen],
        points.times_s[chosen],
        points.values[chosen],
    )
    whole = b"".join(part.tobytes() for part in parts)
    return whole + _CRC.pack(zlib.crc32(whole))


def read_preview(preview: bytes, kind: ValueKind) -> Points:
    """The points that `make_preview` chose.

    Raises:
        Damaged: Those are not the bytes that it made.
    """
    dtype = np.dtype(DTYPES[kind])
    count, more = divmod(len(preview), 18 + dtype.itemsize)
    if more not in (0, _CRC.size):
        raise Damaged("a preview has an odd length")
    if more and preview[-more:] != _CRC.pack(zlib.crc32(preview[:-more])):
        raise Damaged("the checksum of a preview differs")
    if dtype == np.bool_:
        try:
            _check_bools(np.frombuffer(preview, np.uint8, count, 18 * count))
        except ValueError as error:
            raise Damaged(f"a preview holds {error}") from error
    return Points(
        np.frombuffer(preview, np.int64, count, 2 * count),
        np.frombuffer(preview, np.float64, count, 10 * count),
        np.frombuffer(preview, dtype, count, 18 * count),
    )


def extremes(values: npt.NDArray[Any]) -> tuple[float, float]:
    """Least and greatest number, NaN left out; NaN when there is none."""
    if values.dtype == object or len(values) == 0:
        return math.nan, math.nan
    if values.dtype == np.float64:
        return float(np.fmin.reduce(values)), float(np.fmax.reduce(values))
    return float(values.min()), float(values.max())


def first_step(points: Points, value: float) -> int:
    """The step of the first point that has a value, as float64; one of them must."""
    return int(points.steps[int(np.argmax(points.values.astype(np.float64, copy=False) == value))])


def _raw(packed: Packed) -> Points:
    if packed.codec != RAW:
        raise ValueError(f"there is no codec {packed.codec}")
    count, data = packed.count, packed.data
    steps = np.frombuffer(data, np.int64, count)
    times_s = np.frombuffer(data, np.float64, count, 8 * count)
    if packed.kind is ValueKind.TEXT:
        values = np.empty(count, object)
        values[:] = _from_json(data[16 * count :], count)
        return frozen(steps, times_s, values)
    found = np.frombuffer(data, DTYPES[packed.kind], count, 16 * count)
    _check_length(16 * count + found.nbytes, len(data))
    _check_bools(found.view(np.uint8) if packed.kind is ValueKind.BOOL else found)
    return Points(steps, times_s, found)


def _check_length(read: int, found: int) -> None:
    if read != found:
        raise ValueError(f"{found} bytes instead of {read}")


def _check_bools(bits: npt.NDArray[Any]) -> None:
    if bits.dtype == np.uint8 and len(bits) and bits.max() > 1:
        raise ValueError("a bool that is none")


def _to_json(values: npt.NDArray[Any]) -> bytes:
    return json.dumps(values.tolist(), separators=(",", ":")).encode("ascii")


def _from_json(data: bytes, count: int) -> list[str]:
    texts = json.loads(data)
    if not isinstance(texts, list) or len(texts) != count:
        raise ValueError(f"no list of {count} texts")
    if not all(isinstance(each, str) for each in texts):
        raise ValueError("a text that is none")
    return texts
