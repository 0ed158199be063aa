"""Points of one series as one blob, and what is noticed when it is not what was written."""

import math
import struct
import zlib
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from trackboard.model import ValueKind
from trackboard.ports import Points
from trackboard.stores.codec import chunk
from trackboard.stores.codec.chunk import Columns, Damaged, Packed, Packer, Unpacker
from trackboard.testing.speaker import same_points

NUMBERS = [ValueKind.BOOL, ValueKind.INT, ValueKind.FLOAT]
COUNTS = [1, 2, 31, 32, 33, 100, 4096]


def values_of(kind: ValueKind, count: int) -> npt.NDArray[np.generic]:
    chance = np.random.default_rng(count)
    if kind is ValueKind.TEXT:
        texts = np.empty(count, object)
        texts[:] = [f"tëxt {n}" * (n % 5) for n in range(count)]
        return texts
    if kind is ValueKind.BOOL:
        return chance.integers(0, 2, count).astype(np.bool_)
    if kind is ValueKind.INT:
        return chance.integers(-(2**63), 2**63 - 1, count)
    return chance.normal(size=count)


def points_of(kind: ValueKind, count: int) -> Points:
    steps = np.arange(count, dtype=np.int64) * 10
    times_s = 1.7e9 + np.arange(count) / 3
    return Points(steps, times_s, values_of(kind, count))


def pack(kind: ValueKind, count: int, form: str) -> Packed:
    packed = getattr(Packer(), form)(points_of(kind, count), kind)
    assert isinstance(packed, Packed)
    return replace(packed, checksum=packed.computed_checksum)


@pytest.mark.parametrize("form", ["raw", "pressed"])
@pytest.mark.parametrize("kind", ValueKind)
@pytest.mark.parametrize("count", COUNTS)
def test_points_come_back_and_cannot_be_changed(kind: ValueKind, count: int, form: str) -> None:
    packed = pack(kind, count, form)
    is_raw = form == "raw" or (count < 32 and kind is not ValueKind.TEXT)
    assert (packed.count, packed.kind, packed.codec) == (count, kind, 0 if is_raw else 1)
    points = Unpacker().read(packed)
    assert same_points(points, points_of(kind, count))
    for array in (points.steps, points.times_s, points.values):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_raw_chunk_is_its_columns() -> None:
    for kind in NUMBERS:
        points = points_of(kind, 5)
        parts = (points.steps, points.times_s, points.values)
        assert Packer().raw(points, kind).data == b"".join(part.tobytes() for part in parts)
    points = points_of(ValueKind.TEXT, 2)
    data = Packer().raw(points, ValueKind.TEXT).data
    ends = points.steps.tobytes() + points.times_s.tobytes()
    assert data == ends + b'["","t\\u00ebxt 1"]'


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_long_column_takes_less_room_pressed(kind: ValueKind) -> None:
    raw, pressed = (pack(kind, 4096, form) for form in ("raw", "pressed"))
    assert len(pressed.data) < 0.8 * len(raw.data)


@pytest.mark.parametrize("form", ["raw", "pressed"])
@pytest.mark.parametrize(
    ("kind", "wider"),
    [
        (ValueKind.BOOL, ValueKind.INT),
        (ValueKind.BOOL, ValueKind.FLOAT),
        (ValueKind.INT, ValueKind.FLOAT),
        (ValueKind.BOOL, ValueKind.BOOL),
        (ValueKind.TEXT, ValueKind.TEXT),
    ],
)
def test_a_part_of_wider_columns_is_filled(kind: ValueKind, wider: ValueKind, form: str) -> None:
    out = Columns.empty(300, wider)
    out.steps[:], out.times_s[:] = -1, -1.0
    out.values[:] = "" if wider is ValueKind.TEXT else 0
    Unpacker().fill(pack(kind, 100, form), out.part(100, 200))
    expected = points_of(kind, 100)
    assert (out.steps[100:200] == expected.steps).all()
    assert (out.times_s[100:200] == expected.times_s).all()
    assert (out.values[100:200] == expected.values.astype(out.values.dtype)).all()
    for rest in (slice(0, 100), slice(200, 300)):
        assert (out.steps[rest] == -1).all()
        assert not out.values[rest].any()
    points = out.freeze()
    assert len(points) == 300
    with pytest.raises(ValueError, match="read-only"):
        points.values[0] = points.values[1]


@pytest.mark.parametrize("kind", ValueKind)
def test_empty_columns_have_their_types(kind: ValueKind) -> None:
    columns = Columns.empty(7, kind)
    assert columns.steps.dtype == np.dtype(np.int64)
    assert columns.times_s.dtype == np.dtype(np.float64)
    assert columns.values.dtype == chunk.DTYPES[kind]
    assert [len(each) for each in (columns.steps, columns.times_s, columns.values)] == [7, 7, 7]
    assert columns.steps.flags.writeable
    columns.steps[:], columns.times_s[:] = 1, 2.0
    columns.values[:] = "x" if kind is ValueKind.TEXT else 1
    assert (columns.steps == 1).all()
    assert (columns.times_s == 2.0).all()


# -- checksums ------------------------------------------------------------------------------------


def test_the_checksum_is_of_head_and_bytes_with_the_count_in_front() -> None:
    packed = Packed(5, ValueKind.INT, 0, b"data")
    crc = zlib.crc32(struct.pack("<qBB", 5, 2, 0) + b"data")
    assert packed.computed_checksum == 5 << 32 | crc


def test_a_checksum_of_another_count_says_nothing() -> None:
    packed = pack(ValueKind.INT, 40, "pressed")
    assert packed.is_checked
    assert not replace(packed, checksum=None).is_checked
    older = pack(ValueKind.INT, 39, "pressed").checksum
    assert not replace(packed, checksum=older).is_checked
    assert len(Unpacker().read(replace(packed, checksum=older))) == 40
    assert len(Unpacker().read(replace(packed, checksum=None))) == 40


@pytest.mark.parametrize("form", ["raw", "pressed"])
@pytest.mark.parametrize("kind", ValueKind)
def test_any_byte_that_differs_is_noticed(kind: ValueKind, form: str) -> None:
    packed = pack(kind, 40, form)
    for at in range(0, len(packed.data), 7):
        data = bytearray(packed.data)
        data[at] ^= 1
        for read in (
            lambda bad: Unpacker().read(bad),
            lambda bad: Unpacker().fill(bad, Columns.empty(40, kind)),
        ):
            with pytest.raises(Damaged, match="the checksum differs"):
                read(replace(packed, data=bytes(data)))


@pytest.mark.parametrize("count", [0, -1, 4097, 2**40])
def test_a_chunk_has_a_bounded_number_of_points(count: int) -> None:
    packed = replace(pack(ValueKind.INT, 40, "raw"), count=count, checksum=None)
    with pytest.raises(Damaged, match=f"no chunk has {count} points"):
        Unpacker().read(packed)


def test_a_kind_that_there_is_not_is_damage() -> None:
    packed = Packed.of(3, 2, 1, b"data", 7)
    assert (packed.count, packed.kind, packed.codec) == (3, ValueKind.INT, 1)
    assert (packed.data, packed.checksum) == (b"data", 7)
    with pytest.raises(Damaged, match="no kind 9"):
        Packed.of(3, 9, 1, b"", None)


def unchecked(kind: ValueKind, codec: int, data: bytes, count: int = 2) -> Packed:
    return Packed(count, kind, codec, data)


ENDS = bytes(32)  # the steps and times of two points


@pytest.mark.parametrize(
    "packed",
    [
        unchecked(ValueKind.INT, 0, ENDS + bytes(15)),
        unchecked(ValueKind.INT, 0, ENDS + bytes(17)),
        unchecked(ValueKind.INT, 0, ENDS[:-1]),
        unchecked(ValueKind.INT, 0, b""),
        unchecked(ValueKind.BOOL, 0, ENDS + b"\x00\x02"),
        unchecked(ValueKind.BOOL, 0, ENDS + b"\x00\x01\x01"),
        unchecked(ValueKind.TEXT, 0, ENDS + b'["a"]'),
        unchecked(ValueKind.TEXT, 0, ENDS + b'["a","b","c"]'),
        unchecked(ValueKind.TEXT, 0, ENDS + b'["a",1]'),
        unchecked(ValueKind.TEXT, 0, ENDS + b'{"a":1,"b":2}'),
        unchecked(ValueKind.TEXT, 0, ENDS + b'"ab"'),
        unchecked(ValueKind.TEXT, 0, ENDS + b"["),
        unchecked(ValueKind.INT, 1, b""),
        unchecked(ValueKind.INT, 1, b"\x09" + bytes(100)),
        unchecked(ValueKind.TEXT, 1, b"\x00" + bytes(16) + b"\x00" + bytes(16) + b"no zstd"),
        unchecked(ValueKind.INT, 1, (b"\x00" + bytes(16)) * 3 + b"more"),
        unchecked(ValueKind.BOOL, 1, (b"\x00" + bytes(16)) * 2 + b"\x00\x00\x02"),
        unchecked(ValueKind.INT, 7, ENDS + bytes(16)),
    ],
)
def test_bytes_that_nobody_wrote_are_damage(packed: Packed) -> None:
    with pytest.raises(Damaged, match="malformed"):
        Unpacker().read(packed)
    with pytest.raises(Damaged, match="malformed"):
        Unpacker().fill(packed, Columns.empty(2, packed.kind))


# -- previews and summaries -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("count", [1, 17, 18, 19, 4096])
def test_a_preview_is_some_of_the_points(kind: ValueKind, count: int) -> None:
    points = points_of(kind, count)
    seen = chunk.read_preview(chunk.make_preview(points), kind)
    assert len(seen) == min(count, 18)
    chosen = seen.steps // 10
    assert (chosen[0], chosen[-1]) == (0, count - 1)
    expected = Points(points.steps[chosen], points.times_s[chosen], points.values[chosen])
    assert same_points(seen, expected)
    assert (seen.values.min(), seen.values.max()) == (points.values.min(), points.values.max())


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_preview_of_before_there_were_checksums_is_read(kind: ValueKind) -> None:
    preview = chunk.make_preview(points_of(kind, 50))
    assert same_points(chunk.read_preview(preview[:-4], kind), chunk.read_preview(preview, kind))


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_preview_that_differs_is_damage(kind: ValueKind) -> None:
    preview = chunk.make_preview(points_of(kind, 50))
    for at in range(0, len(preview), 5):
        bad = bytearray(preview)
        bad[at] ^= 1
        with pytest.raises(Damaged, match="checksum of a preview"):
            chunk.read_preview(bytes(bad), kind)
    for cut in (1, 2, 3, 5):
        with pytest.raises(Damaged, match="odd length"):
            chunk.read_preview(preview[:-cut], kind)


def test_a_bool_of_a_preview_is_one() -> None:
    preview = bytearray(chunk.make_preview(points_of(ValueKind.BOOL, 3))[:-4])
    preview[-1] = 2
    with pytest.raises(Damaged, match="a preview holds a bool that is none"):
        chunk.read_preview(bytes(preview), ValueKind.BOOL)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([2.0, math.nan, -1.0]), (-1.0, 2.0)),
        (np.array([math.inf, -math.inf]), (-math.inf, math.inf)),
        (np.array([3, -(2**63), 2**62]), (-(2.0**63), 2.0**62)),
        (np.array([False, True]), (0.0, 1.0)),
        (np.array([True]), (1.0, 1.0)),
    ],
)
def test_extremes_leave_nan_out(
    values: npt.NDArray[np.generic], expected: tuple[float, float]
) -> None:
    found = chunk.extremes(values)
    assert found == expected
    assert [type(each) for each in found] == [float, float]


@pytest.mark.parametrize(
    "values", [np.array([math.nan, math.nan]), np.array([], np.int64), np.array(["a"], object)]
)
def test_of_nothing_there_are_no_extremes(values: npt.NDArray[np.generic]) -> None:
    assert all(map(math.isnan, chunk.extremes(values)))
