"""What a chart has from left to right: steps, times, or another metric of the same run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from trackboard.errors import UsageError
from trackboard.model import RunId, Series, SeriesId, ValueKind
from trackboard.ports import Points, Store

METRIC = "metric:"

Column = npt.NDArray[Any]


class XAxis(Protocol):
    """Where points are on the x axis."""

    def locate(self, series: Series, points: Points) -> Column:
        """The x of each point; NaN: it has none. Parts of a series come in the order of logging."""
        ...


class StepAxis:
    """The x of a point is its step, a whole number."""

    def locate(self, series: Series, points: Points) -> Column:
        """The steps."""
        del series
        return points.steps


class TimeAxis:
    """The x of a point is when it was logged, in seconds since the epoch."""

    def locate(self, series: Series, points: Points) -> Column:
        """The times."""
        del series
        return points.times_s


class RelativeAxis:
    """The x of a point is how many seconds after the first one of its series it was logged."""

    def __init__(self) -> None:
        self._first_times_s: dict[SeriesId, float] = {}

    def locate(self, series: Series, points: Points) -> Column:
        """The seconds since the first point."""
        if not len(points):
            return points.times_s
        return points.times_s - self._first_times_s.setdefault(series.id, float(points.times_s[0]))


class MetricAxis:
    """The x of a point is what another metric of its run was at the same step, when it was last logged.

    Args:
        store: Where points are.
        name: The other metric.
    """

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name
        self._found: dict[RunId, tuple[Column, Column]] = {}

    def locate(self, series: Series, points: Points) -> Column:
        """The other metric's values; NaN where it was not logged at the step."""
        if series.run not in self._found:
            self._found[series.run] = self._read(series.run)
        steps, values = self._found[series.run]
        if not len(steps):
            return np.full(len(points), np.nan)
        at = np.minimum(np.searchsorted(steps, points.steps), len(steps) - 1)
        return np.where(steps[at] == points.steps, values[at], np.nan)

    def _read(self, run: RunId) -> tuple[Column, Column]:
        """Its steps, each once, and the last value at each."""
        found = self._store.list_series(runs=[run], names=[self._name], text=False)
        points = [
            each
            for series in found
            if series.kind is not ValueKind.TEXT
            for each in self._store.read_points([series.id]).values()
        ]
        if not points:
            return np.zeros(0, np.int64), np.zeros(0)
        steps, values = points[-1].steps[::-1], points[-1].values[::-1]
        unique, at = np.unique(steps, return_index=True)  # the first from behind
        return unique, values[at].astype(np.float64)


_KINDS: Mapping[str, Callable[[], XAxis]] = {
    "step": StepAxis,
    "time": TimeAxis,
    "relative": RelativeAxis,
}


def open_axis(store: Store, text: str) -> XAxis:
    """Open an axis by its name.

    Args:
        store: Where points are.
        text: `step`, `time`, `relative`, or `metric:` and the name of a metric.

    Raises:
        UsageError: It is none of these.
    """
    if text.startswith(METRIC) and len(text) > len(METRIC):
        return MetricAxis(store, text.removeprefix(METRIC))
    axis = _KINDS.get(text)
    if axis is None:
        raise UsageError(
            f"{text[:80]!r} is no x axis",
            hint=f"There is: {', '.join(_KINDS)}, and {METRIC}NAME for the metric NAME.",
        )
    return axis()
