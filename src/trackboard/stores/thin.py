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

STRETCH = 512  # points that a preview shows by two


def sample(values: npt.NDArray[Any], limit: int) -> Indexes:
    """At most `limit` indexes, ascending: first, last, and the extremes in between where 4 fit."""
    count = len(values)
    if count <= limit:
        return np.arange(count)
    if limit == 1:
        return np.array([count - 1])
    if values.dtype == object or limit < 4:
        return np.linspace(0, count - 1, limit).round().astype(np.intp)
    stretches = (limit - 2) // 2
    return _with_ends(_extremes(values, -(-count // stretches)), count)


def thinned(points: Points, limit: int) -> Points:
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
    return _with_ends(_extremes(values, STRETCH), len(values))


def _with_ends(indexes: Indexes, count: int) -> Indexes:
    chosen = np.zeros(count, bool)
    chosen[indexes] = True
    chosen[0] = chosen[-1] = True
    return chosen.nonzero()[0]


def _extremes(values: npt.NDArray[Any], stretch: int) -> Indexes:
    """Where each stretch has its least and its greatest value; NaN only where there is nothing else."""
    low = high = values
    if values.dtype.kind == "f":
        nan = np.isnan(values)
        if nan.any():
            low, high = np.where(nan, np.inf, values), np.where(nan, -np.inf, values)
    count = len(values)
    whole = count // stretch
    edge = whole * stretch
    starts = np.arange(whole) * stretch
    found = [
        low[:edge].reshape(whole, stretch).argmin(axis=1) + starts if whole else starts,
        high[:edge].reshape(whole, stretch).argmax(axis=1) + starts if whole else starts,
    ]
    if edge < count:
        found.append(np.array([low[edge:].argmin() + edge, high[edge:].argmax() + edge]))
    return np.concatenate(found)
