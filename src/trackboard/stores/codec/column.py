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
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

_Way = Callable[[npt.NDArray[Any], zstandard.ZstdCompressor], bytes]
IntColumn = npt.NDArray[np.int64]

_PLAIN, _SHUFFLED, _DELTA, _ZIGZAG, _LINEAR, _REPEATED = range(6)
_PILOT = 512  # items that every encoding is tried on
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
    if len(column) > 2 * _PILOT:
        pilot = column[:_PILOT]
        ways = (min(ways, key=lambda way: len(way(pilot, press))),)
    return _shortest(column, ways, press)


def _shortest(
    column: npt.NDArray[Any], ways: tuple[_Way, ...], press: zstandard.ZstdCompressor
) -> bytes:
    body = min((way(column, press) for way in ways), key=len)
    if len(body) < _WORTH * column.nbytes:
        return body
    return bytes((_PLAIN,)) + column.tobytes()


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
    columns = [rows[:, k].tobytes() for k in range(width)]
    stored = [_press_plane(plane, press) for plane in columns]
    sizes = struct.pack(f"<B{width}I", width, *map(len, stored))
    return b"".join((sizes, *stored))


def _press_plane(plane: bytes, press: zstandard.ZstdCompressor) -> bytes:
    if plane.count(plane[:1]) == len(plane):
        return plane[:1]
    if len(plane) <= _PILOT and 2 * len(set(plane)) > min(len(plane), 256):
        return plane  # as good as random, and so few bytes only grow
    pressed = press.compress(plane)
    return pressed if len(pressed) < _WORTH * len(plane) else plane


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
