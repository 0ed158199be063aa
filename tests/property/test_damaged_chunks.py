"""Whatever happens to the bytes of stored points: they are the same, or are called damaged."""

import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from tests.property.test_chunk_codec import check_same, columns

from trackboard.model import ValueKind
from trackboard.ports import Points
from trackboard.stores.codec import chunk
from trackboard.stores.codec.chunk import DTYPES, Damaged, Packed, Packer, Unpacker

PACKER, UNPACKER = Packer(), Unpacker()
ANY_KIND = st.sampled_from(ValueKind).flatmap(lambda kind: st.tuples(st.just(kind), columns(kind)))
PACKERS: list[Callable[[Points, ValueKind], Packed]] = [PACKER.raw, PACKER.pressed]


@st.composite
def changed(draw: st.DrawFn, data: bytes) -> bytes:
    """The same bytes with one bit flipped, or a stretch that is others, gone, zero or more."""
    at = draw(st.integers(0, len(data) - 1))
    if draw(st.booleans()):
        bit = 1 << draw(st.integers(0, 7))
        return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
    end = draw(st.integers(at, min(at + 64, len(data))))
    middle = draw(st.binary(max_size=64) | st.just(bytes(end - at)))
    return data[:at] + middle + data[end:]


def read(packed: Packed) -> Points | None:
    """The points of a chunk by both ways to read it, None when it is damaged."""
    try:
        points = UNPACKER.read(packed)
    except Damaged:
        points = None
    wide = ValueKind.TEXT if packed.kind is ValueKind.TEXT else ValueKind.FLOAT
    out = chunk.Columns.empty(packed.count, wide)
    try:
        UNPACKER.fill(packed, out)
    except Damaged:
        assert points is None
    else:
        assert points is not None
    return points


@given(st.data(), ANY_KIND, st.sampled_from(PACKERS))
def test_a_chunk(
    data: st.DataObject,
    logged: tuple[ValueKind, Points],
    pack: Callable[[Points, ValueKind], Packed],
) -> None:
    kind, points = logged
    packed = pack(points, kind)
    packed = replace(packed, checksum=packed.computed_checksum)
    broken = replace(packed, data=data.draw(changed(packed.data)))
    found = read(broken)
    if found is not None:
        assert broken.data == packed.data
        check_same(found, points)


@given(st.data(), ANY_KIND, st.sampled_from(PACKERS))
def test_a_chunk_of_before_there_were_checksums_raises_nothing_else(
    data: st.DataObject,
    logged: tuple[ValueKind, Points],
    pack: Callable[[Points, ValueKind], Packed],
) -> None:
    kind, points = logged
    packed = pack(points, kind)
    found = read(replace(packed, data=data.draw(changed(packed.data))))
    if found is not None:
        assert len(found.steps) == len(found.times_s) == len(found.values) == len(points)
        assert found.values.dtype == DTYPES[kind]


@given(
    count=st.integers(-1, 5000),
    kind=st.integers(-1, 6),
    codec=st.integers(-1, 3),
    data=st.binary(max_size=200),
)
def test_any_columns(count: int, kind: int, codec: int, data: bytes) -> None:
    try:
        packed = Packed.of(count, kind, codec, data, None)
        UNPACKER.read(packed)
    except Damaged:
        return


@given(st.data(), columns(ValueKind.FLOAT) | columns(ValueKind.INT) | columns(ValueKind.BOOL))
def test_a_preview(data: st.DataObject, points: Points) -> None:
    kind = {"f": ValueKind.FLOAT, "i": ValueKind.INT, "b": ValueKind.BOOL}[points.values.dtype.kind]
    preview = chunk.make_preview(points)
    expected = chunk.read_preview(preview, kind)
    broken = data.draw(changed(preview))
    try:
        found = chunk.read_preview(broken, kind)
    except Damaged:
        return
    if len(broken) == len(preview):
        check_same(found, expected)


@pytest.mark.parametrize("kind", ValueKind)
def test_a_preview_of_before_there_were_checksums_is_read(kind: ValueKind) -> None:
    if kind is ValueKind.TEXT:
        return
    values = np.array([1, 0, 1], DTYPES[kind])
    preview = chunk.make_preview(Points(np.arange(3), np.arange(3.0), values))
    old = chunk.read_preview(preview[:-4], kind)
    check_same(old, chunk.read_preview(preview, kind))


def test_a_preview_without_a_checksum_holds_bools_only() -> None:
    with pytest.raises(Damaged, match="bool"):
        chunk.read_preview(bytes(18) + b"\r", ValueKind.BOOL)


def bomb(kind: ValueKind, size_bytes: int) -> bytes:
    """A pressed chunk of one point whose values say that they are very long."""
    one = Points(np.zeros(1, np.int64), np.zeros(1), np.array(["x"], object))
    ends = PACKER.pressed(one, ValueKind.TEXT).data
    text = PACKER._press.compress(json.dumps(["x"], separators=(",", ":")).encode())
    assert ends.endswith(text)
    head = ends[: -len(text)]
    pressed = zstandard.ZstdCompressor().compress(bytes(size_bytes))
    if kind is ValueKind.TEXT:
        return head + pressed
    return head + b"\5" + len(pressed).to_bytes(4, "little") + pressed


@pytest.mark.parametrize("kind", [ValueKind.TEXT, ValueKind.FLOAT])
def test_what_says_that_it_is_huge_takes_no_memory(kind: ValueKind) -> None:
    packed = Packed(1, kind, chunk.PRESSED, bomb(kind, 256 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(Damaged):
            UNPACKER.read(packed)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_text_that_really_is_huge_is_read() -> None:
    """A limit is for bytes that nobody vouches for."""
    unpacker = Unpacker(max_unchecked_text_bytes=1 << 16)
    whole = "x" * (1 << 17)
    points = Points(np.zeros(1, np.int64), np.zeros(1), np.array([whole], object))
    packed = PACKER.pressed(points, ValueKind.TEXT)
    with pytest.raises(Damaged):
        unpacker.read(packed)
    found = unpacker.read(replace(packed, checksum=packed.computed_checksum))
    assert found.values[0] == whole
