"""A process that speaks, as a store hears it: batches at the right positions, made from values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from trackboard.model import (
    Created,
    Event,
    RunId,
    RunKind,
    RunState,
    StateChanged,
    Value,
    ValueKind,
    WriterId,
    new_writer_id,
)
from trackboard.ports import Batch, Points, Position, SeriesPoints

_KINDS = {bool: ValueKind.BOOL, int: ValueKind.INT, float: ValueKind.FLOAT}
_DTYPES = {ValueKind.BOOL: np.bool_, ValueKind.INT: np.int64, ValueKind.FLOAT: np.float64}


@dataclass
class Speaker:
    """One writer; `say` makes its next batch."""

    writer: WriterId = field(default_factory=new_writer_id)
    at: Position = field(default_factory=lambda: Position(0, 0))

    def batch(
        self, *events: Event, points: Sequence[SeriesPoints] = (), skipped_bytes: int = 0
    ) -> Batch:
        """The next part of what this writer says."""
        start, self.at = self.at, Position(self.at.segment, self.at.offset + 64)
        return Batch(self.writer, start, self.at, events, tuple(points), skipped_bytes)


def numbers(
    run: str,
    name: str,
    values: Sequence[Value],
    *,
    steps: Sequence[int | None] | None = None,
    times_s: Sequence[float] | None = None,
    table: str = "",
) -> SeriesPoints:
    """Numbers of one kind, as they come out of a spool. Steps are 0, 1, 2, … unless given."""
    kind = _KINDS[type(values[0])] if values else ValueKind.FLOAT
    given = list(range(len(values))) if steps is None else steps
    times = [1.7e9 + 0.5 * index for index in range(len(values))] if times_s is None else times_s
    return SeriesPoints(
        run=RunId(run),
        name=name,
        kind=kind,
        steps=np.array([step or 0 for step in given], np.int64),
        has_step=np.array([step is not None for step in given], np.bool_),
        times_s=np.array(times, np.float64),
        values=np.array(values, _DTYPES[kind]),
        table=table,
    )


def created(
    run: str,
    experiment: str = "exp",
    *,
    name: str = "",
    parent: str | None = None,
    kind: RunKind = RunKind.INTERACTIVE,
    time_s: float = 100.0,
    description: str = "",
) -> Created:
    """A run begins to exist."""
    above = None if parent is None else RunId(parent)
    return Created(RunId(run), experiment, name, above, kind, time_s, description)


def moved(
    run: str,
    state: RunState,
    sequence: int,
    *,
    attempt: int = 0,
    time_s: float = 200.0,
    cause: str = "",
    elapsed_s: float | None = None,
) -> StateChanged:
    """A run's owner moves it to another state."""
    return StateChanged(RunId(run), state, attempt, sequence, time_s, cause, elapsed_s)


def same_points(one: Points, other: Points) -> bool:
    """Whether two columns of points are equal bit for bit."""
    return (
        one.values.dtype == other.values.dtype
        and one.steps.tobytes() == other.steps.tobytes()
        and one.times_s.tobytes() == other.times_s.tobytes()
        and _bits(one) == _bits(other)
    )


def _bits(points: Points) -> bytes | list[object]:
    if points.values.dtype == object:
        return list(points.values)
    return points.values.tobytes()
