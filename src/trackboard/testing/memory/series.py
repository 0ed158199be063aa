"""The part of the model in memory that holds the points of one series."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from trackboard.model import RunId, Series, SeriesId, Value, ValueKind
from trackboard.ports import Points, Rollup, interval_bits
from trackboard.stores.codec.chunk import DTYPES, extremes, frozen
from trackboard.stores.rules.steps import to_int64


@dataclass
class MemorySeries:
    """Points of one series as Python values."""

    id: SeriesId
    run: RunId
    name: str
    kind: ValueKind
    table: str
    steps: list[int] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)

    def append(self, kind: ValueKind, step: int | None, time_s: float, value: Value) -> None:
        """Add a point; a step that was not given is the count."""
        self.kind = max(self.kind, kind)
        self.steps.append(len(self.steps) if step is None else to_int64(step))
        self.times_s.append(time_s)
        self.values.append(value)

    def points(self) -> Points:
        """All points as columns."""
        values = np.empty(len(self.values), DTYPES[self.kind])
        values[:] = self.values
        return frozen(np.array(self.steps, np.int64), np.array(self.times_s), values)

    def _first_step(self, value: float) -> int:
        return next(
            step for step, each in zip(self.steps, self.values, strict=True) if float(each) == value
        )

    def summary(self) -> Series:
        """What is known of it at a glance."""
        points = self.points()
        low, high = extremes(points.values)
        return Series(
            id=self.id,
            run=self.run,
            name=self.name,
            kind=self.kind,
            count=len(points),
            last_value=points.values.tolist()[-1],
            last_step=self.steps[-1],
            last_time_s=self.times_s[-1],
            min_value=low,
            max_value=high,
            max_step=max(self.steps),
            min_value_step=None if low != low else self._first_step(low),
            max_value_step=None if high != high else self._first_step(high),
            table=self.table,
        )


def roll_up_none(
    points: Points, limit: int, first_step: int | None, last_step: int | None
) -> Rollup:
    """A rollup with a row for each point whose step is asked for."""
    chosen = [
        at
        for at, step in enumerate(points.steps.tolist())
        if (first_step is None or step >= first_step) and (last_step is None or step <= last_step)
    ]
    steps, values = points.steps[chosen], points.values[chosen]
    values = values.astype(np.int64) if values.dtype == bool else values
    nans = np.array([int(each != each) for each in values.tolist()], np.int64)
    ones = np.ones(len(steps), np.int64)
    bits = interval_bits(int(steps.min()), int(steps.max()), limit) if chosen else 0
    return Rollup(
        *(bits, steps, steps, ones, nans), *(values, values, values), points.times_s[chosen]
    )
