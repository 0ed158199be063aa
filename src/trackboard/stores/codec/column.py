"""One column of a chunk as bytes: 64-bit integers, the bits of floats, or bytes.

    encoding u8 | ...
    0 PLAIN     the items, little-endian
    1 SHUFFLED  planes of the items
    2 DELTA     first item i64 | planes of the differences, none of them negative
    3 ZIGZAG    first item i64 | planes of the differences, the sign in the lowest bit
    4 LINEAR    first item i64 | difference i64: the same between all neighbours
    5 REPEATED  length u32 | the items in one piece, zstd: for few values that come again and again

    planes      width u8 | width * length u32 | width * bytes
                plane k holds byte k of every item (the higher bytes are zero). By its length it is
                one byte that all items share (1), the bytes as they are (one an item), or zstd.

Planes are compressed one by one because a column is mostly noise in its low bytes and mostly constant
in its high bytes; together they would cost each other. A column that hardly shrinks stays PLAIN: then
reading it is a copy. Differences wrap around in 64 bits, so that every value survives.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

_Way = Callable[[npt.NDArray[Any], zstandard.ZstdCompressor], bytes]
IntColumn = npt.NDArray[np.int64]

_PLAIN, _SHUFFLED, _DELTA, _ZIGZAG, _LINEAR, _REPEATED = range(6)
SHORT = 512  # items; every encoding that may be the best is tried on so many
_LEAST_FRAME = 10  # bytes of zstd's shortest frame: magic number, header, and a block of one byte
_WORTH = 0.75  # of the plain size; a column that shrinks less is quicker to read as it is
_FIRST = struct.Struct("<Bq")
_SIZE = struct.Struct("<BI")
_LINE = struct.Struct("<Bqq")
MALFORMED = (zstandard.ZstdError, struct.error, ValueError, IndexError)


def encode(column: npt.NDArray[Any], press: zstandard.ZstdCompressor) -> bytes:
    """Encode integers or the bits of floats (int64), or bytes (uint8)."""
    if column.itemsize == 1:
        return _shortest(column, (_shuffled,), press)
    differences = np.diff(column)
    if len(differences) == 0 or (differences == differences[0]).all():
        step = int(differences[0]) if len(differences) else 0
        return _LINE.pack(_LINEAR, int(column[0]), step)
    ways: tuple[_Way, ...] = (_shuffled, _differences, _repeated)
    if len(column) > 2 * SHORT:
        pilot = column[:SHORT]
        ways = (min(ways, key=lambda way: len(way(pilot, press))),)
    return _shortest(column, ways, press)


def encode_all(columns: npt.NDArray[Any], press: zstandard.ZstdCompressor) -> list[bytes]:
    """Encode short columns at once, several times as quickly as one by one.

    What each encoding takes at least is computed for all of them together, and only what may be the
    shortest is made. A column of which no item comes again is not tried as REPEATED.

    Args:
        columns: int64 or uint8 of shape (columns, items), with 1 to `SHORT` items.
        press: What compresses.
    """
    count = columns.shape[1]
    if columns.itemsize == 1:
        planes = _Planes.of(columns, np.full(len(columns), _SHUFFLED))
        return [_choose(columns[k], k, (planes,), (), press) for k in range(len(columns))]
    differences = np.diff(columns)
    is_line = (differences == differences[:, :1]).all(axis=1)
    encoded = [b""] * len(columns)
    for k in is_line.nonzero()[0].tolist():
        step = int(differences[k, 0]) if count > 1 else 0
        encoded[k] = _LINE.pack(_LINEAR, int(columns[k, 0]), step)
    others = (~is_line).nonzero()[0]
    if len(others):
        columns, differences = columns[others], differences[others]
        falls = differences.min(axis=1) < 0
        zigzag = (differences << 1) ^ (differences >> 63)
        differences = np.where(falls[:, np.newaxis], zigzag, differences)
        ways = (
            _Planes.of(columns, np.full(len(columns), _SHUFFLED)),
            _Planes.of(differences, np.where(falls, _ZIGZAG, _DELTA)),
        )
        ordered = np.sort(columns)
        comes_again = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1).tolist()
        for k, index in enumerate(others.tolist()):
            more = (_repeated,) if comes_again[k] else ()
            encoded[index] = _choose(columns[k], k, ways, more, press)
    return encoded


@dataclass(frozen=True)
class _Planes:
    """The planes of many columns, and what is known of each before anything is compressed.

    Attributes:
        encodings: What the columns would be stored as: SHUFFLED, DELTA or ZIGZAG.
        planes: uint8 of shape (columns, bytes of an item, items).
        widths: How many planes each column has.
        is_constant: Of each plane, whether its items share one byte.
        is_noise: Of each plane, whether it is stored as it is.
        least_sizes: In bytes, what each column takes at least.
    """

    encodings: list[int]
    planes: npt.NDArray[np.uint8]
    widths: list[int]
    is_constant: list[list[bool]]
    is_noise: list[list[bool]]
    least_sizes: list[int]

    @classmethod
    def of(cls, items: npt.NDArray[Any], encodings: npt.NDArray[np.int64]) -> _Planes:
        many, count = items.shape
        rows = items.view(np.uint8).reshape(many, count, items.itemsize)
        planes = np.ascontiguousarray(rows.transpose(0, 2, 1))
        distinct = _count_distinct(planes)
        is_constant, is_noise = distinct == 1, _is_noise(distinct, count)
        is_used = ~is_constant | (planes[:, :, 0] != 0)
        index = np.arange(1, items.itemsize + 1)
        widths = np.maximum((is_used * index).max(axis=1), 1)
        least = np.where(is_constant, 1, np.where(is_noise, count, _LEAST_FRAME)) + 4
        sizes = (least * (index <= widths[:, np.newaxis])).sum(axis=1)
        heads = np.where(encodings == _SHUFFLED, 1, _FIRST.size) + 1
        return cls(
            encodings.tolist(),
            planes,
            widths.tolist(),
            is_constant.tolist(),
            is_noise.tolist(),
            (sizes + heads).tolist(),
        )

    def body(self, k: int, first: int, press: zstandard.ZstdCompressor) -> bytes:
        """The column of index `k`, whose first item is `first`."""
        stored = []
        is_constant, is_noise = self.is_constant[k], self.is_noise[k]
        for index, items in enumerate(self.planes[k, : self.widths[k]]):
            plane = items.tobytes()
            if is_constant[index]:
                stored.append(plane[:1])
            else:
                stored.append(plane if is_noise[index] else _pressed_or_plain(plane, press))
        encoding = self.encodings[k]
        head = bytes((encoding,)) if encoding == _SHUFFLED else _FIRST.pack(encoding, first)
        return head + _join(stored)


def _choose(
    column: npt.NDArray[Any],
    k: int,
    ways: tuple[_Planes, ...],
    more: tuple[_Way, ...],
    press: zstandard.ZstdCompressor,
) -> bytes:
    """The shortest body of a column, of index `k` among its planes; what cannot be it is not made."""
    found, size = b"", _WORTH * column.nbytes
    for way in sorted(ways, key=lambda each: each.least_sizes[k]):
        if way.least_sizes[k] < size:
            body = way.body(k, int(column[0]), press)
            if len(body) < size:
                found, size = body, len(body)
    for other in more:
        body = other(column, press)
        if len(body) < size:
            found, size = body, len(body)
    return found or _plain(column)


def _count_distinct(planes: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """How many different bytes each plane has: shape (columns, bytes of an item)."""
    many, width, count = planes.shape
    is_there = np.zeros((many * width, 256), np.bool_)
    index = np.arange(many * width)[:, np.newaxis] * 256
    is_there.reshape(-1)[planes.reshape(-1, count) + index] = True
    found: npt.NDArray[np.int64] = np.count_nonzero(is_there, axis=1).reshape(many, width)
    return found


def _is_noise(distinct: Any, count: int) -> Any:
    """Whether so many bytes, of which so many are distinct, are as good as random: they would only grow."""
    return (2 * distinct > min(count, 256)) & (count <= SHORT)


def _plain(column: npt.NDArray[Any]) -> bytes:
    return bytes((_PLAIN,)) + column.tobytes()


def _shortest(
    column: npt.NDArray[Any], ways: tuple[_Way, ...], press: zstandard.ZstdCompressor
) -> bytes:
    body = min((way(column, press) for way in ways), key=len)
    return body if len(body) < _WORTH * column.nbytes else _plain(column)


def _shuffled(column: npt.NDArray[Any], press: zstandard.ZstdCompressor) -> bytes:
    return bytes((_SHUFFLED,)) + _planes(column, press)


def _differences(column: npt.NDArray[Any], press: zstandard.ZstdCompressor) -> bytes:
    kind, differences = _DELTA, np.diff(column)
    if differences.min() < 0:
        kind, differences = _ZIGZAG, (differences << 1) ^ (differences >> 63)
    return _FIRST.pack(kind, int(column[0])) + _planes(differences, press)


def _repeated(column: npt.NDArray[Any], press: zstandard.ZstdCompressor) -> bytes:
    pressed = press.compress(column.tobytes())
    return _SIZE.pack(_REPEATED, len(pressed)) + pressed


def decode(
    data: memoryview, at: int, out: npt.NDArray[Any], unpress: zstandard.ZstdDecompressor
) -> int:
    """Fill `out` (int64 or uint8, contiguous) from the column at `at`; returns where it ends.

    Bytes that no `encode` made raise one of `MALFORMED`; no more memory is taken than `out` has.
    """
    encoding = data[at]
    if encoding == _PLAIN:
        end = at + 1 + out.nbytes
        out.view(np.uint8)[:] = np.frombuffer(data[at + 1 : end], np.uint8)
        return end
    if encoding == _REPEATED:
        start = at + _SIZE.size
        end = start + int(_SIZE.unpack_from(data, at)[1])
        whole = decompress(unpress, data[start:end], out.nbytes)
        out.view(np.uint8)[:] = np.frombuffer(whole, np.uint8)
        return end
    if encoding == _SHUFFLED:
        return _decode_planes(data, at + 1, out, unpress)
    if encoding == _LINEAR:
        _, first, step = _LINE.unpack_from(data, at)
        np.multiply(_ramp(len(out)), np.int64(step), out=out)
        out += np.int64(first)
        return at + _LINE.size
    if encoding not in (_DELTA, _ZIGZAG):
        raise ValueError(f"there is no encoding {encoding}")
    _, first = _FIRST.unpack_from(data, at)
    return _decode_differences(data, at + _FIRST.size, out, first, unpress, encoding == _ZIGZAG)


def decompress(
    unpress: zstandard.ZstdDecompressor, data: memoryview, size_bytes: int, *, exactly: bool = True
) -> bytes:
    """Decompress one frame of so many bytes, or at most so many. The frame says itself how many it has."""
    found = zstandard.frame_content_size(data)
    if found != size_bytes and (exactly or not 0 <= found <= size_bytes):
        raise ValueError(f"a part has {found} bytes instead of {size_bytes}")
    return unpress.decompress(data, max_output_size=size_bytes)


def _decode_differences(
    data: memoryview,
    at: int,
    out: IntColumn,
    first: int,
    unpress: zstandard.ZstdDecompressor,
    zigzag: bool,  # noqa: FBT001
) -> int:
    width = next((size for size in (1, 2, 4, 8) if size >= data[at]), 8)
    raw = np.empty(len(out) - 1, f"<u{width}")
    end = _decode_planes(data, at, raw, unpress)
    if zigzag:
        wide = raw.astype(np.int64) if width < 8 else raw.view(np.int64)
        odd = wide & 1
        raw = (((wide.view(np.uint64) >> np.uint64(1)).view(np.int64)) ^ -odd).view(np.uint64)
    out[0] = first
    out[1:] = raw.view(np.int64) if raw.itemsize == 8 else raw
    np.cumsum(out, out=out)
    return end


@lru_cache(maxsize=4)
def _ramp(count: int) -> IntColumn:
    ramp = np.arange(count, dtype=np.int64)
    ramp.flags.writeable = False
    return ramp


def _planes(items: npt.NDArray[Any], press: zstandard.ZstdCompressor) -> bytes:
    rows = items.view(np.uint8).reshape(len(items), items.itemsize)
    top = np.flatnonzero(rows.max(axis=0))
    width = int(top[-1]) + 1 if len(top) else 1
    return _join([_press_plane(rows[:, k].tobytes(), press) for k in range(width)])


def _press_plane(plane: bytes, press: zstandard.ZstdCompressor) -> bytes:
    if plane.count(plane[:1]) == len(plane):
        return plane[:1]
    if len(plane) <= SHORT and _is_noise(len(set(plane)), len(plane)):
        return plane
    return _pressed_or_plain(plane, press)


def _pressed_or_plain(plane: bytes, press: zstandard.ZstdCompressor) -> bytes:
    pressed = press.compress(plane)
    return pressed if len(pressed) < _WORTH * len(plane) else plane


def _join(stored: list[bytes]) -> bytes:
    return b"".join((struct.pack(f"<B{len(stored)}I", len(stored), *map(len, stored)), *stored))


def _decode_planes(
    data: memoryview, at: int, out: npt.NDArray[Any], unpress: zstandard.ZstdDecompressor
) -> int:
    width, count = data[at], len(out)
    if width > out.itemsize:
        raise ValueError(f"{width} planes of items of {out.itemsize} bytes")
    sizes = struct.unpack_from(f"<{width}I", data, at + 1)
    at += 1 + 4 * width
    rows = out.view(np.uint8).reshape(count, out.itemsize)
    rows[:, width:] = 0
    for k, size in enumerate(sizes):
        plane = data[at : at + size]
        if size == 1:
            rows[:, k] = plane[0]
        else:
            whole = plane if size == count else decompress(unpress, plane, count)
            rows[:, k] = np.frombuffer(whole, np.uint8)
        at += size
    return at
