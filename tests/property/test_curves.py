"""Curves over any x axis, and bands over runs, are what numpy says of all points."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trackboard.errors import UsageError
from trackboard.history import buckets
from trackboard.history.band import read_band
from trackboard.history.buckets import read_curves
from trackboard.history.x_axis import StepAxis, open_axis
from trackboard.model import RunId, Series, SeriesId, ValueKind
from trackboard.ports import Points
from trackboard.server.api.curve_columns import pack_curves
from trackboard.testing.memory.store import MemoryStore

Point = tuple[int, float, float]  # step, time, value
FLOATS = st.floats(allow_nan=True, allow_infinity=True)
TIMES = st.floats(0, 4e9)
POINTS = st.lists(st.tuples(st.integers(0, 40), TIMES, FLOATS), min_size=1, max_size=60)
TAME = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])
SEEDS = st.lists(
    st.lists(st.tuples(st.integers(0, 12), TIMES, TAME), min_size=1, max_size=20),
    min_size=1,
    max_size=6,
)


class Stored(MemoryStore):
    """A store with a series for each list of points, each of a run of its own, and one of the first run."""

    def __init__(self, runs: Sequence[Sequence[Point]], other: Sequence[Point] = ()) -> None:
        super().__init__()
        self._points = {SeriesId(at): points for at, points in enumerate([*runs, other])}
        self.series = [self._describe(at, f"r{at}", "m", points) for at, points in enumerate(runs)]
        self.other = self._describe(len(runs), "r0", "other", other)

    def _describe(self, at: int, run: str, name: str, points: Sequence[Point]) -> Series:
        count = len(points)
        kind = ValueKind.FLOAT
        return Series(SeriesId(at), RunId(run), name, kind, count, 0.0, 0, 0.0, 0.0, 0.0, 0)

    def read_points(
        self, series: Sequence[SeriesId], *, limit: int | None = None
    ) -> dict[SeriesId, Points]:
        del limit
        found = {}
        for each in series:
            columns = [*zip(*self._points[each], strict=True)] or [(), (), ()]
            found[each] = Points(
                np.array(columns[0], np.int64), np.array(columns[1]), np.array(columns[2])
            )
        return found

    def list_series(self, **asked: object) -> tuple[Series, ...]:
        return (self.other,) if asked["runs"] == ["r0"] else ()


def locate(axis: str, points: Sequence[Point], other: Sequence[Point]) -> list[tuple[float, float]]:
    """The x and the value of each point that has an x, as plainly as can be."""
    last = {step: value for step, _, value in other}
    found = []
    for step, time_s, value in points:
        x = {
            "step": float(step),
            "time": time_s,
            "relative": time_s - points[0][1],
            "metric:other": last.get(step, math.nan),
        }[axis]
        if math.isfinite(x):
            found.append((x, value))
    return found


def numbers(values: Sequence[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)] or [math.nan]


@pytest.mark.parametrize("axis", ["step", "time", "relative", "metric:other"])
@given(POINTS, POINTS, st.integers(1, 40), st.tuples(FLOATS, FLOATS))
@example([(0, 0.0, 1.0), (1, 1.0, math.nan)], [(0, 0.0, 5.0)], 1, (0.0, 1.0))
def test_every_bucket_has_the_exact_extremes_of_its_points_also_of_a_range(
    axis: str, points: list[Point], other: list[Point], limit: int, ends: tuple[float, float]
) -> None:
    store = Stored([points], other)
    first, last = sorted(ends) if all(map(math.isfinite, ends)) else (None, None)
    found = read_curves(store, store.series, limit, open_axis(store, axis), first=first, last=last)[
        SeriesId(0)
    ]
    located = locate(axis, points, other)
    if first is not None and last is not None:
        located = [(x, value) for x, value in located if first <= x <= last]
    assert found.points == len(located)
    rest = sorted(located, key=lambda point: point[0])
    for at in range(len(found)):
        inside, rest = rest[: found.counts[at]], rest[found.counts[at] :]
        assert (inside[0][0], inside[-1][0]) == (found.first_steps[at], found.last_steps[at])
        if len(located) > limit:
            values = numbers([value for _, value in inside])
            expected = (min(values), max(values))
            assert np.array_equal([found.least[at], found.greatest[at]], expected, equal_nan=True)
    assert rest == []


@given(SEEDS, st.integers(1, 20), st.none() | st.integers(0, 12))
@example([[(0, 0.0, 1.0), (0, 0.0, 3.0)], [(0, 0.0, 5.0)]], 5, None)
def test_a_band_is_what_numpy_says_of_all_runs(
    runs: list[list[Point]], limit: int, first: int | None
) -> None:
    store = Stored(runs)
    band = read_band(store, store.series, limit, StepAxis(), first=first)
    inside = [
        (run, step, value)
        for run, points in enumerate(runs)
        for step, _, value in points
        if first is None or step >= first
    ]
    finite = [each for each in inside if math.isfinite(each[2])]
    assert (band.points, band.left_out) == (len(finite), len(inside) - len(finite))
    if len({step for _, step, _ in inside}) <= limit:
        assert (
            band.first_x.tolist() == band.last_x.tolist() == sorted({step for _, step, _ in finite})
        )
    seen = 0
    for at in range(len(band.counts)):
        here = [each for each in finite if band.first_x[at] <= each[1] <= band.last_x[at]]
        seen += len(here)
        of_runs = [[value for run, _, value in here if run == each] for each in range(len(runs))]
        means = [np.mean(values) for values in of_runs if values]
        assert band.counts[at] == len(means)
        assert band.mean[at] == pytest.approx(np.mean(means), rel=1e-9, abs=1e-6)
        assert band.deviation[at] == pytest.approx(np.std(means), rel=1e-6, abs=1e-6)
        values = [value for _, _, value in here]
        assert (band.least[at], band.greatest[at]) == (min(values), max(values))
    assert seen == len(finite)


def test_a_band_is_the_same_of_series_that_come_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [[(step, 0.0, float(step * run)) for step in range(50)] for run in range(1, 4)]
    store = Stored(runs)
    whole = read_band(store, store.series, 10, StepAxis())
    seen = [store.read_points([each.id])[each.id] for each in store.series]
    cut = {
        each.id: [
            Points(
                points.steps[at : at + 7], points.times_s[at : at + 7], points.values[at : at + 7]
            )
            for at in range(0, 50, 7)
        ]
        for each, points in zip(store.series, seen, strict=True)
    }
    monkeypatch.setattr(store, "iter_points", lambda series: iter(cut[series]), raising=True)
    long = [
        Series(each.id, each.run, "m", each.kind, buckets._AT_ONCE + 1, 0, 0, 0, 0, 0, 0)
        for each in store.series
    ]
    parts = read_band(store, long, 10, StepAxis())
    for name in ("first_x", "last_x", "counts", "mean", "deviation", "least", "greatest"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name)), name


def test_curves_are_packed_as_it_is_described() -> None:
    points = [(step, 0.0, value) for step, value in enumerate((1.0, math.nan, -math.inf, 4.0))]
    store = Stored([points])
    for limit, columns in (
        (9, ["x", "y"]),
        (1, ["first_x", "last_x", "nans", "min", "max", "last"]),
    ):
        found = read_curves(store, store.series, limit, StepAxis())
        packed = pack_curves([(store.series[0], found[SeriesId(0)])])
        (length,) = struct.unpack_from("<I", packed)
        assert (4 + length) % 8 == 0
        (head,) = json.loads(packed[4 : 4 + length])
        assert head["columns"] == columns
        assert (head["count"], head["points"], head["nan"], head["infinite"]) == (4, 4, 1, 1)
        values = np.frombuffer(packed[4 + length :], "<f8").reshape(len(columns), head["length"])
        if limit == 1:
            assert values[:, 0].tolist() == [0, 3, 1, -math.inf, 4, 4]
        else:
            assert values[0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["", "steps", "metric:", "metric"])
def test_an_axis_that_is_none_is_told(name: str) -> None:
    with pytest.raises(UsageError, match="is no x axis"):
        open_axis(MemoryStore(), name)


def test_a_number_of_buckets_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="0 is no number"):
        read_band(MemoryStore(), [], 0, StepAxis())
