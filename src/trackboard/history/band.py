"""A metric over several runs, as seeds are compared: mean, deviation and extremes of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trackboard.history.buckets import Wanted, check_limit, iter_located, iter_parts, number_of
from trackboard.history.x_axis import XAxis
from trackboard.model import Series, ValueKind
from trackboard.ports import Store

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Band:
    """A band, as columns of one length, by x. Only finite values are in it.

    A run counts once in each bucket, by the mean of its points there. Where there is a bucket for each x,
    that is the value itself.

    Attributes:
        series: How many series have points there.
        points: How many points are in it.
        left_out: How many are not, as they are NaN or infinite.
        first_x: The least x in each bucket.
        last_x: The greatest.
        counts: How many runs have a point in each.
        mean: The mean of these runs.
        deviation: Their standard deviation, divided by their number.
        least: The least value of all their points.
        greatest: The greatest.
    """

    series: int
    points: int
    left_out: int
    first_x: Floats
    last_x: Floats
    counts: npt.NDArray[np.int64]
    mean: Floats
    deviation: Floats
    least: Floats
    greatest: Floats


def read_band(
    store: Store,
    series: Sequence[Series],
    limit: int,
    axis: XAxis,
    *,
    first: float | None = None,
    last: float | None = None,
) -> Band:
    """Read a band over all points of some series, a run each.

    Args:
        store: Where they are.
        series: What is known of them; texts are left out.
        limit: How many buckets at most; where there are no more different x, each has its own.
        axis: The x of points.
        first: Only points from this x on; None: from the first.
        last: Only points up to this x; None: up to the last.

    Raises:
        UsageError: There cannot be so many buckets.
    """
    check_limit(limit)
    chosen = [each for each in series if each.kind is not ValueKind.TEXT]
    wanted = (first, last)
    edges = np.zeros(0)
    for _, x, _ in _iter_points(store, chosen, axis, wanted):
        edges = np.unique(np.concatenate([edges, x]))
        edges = edges if len(edges) <= limit else edges[[*range(limit), -1]]
    sums = _Sums(edges, limit)
    for run, x, values in _iter_points(store, chosen, axis, wanted):
        sums.add(run, x, values)
    return sums.join()


def _iter_points(
    store: Store, series: Sequence[Series], axis: XAxis, wanted: Wanted
) -> Iterator[tuple[int, Floats, Floats]]:
    """The number of the series, the x and the values of all points, in parts."""
    for number, (each, parts) in enumerate(iter_parts(store, series)):
        for x, _, values in iter_located(axis, each, parts, wanted):
            yield number, x.astype(np.float64), values.astype(np.float64)


class _Sums:
    """Adds up points by bucket; the points of a run come one after the other.

    Args:
        edges: Each x, where these are at most `limit`; else some, with the least and the greatest.
        limit: How many buckets at most.
    """

    def __init__(self, edges: Floats, limit: int) -> None:
        self._edges, self._limit = edges, limit
        size = min(len(edges), limit)
        self._run = -1
        self._series = self._points = self._left_out = 0
        self._counts_of_run, self._means_of_run = np.zeros(size, np.int64), np.zeros(size)
        self._counts, self._means, self._squares = (
            np.zeros(size, np.int64),
            np.zeros(size),
            np.zeros(size),
        )
        self._first, self._last = np.full(size, np.inf), np.full(size, -np.inf)
        self._least, self._greatest = np.full(size, np.inf), np.full(size, -np.inf)

    def add(self, run: int, x: Floats, values: Floats) -> None:
        """Add points of a run."""
        if run != self._run:
            self._fold()
            self._run = run
            self._series += 1
        finite = np.isfinite(values)
        self._points += int(finite.sum())
        self._left_out += int((~finite).sum())
        x, values = x[finite], values[finite]
        number = self._number(x)
        for column, of in ((self._first, x), (self._least, values)):
            np.minimum.at(column, number, of)
        for column, of in ((self._last, x), (self._greatest, values)):
            np.maximum.at(column, number, of)
        size = len(self._counts)
        added = np.bincount(number, minlength=size)
        sums = np.bincount(number, weights=values, minlength=size)
        total = self._counts_of_run + added
        np.divide(
            self._means_of_run * self._counts_of_run + sums,
            total,
            self._means_of_run,
            where=total > 0,
        )
        self._counts_of_run = total

    def _number(self, x: Floats) -> npt.NDArray[np.int64]:
        if len(self._edges) <= self._limit:
            return np.searchsorted(self._edges, x)
        return number_of(x, float(self._edges[0]), float(self._edges[-1]), self._limit)

    def _fold(self) -> None:
        """Count the run whose points were added as one; Welford's sums stay exact far from zero."""
        has = self._counts_of_run > 0
        self._counts += has
        moved = np.where(has, self._means_of_run - self._means, 0.0)
        self._means += moved / np.maximum(self._counts, 1)
        self._squares += moved * np.where(has, self._means_of_run - self._means, 0.0)
        self._counts_of_run[:] = 0
        self._means_of_run[:] = 0

    def join(self) -> Band:
        """The band of all that was added."""
        self._fold()
        has = self._counts > 0
        counts = self._counts[has]
        return Band(
            self._series,
            self._points,
            self._left_out,
            self._first[has],
            self._last[has],
            counts,
            self._means[has],
            np.sqrt(self._squares[has] / np.maximum(counts, 1)),
            self._least[has],
            self._greatest[has],
        )
