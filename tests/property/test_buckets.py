"""Series in buckets: no peak is lost, nothing is counted twice, however the points are cut into parts."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trackboard.errors import UsageError
from trackboard.history import buckets
from trackboard.history.buckets import Buckets, read_buckets, read_curves
from trackboard.history.x_axis import TimeAxis
from trackboard.model import RunId, Series, SeriesId, ValueKind
from trackboard.ports import Points
from trackboard.testing.memory.store import MemoryStore

FLOATS = st.floats(allow_nan=True, allow_infinity=True)
STEPS = st.integers(-(2**62), 2**62) | st.integers(0, 30)
POINTS = st.lists(st.tuples(STEPS, FLOATS), min_size=1, max_size=60)


class OneSeries(MemoryStore):
    """A store with one series, whose points come in parts of a given size."""

    def __init__(self, points: list[tuple[int, float]], size: int) -> None:
        super().__init__()
        self._points, self._size = points, size

    def _make(self, points: list[tuple[int, float]]) -> Points:
        steps, values = zip(*points, strict=True)
        return Points(np.array(steps, np.int64), np.array(steps, float), np.array(values))

    def read_points(self, series: object, *, limit: int | None = None) -> dict[SeriesId, Points]:
        del series, limit
        return {SeriesId(1): self._make(self._points)}

    def iter_points(self, series: SeriesId) -> Iterator[Points]:
        del series
        for start in range(0, len(self._points), self._size):
            yield self._make(self._points[start : start + self._size])


def series_of(points: list[tuple[int, float]], count: int | None = None) -> Series:
    known = len(points) if count is None else count
    return Series(SeriesId(1), RunId("r"), "m", ValueKind.FLOAT, known, 0.0, 0, 0.0, 0.0, 0.0, 0)


def extremes(values: list[float]) -> tuple[float, float]:
    numbers = [value for value in values if not math.isnan(value)]
    return (min(numbers), max(numbers)) if numbers else (math.nan, math.nan)


def check(found: Buckets, points: list[tuple[int, float]], limit: int) -> None:
    """Every point is in exactly one bucket, and each bucket is what its points are."""
    assert len(found) <= max(1, limit)
    assert found.points == len(points)
    rest = sorted(points, key=lambda point: point[0])
    for at in range(len(found)):
        size = int(found.counts[at])
        inside, rest = rest[:size], rest[size:]
        assert (inside[0][0], inside[-1][0]) == (found.first_steps[at], found.last_steps[at])
        values = [value for _, value in inside]
        if limit < len(
            points
        ):  # where points of one step are apart, they keep the order of logging
            expected = extremes(values)
            assert np.array_equal([found.least[at], found.greatest[at]], expected, equal_nan=True)
            assert found.nans[at] == sum(map(math.isnan, values))


@given(POINTS, st.integers(1, 40))
@example([(0, 1.0), (0, math.nan), (5, math.nan)], 2)
@example([(-(2**62), 1.0), (2**62, 2.0)], 1)
def test_no_peak_is_lost(points: list[tuple[int, float]], limit: int) -> None:
    found = read_buckets(OneSeries(points, 7), [series_of(points)], limit)[SeriesId(1)]
    check(found, points, limit)
    assert found.count == len(points)


@given(POINTS, st.integers(1, 40), st.integers(1, 9))
@example([(0, 0.0)] * 5, 2, 4)
def test_a_series_that_is_read_in_parts_is_the_same(
    points: list[tuple[int, float]], limit: int, size: int
) -> None:
    long = series_of(points, buckets._AT_ONCE + 1)  # over times, which are the steps here
    parts = read_curves(OneSeries(points, size), [long], limit, TimeAxis())[SeriesId(1)]
    whole = read_curves(OneSeries(points, size), [series_of(points)], limit, TimeAxis())[
        SeriesId(1)
    ]
    for name in ("first_steps", "last_steps", "counts", "nans", "least", "greatest", "last"):
        one, other = getattr(parts, name), getattr(whole, name)
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), name


@given(POINTS, st.integers(1, 40), STEPS, STEPS)
def test_only_the_steps_that_are_asked_for(
    points: list[tuple[int, float]], limit: int, one: int, other: int
) -> None:
    first, last = sorted((one, other))
    inside = [point for point in points if first <= point[0] <= last]
    store = OneSeries(points, 7)
    found = read_buckets(store, [series_of(points)], limit, first_step=first, last_step=last)
    check(found[SeriesId(1)], inside, limit)
    assert found[SeriesId(1)].count == len(points)


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_a_number_of_buckets_that_is_none_is_refused(limit: int) -> None:
    with pytest.raises(UsageError, match=f"{limit} is no number"):
        read_buckets(OneSeries([(0, 1.0)], 1), [], limit)
