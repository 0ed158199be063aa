from __future__ import annotations

import random

import numpy as np
import pytest
from tensorboard.compat.tensorflow_stub import pywrap_tensorflow as peer

from trackboard.eventfile import crc32c


def test_known_answer() -> None:
    assert crc32c.crc32c(b"123456789") == 0xE3069283


@pytest.mark.parametrize("size", [0, 1, 3, 8, 1023, 1024, 1025, 2048, 4160, 100_001])
def test_agrees_with_tensorboards_own(size: int) -> None:
    data = random.Random(size).randbytes(size)
    assert crc32c.crc32c(data) == peer.crc32c(data)
    assert crc32c.masked(crc32c.crc32c(data)) == peer.masked_crc32c(data)


@pytest.mark.parametrize("size", [1024, 70_000])
def test_every_byte_of_a_long_record_counts(size: int) -> None:
    data = bytearray(size)
    plain = crc32c.crc32c(bytes(data))
    for at in (0, 1, 3, 4, 63, 64, size // 2, size - 1):
        data[at] ^= 1
        assert crc32c.crc32c(bytes(data)) not in (plain, 0)
        data[at] ^= 1


def test_rows_agree_with_single_records() -> None:
    rows = np.random.default_rng(0).integers(0, 256, (50, 12), dtype=np.uint8)
    expected = [peer.masked_crc32c(row.tobytes()) for row in rows]
    assert crc32c.masked_columns(crc32c.of_rows(rows)).tolist() == expected


def test_a_table_adds_a_byte_that_many_bytes_before_the_end() -> None:
    for following in (0, 1, 255, 256, 600):
        record = bytes((77,)) + bytes(following)
        added = int(crc32c.table(following)[77])
        assert crc32c.crc32c(record) == crc32c.crc32c(bytes(following + 1)) ^ added
