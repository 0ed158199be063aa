"""A series in few buckets of steps, each with the exact least and greatest of its values.

Nothing is left out of a bucket: what a chart draws of a long series has every peak in it, however narrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trackboard.errors import UsageError
from trackboard.model import Series, SeriesId, ValueKind
from trackboard.ports import Points, Store

MOST_BUCKETS = 10_000  # of one series
_AT_ONCE = 1_000_000  # points that are read whole, 24 bytes each

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Buckets:
    """Buckets that hold points, as columns of one length, by step.

    Attributes:
        count: How many points the series has.
        first_steps: The least step in each bucket.
        last_steps: The greatest.
        counts: How many points each has; all 1: these are the points themselves.
        nans: How many of these are NaN.
        least: The least value, NaN passed over; NaN where there is nothing else.
        greatest: The greatest value, likewise.
        last: The value that was logged last.
        last_times_s: When that was, in seconds since the epoch.
    """

    count: int
    first_steps: Integers
    last_steps: Integers
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
    """Read series of numbers in buckets of equally many steps.

    Args:
        store: Where they are.
        series: What is known of them; texts are left out.
        limit: How many buckets at most, of each series.
        first_step: Only points from here on; None: from the first.
        last_step: Only points up to here; None: up to the last.

    Raises:
        UsageError: There cannot be so many buckets.
    """
    if not 1 <= limit <= MOST_BUCKETS:
        raise UsageError(
            f"{limit} is no number of buckets", hint=f"Ask for 1 to {MOST_BUCKETS:,} points."
        )
    wanted = (first_step, last_step)
    found: dict[SeriesId, Buckets] = {}
    together: list[Series] = []
    for each in series:
        if each.kind is ValueKind.TEXT:
            continue
        if sum(one.count for one in together) + each.count > _AT_ONCE and together:
            found.update(_read_together(store, together, limit, wanted))
            together = []
        if each.count > _AT_ONCE:
            found[each.id] = _read_in_parts(store, each, limit, wanted)
        else:
            together.append(each)
    found.update(_read_together(store, together, limit, wanted))
    return found


def _read_together(
    store: Store, series: Sequence[Series], limit: int, wanted: tuple[int | None, int | None]
) -> Mapping[SeriesId, Buckets]:
    points = store.read_points([each.id for each in series]) if series else {}
    return {
        each: _put_into_buckets([found], len(found), limit, wanted)
        for each, found in points.items()
    }


def _read_in_parts(
    store: Store, series: Series, limit: int, wanted: tuple[int | None, int | None]
) -> Buckets:
    """The same of one that is too long to be held: read twice where its steps are not known."""
    edges = [
        (int(part.steps.min()), int(part.steps.max()))
        for part in (() if None not in wanted else store.iter_points(series.id))
    ]
    first, last = wanted
    if edges:
        first = min(least for least, _ in edges) if first is None else first
        last = max(greatest for _, greatest in edges) if last is None else last
    return _put_into_buckets(store.iter_points(series.id), series.count, limit, (first, last))


def _put_into_buckets(
    parts: Iterable[Points], count: int, limit: int, wanted: tuple[int | None, int | None]
) -> Buckets:
    """The buckets of a series that comes in parts; of several parts, the steps have to be known."""
    columns: list[tuple[npt.NDArray[Any], ...]] = []
    for steps, times_s, values in _within(parts, wanted):
        first, last = wanted
        first = int(steps.min()) if first is None else first
        last = int(steps.max()) if last is None else last
        nan = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
        ones = np.ones(len(steps), np.int64)
        number = _numbers(steps, first, last, limit)
        single = (number, steps, steps, ones, nan.astype(np.int64), values, values, values, times_s)
        columns.append(single if len(steps) <= limit else _merged(single))
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


def _within(
    parts: Iterable[Points], wanted: tuple[int | None, int | None]
) -> Iterator[tuple[Integers, npt.NDArray[np.float64], npt.NDArray[Any]]]:
    first, last = wanted
    for part in parts:
        steps, times_s, values = part.steps, part.times_s, part.values
        if values.dtype == bool:
            values = values.astype(np.int64)
        if first is not None or last is not None:
            chosen = np.ones(len(steps), bool)
            if first is not None:
                chosen &= steps >= first
            if last is not None:
                chosen &= steps <= last
            steps, times_s, values = steps[chosen], times_s[chosen], values[chosen]
        if len(steps):
            yield steps, times_s, values


def _numbers(steps: Integers, first: int, last: int, limit: int) -> Integers:
    """The bucket of each step; equal parts of all steps, which may be more than 2^63."""
    share = (last - first) / limit or 1.0
    distance = steps.astype(np.float64) - float(first)
    return np.clip((distance / share).astype(np.int64), 0, limit - 1)


def _merged(columns: tuple[npt.NDArray[Any], ...]) -> tuple[npt.NDArray[Any], ...]:
    """One row for each bucket that some rows are of."""
    order = np.argsort(columns[0], kind="stable")
    number, first, last, counts, nans, least, greatest, value, time_s = (
        column[order] for column in columns
    )
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
