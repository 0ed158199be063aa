"""A series in few buckets of steps or of another x axis, each with its exact least and greatest value.

Nothing is left out of a bucket: what a chart draws of a long series has every peak in it, however narrow.

Over steps, buckets are made of whole intervals, `INTERVALS` of them at least as a rule, of which the store
keeps what is in them; any other x has to be computed for each point.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trackboard.errors import UsageError
from trackboard.history.x_axis import StepAxis, XAxis
from trackboard.model import Series, SeriesId, ValueKind
from trackboard.ports import Points, Rollup, Store

_BEYOND = 2**64  # no step is so great
MOST_BUCKETS = 10_000  # of one series
_AT_ONCE = 1_000_000  # points that are read whole, 24 bytes each

Integers = npt.NDArray[np.int64]
Wanted = tuple[float | None, float | None]  # the ends of what is asked for
Located = tuple[npt.NDArray[Any], npt.NDArray[np.float64], npt.NDArray[Any]]  # x, times, values


@dataclass(frozen=True, eq=False)
class Buckets:
    """Buckets that hold points, as columns of one length, by step.

    Attributes:
        count: How many points the series has.
        first_steps: The least step in each bucket; on another x axis the least x, as float.
        last_steps: The greatest.
        counts: How many points each has; all 1: these are the points themselves.
        nans: How many of these are NaN.
        least: The least value, NaN passed over; NaN where there is nothing else.
        greatest: The greatest value, likewise.
        last: The value that was logged last.
        last_times_s: When that was, in seconds since the epoch.
    """

    count: int
    first_steps: npt.NDArray[Any]
    last_steps: npt.NDArray[Any]
    counts: Integers
    nans: Integers
    least: npt.NDArray[Any]
    greatest: npt.NDArray[Any]
    last: npt.NDArray[Any]
    last_times_s: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def points(self) -> int:
        """How many points the buckets hold: those of the steps that were asked for."""
        return int(self.counts.sum())


def read_buckets(
    store: Store,
    series: Iterable[Series],
    limit: int,
    *,
    first_step: int | None = None,
    last_step: int | None = None,
) -> dict[SeriesId, Buckets]:
    """Read series of numbers in buckets of nearly equally many steps.

    Args:
        store: Where they are.
        series: What is known of them; texts are left out.
        limit: How many buckets at most, of each series.
        first_step: Only points from here on; None: from the first.
        last_step: Only points up to here; None: up to the last.

    Raises:
        UsageError: There cannot be so many buckets.
    """
    return read_curves(store, series, limit, StepAxis(), first=first_step, last=last_step)


def read_curves(
    store: Store,
    series: Iterable[Series],
    limit: int,
    axis: XAxis,
    *,
    first: float | None = None,
    last: float | None = None,
) -> dict[SeriesId, Buckets]:
    """Read series of numbers in buckets of equal parts of an x axis, of steps nearly equal ones.

    Args:
        store: Where they are.
        series: What is known of them; texts are left out.
        limit: How many buckets at most, of each series.
        axis: The x of points; what has none is left out.
        first: Only points from this x on; None: from the first.
        last: Only points up to this x; None: up to the last.

    Raises:
        UsageError: There cannot be so many buckets.
    """
    check_limit(limit)
    if isinstance(axis, StepAxis):
        return _read_steps(
            store, series, limit, _to_step(first, math.ceil), _to_step(last, math.floor)
        )
    found: dict[SeriesId, Buckets] = {}
    for each, parts in iter_parts(store, series):
        wanted: Wanted = (first, last)
        if each.count > _AT_ONCE and None in wanted:
            wanted = _find_ends(axis, each, store.iter_points(each.id), wanted)
        located = iter_located(axis, each, parts, (first, last))
        found[each.id] = _put_into_buckets(located, each.count, limit, wanted)
    return found


def _to_step(x: float | None, whole: Callable[[float], int]) -> int | None:
    """The outermost step within an end of what is asked for; None: there is no end."""
    if x is None or math.isfinite(x):
        return None if x is None else whole(x)
    return -_BEYOND if x < 0 else _BEYOND


def _read_steps(
    store: Store, series: Iterable[Series], limit: int, first: int | None, last: int | None
) -> dict[SeriesId, Buckets]:
    """Series in buckets of steps, which are put together from intervals."""
    counts = {each.id: each.count for each in series if each.kind is not ValueKind.TEXT}
    found = store.read_rollups([*counts], limit, first_step=first, last_step=last)
    return {each: _merge_intervals(rollup, counts[each], limit) for each, rollup in found.items()}


def _merge_intervals(rollup: Rollup, count: int, limit: int) -> Buckets:
    columns: tuple[npt.NDArray[Any], ...] = (
        *(rollup.first_steps, rollup.last_steps, rollup.counts, rollup.nans),
        *(rollup.least, rollup.greatest, rollup.last, rollup.last_times_s),
    )
    if rollup.counts.sum() <= limit:
        order = np.argsort(rollup.first_steps, kind="stable")
        return Buckets(count, *(column[order] for column in columns))
    first, last = int(rollup.first_steps.min()), int(rollup.last_steps.max())
    bits = rollup.bits
    intervals = (last >> bits) - (first >> bits) + 1
    number = ((rollup.first_steps >> bits) - (first >> bits)) * limit // intervals
    return Buckets(count, *_merged((number, *columns))[1:])


def check_limit(limit: int) -> None:
    """Raise where a series cannot be in so many buckets.

    Raises:
        UsageError: It cannot.
    """
    if not 1 <= limit <= MOST_BUCKETS:
        raise UsageError(
            f"{limit} is no number of buckets", hint=f"Ask for 1 to {MOST_BUCKETS:,} points."
        )


def iter_parts(store: Store, series: Iterable[Series]) -> Iterator[tuple[Series, Iterable[Points]]]:
    """Read series of numbers: many at once, one that is too long to be held in parts."""
    together: list[Series] = []
    count = 0
    for each in series:
        if each.kind is ValueKind.TEXT:
            continue
        if each.count > _AT_ONCE:
            yield each, store.iter_points(each.id)
            continue
        if together and count + each.count > _AT_ONCE:
            yield from _read_together(store, together)
            together, count = [], 0
        together.append(each)
        count += each.count
    yield from _read_together(store, together)


def _read_together(
    store: Store, series: Sequence[Series]
) -> Iterator[tuple[Series, Iterable[Points]]]:
    points = store.read_points([each.id for each in series]) if series else {}
    for each in series:
        if each.id in points:
            yield each, [points[each.id]]


def _find_ends(axis: XAxis, series: Series, parts: Iterable[Points], wanted: Wanted) -> Wanted:
    """The ends of a series that comes in parts, where they are not known."""
    first, last = wanted
    edges = [
        (x.min().item(), x.max().item()) for x, _, _ in iter_located(axis, series, parts, wanted)
    ]
    if not edges:
        return wanted
    return (
        min(least for least, _ in edges) if first is None else first,
        max(greatest for _, greatest in edges) if last is None else last,
    )


def _put_into_buckets(parts: Iterable[Located], count: int, limit: int, wanted: Wanted) -> Buckets:
    """The buckets of a series that comes in parts; of several parts, the ends have to be known."""
    columns: list[tuple[npt.NDArray[Any], ...]] = []
    for x, times_s, values in parts:
        first, last = wanted
        first = x.min().item() if first is None else first
        last = x.max().item() if last is None else last
        nan = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
        ones = np.ones(len(x), np.int64)
        number = number_of(x, first, last, limit)
        single = (number, x, x, ones, nan.astype(np.int64), values, values, values, times_s)
        columns.append(single if len(x) <= limit else _merged(single))
    if not columns:
        whole, real = np.zeros(0, np.int64), np.zeros(0)
        return Buckets(count, whole, whole, whole, whole, real, real, real, real)
    joined = tuple(np.concatenate(column) for column in zip(*columns, strict=True))
    if joined[3].sum() > limit:  # however they were cut into parts
        joined = _merged(joined)
    else:
        order = np.argsort(joined[1], kind="stable")
        joined = tuple(column[order] for column in joined)
    return Buckets(count, *joined[1:])


def iter_located(
    axis: XAxis, series: Series, parts: Iterable[Points], wanted: Wanted
) -> Iterator[Located]:
    """The points that are asked for, with their place on the axis."""
    first, last = wanted
    for part in parts:
        x, times_s, values = axis.locate(series, part), part.times_s, part.values
        if values.dtype == bool:
            values = values.astype(np.int64)
        if first is not None or last is not None or x.dtype.kind == "f":
            chosen = np.isfinite(x)
            if first is not None:
                chosen &= x >= first
            if last is not None:
                chosen &= x <= last
            x, times_s, values = x[chosen], times_s[chosen], values[chosen]
        if len(x):
            yield x, times_s, values


def number_of(x: npt.NDArray[Any], first: float, last: float, limit: int) -> Integers:
    """The bucket of each x: equal parts of what is between the ends, which may be more than 2^63."""
    share = (last / 2 - first / 2) / limit or 1.0  # halves: no difference overflows
    distance = x.astype(np.float64) / 2 - first / 2
    number = np.floor(np.clip(distance / share, 0, limit - 1))
    return number.astype(np.int64)


def _merged(columns: tuple[npt.NDArray[Any], ...]) -> tuple[npt.NDArray[Any], ...]:
    """One row for each bucket that some rows are of."""
    if not (columns[0][1:] >= columns[0][:-1]).all():  # most series are in the order of their steps
        order = np.argsort(columns[0], kind="stable")
        columns = tuple(column[order] for column in columns)
    number, first, last, counts, nans, least, greatest, value, time_s = columns
    starts = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    ends = np.append(starts[1:], len(number)) - 1
    return (
        number[starts],
        np.minimum.reduceat(first, starts),
        np.maximum.reduceat(last, starts),
        np.add.reduceat(counts, starts),
        np.add.reduceat(nans, starts),
        np.fmin.reduceat(least, starts),
        np.fmax.reduceat(greatest, starts),
        value[ends],
        time_s[ends],
    )
