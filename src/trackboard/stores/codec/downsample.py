"""Which points stand for a long series: the first, the last, and the extremes of equal stretches.

Everything here is decided by the points' indexes and values alone, so that unchanged data gives an
unchanged picture, however it happens to be stored.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trackboard.ports import Points

Indexes = npt.NDArray[np.intp]

PREVIEW = 18  # points: first, last, and the extremes of eight stretches


def sample(values: npt.NDArray[Any], limit: int) -> Indexes:
    """As many indexes as `limit` allows, ascending.

    First, last, and the extremes of equal stretches where 4 fit; where these are fewer than allowed
    (the same point is often both), the rest is spread evenly.
    """
    count = len(values)
    if count <= limit:
        return np.arange(count)
    if limit == 1:
        return np.array([count - 1])
    if values.dtype == object or limit < 4:
        return _evenly_spaced(count, limit)
    chosen = _with_ends(_extremes(values, (limit - 2) // 2), count)
    others = (~chosen).nonzero()[0]
    chosen[others[_evenly_spaced(len(others), limit - int(chosen.sum()))]] = True
    return chosen.nonzero()[0]


def downsample_points(points: Points, limit: int) -> Points:
    """At most `limit` of the points."""
    if len(points) <= limit:
        return points
    chosen = sample(points.values, limit)
    parts = points.steps[chosen], points.times_s[chosen], points.values[chosen]
    for part in parts:
        part.flags.writeable = False
    return Points(*parts)


def preview(values: npt.NDArray[Any]) -> Indexes:
    """The indexes that stand for these points in a series too long to be read."""
    return sample(values, PREVIEW)


def _evenly_spaced(count: int, chosen: int) -> Indexes:
    return np.linspace(0, count - 1, chosen).round().astype(np.intp)


def _with_ends(indexes: Indexes, count: int) -> npt.NDArray[np.bool_]:
    chosen = np.zeros(count, bool)
    chosen[indexes] = True
    chosen[0] = chosen[-1] = True
    return chosen


def _extremes(values: npt.NDArray[Any], stretches: int) -> Indexes:
    """Where each stretch has its least and its greatest value; NaN only where there is nothing else."""
    low = high = values
    if values.dtype.kind == "f":
        nan = np.isnan(values)
        if nan.any():
            low, high = np.where(nan, np.inf, values), np.where(nan, -np.inf, values)
    short, longer = divmod(len(values), stretches)  # so many stretches are longer by one point
    edge = longer * (short + 1)
    first = np.arange(longer) * (short + 1)
    second = np.arange(stretches - longer) * short + edge
    return np.concatenate(
        [
            low[:edge].reshape(longer, short + 1).argmin(axis=1) + first,
            high[:edge].reshape(longer, short + 1).argmax(axis=1) + first,
            low[edge:].reshape(-1, short).argmin(axis=1) + second,
            high[edge:].reshape(-1, short).argmax(axis=1) + second,
        ]
    )
