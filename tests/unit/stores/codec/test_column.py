"""Columns find the form that suits them."""

import numpy as np
import numpy.typing as npt
import pytest
import zstandard

from trackboard.stores.codec import column

COUNT = 4096
NOISE = np.random.default_rng(1)
RAMP = np.arange(COUNT, dtype=np.int64)
SHAPES: dict[str, tuple[npt.NDArray[np.int64], int, float]] = {
    "ramp": (RAMP * 10 - 5, 4, 0.01),
    "wrapping ramp": (RAMP * 2**61, 4, 0.01),
    "one value": (np.full(COUNT, 7), 4, 0.01),
    "clock": (np.cumsum(NOISE.integers(0, 60_000, COUNT)), 2, 2.1),
    "to and fro": (NOISE.integers(-100, 100, COUNT), 3, 1.4),
    "three values": (
        np.array([0.1, 0.7, 0.3])[NOISE.integers(0, 3, COUNT)].view(np.int64),
        5,
        0.65,
    ),
    "noise": (NOISE.integers(-(2**63), 2**63 - 1, COUNT), 0, 8.1),
    "float32": (NOISE.random(COUNT).astype(np.float32).astype(np.float64).view(np.int64), 1, 4.0),
}


@pytest.mark.parametrize("count", [1, 2, 3, 32, 100, column.SHORT])
def test_columns_together_are_as_short_as_one_by_one(count: int) -> None:
    columns = np.stack([items[:count] for items, _, _ in SHAPES.values()])
    press, unpress = zstandard.ZstdCompressor(), zstandard.ZstdDecompressor()
    for items, data in zip(columns, column.encode_all(columns, press), strict=True):
        assert len(data) == len(column.encode(items, press))
        out = np.empty(count, np.int64)
        assert column.decode(memoryview(data), 0, out, unpress) == len(data)
        assert (out == items).all()


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_has_its_form(name: str) -> None:
    items, form, bytes_per_item = SHAPES[name]
    data = column.encode(items, zstandard.ZstdCompressor())
    assert data[0] == form
    assert len(data) / COUNT <= bytes_per_item
    out = np.empty(COUNT, np.int64)
    end = column.decode(
        memoryview(b"before" + data + b"behind"), 6, out, zstandard.ZstdDecompressor()
    )
    assert end == 6 + len(data)
    assert (out == items).all()
