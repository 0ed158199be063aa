"""Whatever was logged comes back from a chunk bit for bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackboard.model import ValueKind
from trackboard.ports import Points
from trackboard.stores.codec import chunk, downsample
from trackboard.stores.codec.chunk import Columns, Packer, Unpacker

INT64 = st.integers(-(2**63), 2**63 - 1)
BITS = st.integers(0, 2**64 - 1)  # of a float: every NaN payload, both zeros, infinities
NEAR = st.integers(-300, 300)
PACKER, UNPACKER = Packer(), Unpacker()


def columns(kind: ValueKind) -> st.SearchStrategy[Points]:
    items = {
        ValueKind.BOOL: st.booleans(),
        ValueKind.INT: INT64 | NEAR,
        ValueKind.FLOAT: BITS,
        ValueKind.TEXT: st.text(st.characters(), max_size=20),
    }

    def points(rows: list[tuple[int, int, object]]) -> Points:
        steps, times, values = zip(*rows, strict=True)
        column = np.empty(len(rows), chunk.DTYPES[kind])
        if kind is ValueKind.FLOAT:
            column = np.array(values, np.uint64).view(np.float64)
        else:
            column[:] = values
        return Points(
            np.array(steps, np.int64), np.array(times, np.uint64).view(np.float64), column
        )

    row = st.tuples(INT64 | NEAR, BITS, items[kind])
    few = st.lists(row, min_size=1, max_size=50)
    repeated = st.tuples(few, st.integers(1, 60)).map(lambda pair: pair[0] * pair[1])
    return (few | repeated).map(points)


def check_same(one: Points, other: Points) -> None:
    assert one.steps.tobytes() == other.steps.tobytes()
    assert one.times_s.tobytes() == other.times_s.tobytes()
    assert one.values.dtype == other.values.dtype
    if one.values.dtype == object:
        assert one.values.tolist() == other.values.tolist()
    else:
        assert one.values.tobytes() == other.values.tobytes()


def check_round_trip(points: Points, kind: ValueKind) -> None:
    together = PACKER.pressed_all([points, points])
    for packed in (PACKER.raw(points, kind), PACKER.pressed(points, kind), *together):
        check_same(UNPACKER.read(packed), points)
        out = Columns.empty(len(points), kind)
        UNPACKER.fill(packed, out)
        check_same(out.freeze(), points)


@given(columns(ValueKind.FLOAT))
def test_floats(points: Points) -> None:
    check_round_trip(points, ValueKind.FLOAT)


@given(columns(ValueKind.INT))
def test_integers(points: Points) -> None:
    check_round_trip(points, ValueKind.INT)


@given(columns(ValueKind.BOOL))
def test_bools(points: Points) -> None:
    check_round_trip(points, ValueKind.BOOL)


@given(columns(ValueKind.TEXT))
def test_text(points: Points) -> None:
    check_round_trip(points, ValueKind.TEXT)


@given(columns(ValueKind.INT) | columns(ValueKind.BOOL))
def test_a_wider_column_is_filled_with_the_same_numbers(points: Points) -> None:
    kind = ValueKind.BOOL if points.values.dtype == np.bool_ else ValueKind.INT
    out = Columns.empty(len(points), ValueKind.FLOAT)
    UNPACKER.fill(PACKER.pressed(points, kind), out)
    assert out.values.tolist() == points.values.astype(np.float64).tolist()


@given(columns(ValueKind.FLOAT))
def test_a_preview_holds_the_ends_and_the_extremes(points: Points) -> None:
    found = chunk.read_preview(chunk.make_preview(points), ValueKind.FLOAT)
    assert len(found) == min(len(points), downsample.PREVIEW)
    assert found.values[0].tobytes() == points.values[0].tobytes()
    assert found.values[-1].tobytes() == points.values[-1].tobytes()
    np.testing.assert_equal(chunk.extremes(found.values), chunk.extremes(points.values))


@given(columns(ValueKind.FLOAT) | columns(ValueKind.INT), st.integers(1, 60))
def test_a_sample_keeps_its_promises(points: Points, limit: int) -> None:
    chosen = downsample.sample(points.values, limit).tolist()
    assert 1 <= len(chosen) <= limit
    assert chosen == sorted(set(chosen))
    assert chosen[-1] == len(points) - 1
    if limit > 1:
        assert chosen[0] == 0
    if limit >= 4:
        np.testing.assert_equal(
            chunk.extremes(points.values[chosen]), chunk.extremes(points.values)
        )


def loss_curve(count: int) -> Points:
    noise = np.random.default_rng(7)
    steps = np.arange(count, dtype=np.int64)
    values = 2.3 * np.exp(-steps / 1500) + 0.1 + noise.normal(0, 0.02, count)
    times_s = 1.75e9 + np.cumsum(0.05 + noise.normal(0, 0.002, count).clip(-0.04))
    return Points(steps, times_s, values)


@pytest.mark.parametrize(
    ("kind", "bytes_per_point"),
    [("float64", 11.0), ("float32", 6.0), ("accuracy", 5.5), ("counter", 3.0), ("flag", 3.0)],
)
def test_full_chunks_are_small(kind: str, bytes_per_point: float) -> None:
    curve = loss_curve(chunk.FULL)
    made = {
        "float64": (curve.values, ValueKind.FLOAT),
        "float32": (curve.values.astype(np.float32).astype(np.float64), ValueKind.FLOAT),
        "accuracy": ((curve.values * 1000).round() / 1000, ValueKind.FLOAT),
        "counter": (curve.steps * 64, ValueKind.INT),
        "flag": (curve.values > 0.5, ValueKind.BOOL),
    }
    values, value_kind = made[kind]
    packed = PACKER.pressed(Points(curve.steps, curve.times_s, values), value_kind)
    assert len(packed.data) / chunk.FULL <= bytes_per_point
