"""zlib.crc32 of many equally long byte strings at once.

CRC-32 is linear over XOR: the checksum of a message is the checksum of zeros, XORed with what each pair
of its bytes adds by value and place alone. A table per pair turns N checksums into a few array look-ups.
"""

from __future__ import annotations

import functools
import zlib

import numpy as np
import numpy.typing as npt

from trackboard.spool.layout import SCALAR_BYTES


@functools.lru_cache(maxsize=1)
def _tables() -> tuple[npt.NDArray[np.uint32], ...]:
    """For each pair of bytes of a scalar's payload: what each of its 65,536 values adds."""
    zeros = bytes(SCALAR_BYTES)
    base = zlib.crc32(zeros)
    single = np.empty((SCALAR_BYTES, 256), np.uint32)
    for location in range(SCALAR_BYTES):
        message = bytearray(zeros)
        for value in range(256):
            message[location] = value
            single[location, value] = zlib.crc32(message) ^ base
    pairs = single.reshape(-1, 2, 256)
    low, high = pairs[:, 0, None, :], pairs[:, 1, :, None]
    both = (low ^ high).reshape(-1, 65536)
    both[0] ^= np.uint32(base)
    return tuple(both)


def scalar_crcs(bodies: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint32]:
    """Checksums of scalars' payloads.

    Args:
        bodies: uint16 [N, SCALAR_BYTES / 2], little-endian pairs of payload bytes.

    Returns:
        uint32 [N].
    """
    crcs = np.zeros(len(bodies), np.uint32)
    for column, table in enumerate(_tables()):
        crcs ^= table.take(bodies[:, column])
    return crcs
