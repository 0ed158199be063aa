"""CRC-32C (Castagnoli), for many records at once and for one long one, with numpy alone.

A checksum is linear: the checksum of a record is that of a template xor what each differing byte adds,
and that depends only on the byte and on how many bytes follow it. So columns of equal records cost one
table look-up per varying byte, whatever else the records hold.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

Checksums = npt.NDArray[np.uint32]

_POLYNOMIAL = 0x82F63B78  # reflected
_MASK_DELTA = 0xA282EAD8
_LANE_BYTES = 64
_ONES = 0xFFFFFFFF
_BLOCK = 256
_SHORT_BYTES = 1024  # below this, a plain loop beats numpy's fixed cost


def table(following: int) -> Checksums:
    """What each byte value adds to the checksum of a record in which `following` bytes come after it."""
    rows: Checksums = _block(following // _BLOCK)[following % _BLOCK]
    return rows


@functools.cache
def _block(number: int) -> Checksums:
    """256 tables, each for one byte further from the end than the one before."""
    tables = np.empty((_BLOCK, 256), dtype=np.uint32)
    tables[0] = _append_zero(_block(number - 1)[-1]) if number else _first()
    for i in range(1, _BLOCK):
        tables[i] = _append_zero(tables[i - 1])
    return tables


@functools.cache
def _first() -> Checksums:
    rows = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        rows = np.where(rows & 1, (rows >> 1) ^ np.uint32(_POLYNOMIAL), rows >> 1)
    return rows.astype(np.uint32)


def _append_zero(crcs: Checksums) -> Checksums:
    result: Checksums = (crcs >> np.uint32(8)) ^ _first()[crcs & np.uint32(255)]
    return result


def crc32c(data: bytes | memoryview) -> int:
    """Checksum of one piece of data."""
    if len(data) < _SHORT_BYTES:
        return _plain(data)
    lanes = _lanes(np.frombuffer(data, dtype=np.uint8))
    crcs: Checksums = np.zeros(len(lanes), dtype=np.uint32)
    for column in range(_LANE_BYTES):
        crcs ^= table(_LANE_BYTES - 1 - column)[lanes[:, column]]
    level = 0
    while len(crcs) > 1:
        crcs = _append_zeros(crcs[0::2], level) ^ crcs[1::2]
        level += 1
    return int(crcs[0]) ^ _ONES


def masked(crc: int) -> int:
    """The form in which event files store a checksum."""
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & _ONES


def masked_columns(crcs: Checksums) -> Checksums:
    """`masked` for many."""
    result: Checksums = ((crcs >> np.uint32(15)) | (crcs << np.uint32(17))) + np.uint32(_MASK_DELTA)
    return result


def of_rows(rows: npt.NDArray[np.uint8]) -> Checksums:
    """Checksums of many records of one length, a row each."""
    width = rows.shape[1]
    crcs: Checksums = np.full(len(rows), _plain(bytes(width)), dtype=np.uint32)
    for column in range(width):
        crcs ^= table(width - 1 - column)[rows[:, column]]
    return crcs


def _plain(data: bytes | memoryview) -> int:
    crc = _ONES
    first = _first_as_ints()
    for byte in data:
        crc = (crc >> 8) ^ first[(crc ^ byte) & 255]
    return crc ^ _ONES


@functools.cache
def _first_as_ints() -> tuple[int, ...]:
    return tuple(int(x) for x in _first())


def _lanes(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Rows of 64 bytes, a power of two of them. Zeros in front change nothing before the start value."""
    count = 1 << max(0, (-(-len(data) // _LANE_BYTES) - 1).bit_length())
    padded = np.zeros(count * _LANE_BYTES, dtype=np.uint8)
    padded[-len(data) :] = data
    start = len(padded) - len(data)
    padded[start : start + 4] ^= 255  # the start value, moved into the data
    return padded.reshape(count, _LANE_BYTES)


def _append_zeros(crcs: Checksums, level: int) -> Checksums:
    """The checksums after 64 * 2**level zero bytes more."""
    by_byte = _zeros_tables(level)
    result: Any = by_byte[0][crcs & np.uint32(255)]
    for i in (1, 2, 3):
        result = result ^ by_byte[i][(crcs >> np.uint32(8 * i)) & np.uint32(255)]
    return np.asarray(result, dtype=np.uint32)


@functools.cache
def _zeros_tables(level: int) -> tuple[Checksums, ...]:
    if level == 0:
        return tuple(table(_LANE_BYTES - 1 - i) for i in range(4))
    return tuple(_append_zeros(rows, level - 1) for rows in _zeros_tables(level - 1))
