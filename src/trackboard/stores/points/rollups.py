"""Points aggregated over intervals of steps, and those of closed chunks kept in memory.

A series only grows at its end, so what a chunk of it holds never changes: its rollup is made once, of at most
`_MOST_ROWS` rows, and answers all charts that need no finer one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from trackboard.ports import Points, Rollup

_MOST_INTERVALS = 192  # of a chunk: one of 4,096 equal steps has 128 or 129 of them
_WORTH = 8  # points for each row: fewer are no less than the points themselves
_MOST_BYTES = 48 << 20  # of what is kept; some seven million points have their rollups in 16 MB
_ENTRY_BYTES = 400  # of one, besides its rows

_COLUMNS = tuple(each.name for each in fields(Rollup))[1:]
_OF_VALUES = ("least", "greatest", "last")
_INTEGERS = np.dtype(
    [(name, np.float64 if name == "last_times_s" else np.int64) for name in _COLUMNS]
)
_FLOATS = np.dtype(
    [(name, np.float64 if name in (*_OF_VALUES, "last_times_s") else np.int64) for name in _COLUMNS]
)

Rows = npt.NDArray[Any]  # a structured array with a field for each column of `Rollup`


class ChunkKey(NamedTuple):
    """Which points of which database a chunk holds."""

    generation: int
    run: str
    series: int
    start: int
    points: int


@dataclass(frozen=True, eq=False)
class ChunkRollup:
    """What is known of a closed chunk.

    Attributes:
        points: How many it has.
        first_step: The least step.
        last_step: The greatest.
        bits: How long the intervals of the rows are: 2^bits steps.
        rows: The rows; None: they would be too many to be worth it.
    """

    points: int
    first_step: int
    last_step: int
    bits: int
    rows: Rows | None


class RollupCache:
    """Keeps the rollups of chunks that were used last, of any thread.

    Args:
        most_bytes: How many bytes of them.
    """

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[ChunkKey, ChunkRollup] = OrderedDict()
        self._lock = threading.Lock()  # taken in transactions only, during which nobody forks

    def find(self, keys: Sequence[ChunkKey]) -> dict[ChunkKey, ChunkRollup]:
        """Those of the chunks that are kept."""
        with self._lock:
            found = {key: self._kept[key] for key in keys if key in self._kept}
            for key in found:
                self._kept.move_to_end(key)
        return found

    def keep(self, key: ChunkKey, rollup: ChunkRollup) -> None:
        """Keep the rollup of a chunk; those that were not used for longest go."""
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = rollup
            self._bytes += _size(rollup)
            while self._bytes > self._most_bytes:
                self._bytes -= _size(self._kept.popitem(last=False)[1])


def _size(rollup: ChunkRollup) -> int:
    return _ENTRY_BYTES + (0 if rollup.rows is None else rollup.rows.nbytes)


def roll_up_chunks(points: Points, counts: Sequence[int]) -> list[ChunkRollup]:
    """The rollups of closed chunks, as fine as is worth keeping.

    Args:
        points: The points of all of them, one chunk behind the other.
        counts: How many points each has.
    """
    begins = np.cumsum([0, *counts[:-1]])
    firsts = np.minimum.reduceat(points.steps, begins).tolist()
    lasts = np.maximum.reduceat(points.steps, begins).tolist()
    bits = [_bits_of(first, last) for first, last in zip(firsts, lasts, strict=True)]
    of_points = bits[0] if len({*bits}) == 1 else np.repeat(bits, counts)
    starts = _starts(points.steps >> of_points, begins)
    rows = _aggregate(points, starts)
    cuts = [*np.searchsorted(starts, begins).tolist(), len(rows)]
    return [
        ChunkRollup(
            count,
            firsts[at],
            lasts[at],
            bits[at],
            rows[cuts[at] : cuts[at + 1]].copy()
            if _WORTH * (cuts[at + 1] - cuts[at]) <= count
            else None,
        )
        for at, count in enumerate(counts)
    ]


def _bits_of(first_step: int, last_step: int) -> int:
    """How long the intervals of a chunk are: so that there are no more than are kept."""
    bits = ((last_step - first_step) // _MOST_INTERVALS).bit_length()
    while bits and (last_step >> (bits - 1)) - (first_step >> (bits - 1)) < _MOST_INTERVALS:
        bits -= 1
    return bits


def roll_up(points: Points, bits: int) -> Rows:
    """The rows of some points, of intervals of 2^bits steps."""
    return _aggregate(points, _starts(points.steps >> bits))


def rows_of(points: Points) -> Rows:
    """A row for each point."""
    return _aggregate(points, np.arange(len(points)))


def to_rollup(parts: Sequence[Rows], bits: int) -> Rollup:
    """The rollup of rows that come one after the other, in the widest of their kinds."""
    is_float = any(part.dtype == _FLOATS for part in parts) or not parts
    dtype = _FLOATS if is_float else _INTEGERS
    alike = [part.astype(dtype, copy=False).view(np.int64) for part in parts]
    rows = np.concatenate([np.zeros(0, np.int64), *alike]).view(dtype)  # many fields take long
    return Rollup(bits, *(rows[name] for name in _COLUMNS))


def choose(points: Points, first_step: int | None, last_step: int | None) -> Points:
    """Those of the points that have steps from one on up to another."""
    if first_step is None and last_step is None:
        return points
    steps = points.steps
    if (steps[1:] >= steps[:-1]).all():  # most series are in the order of their steps
        chosen: Any = slice(
            None if first_step is None else _index(steps, first_step, "left"),
            None if last_step is None else _index(steps, last_step, "right"),
        )
    else:
        chosen = np.ones(len(points), np.bool_)
        if first_step is not None:
            chosen &= steps >= first_step
        if last_step is not None:
            chosen &= steps <= last_step
    return Points(steps[chosen], points.times_s[chosen], points.values[chosen])


def _index(steps: npt.NDArray[np.int64], step: int, side: Literal["left", "right"]) -> int:
    """Where a step, which may be none of 64 bits, comes among some in order."""
    if not -(2**63) <= step < 2**63:
        return 0 if step < 0 else len(steps)
    return int(np.searchsorted(steps, step, side))


def _starts(
    intervals: npt.NDArray[np.int64], begins: npt.NDArray[np.int64] | None = None
) -> npt.NDArray[np.intp]:
    """The index of each point that is of another interval than the one before, or begins a chunk."""
    is_start = np.empty(len(intervals), np.bool_)
    is_start[:1] = True
    np.not_equal(intervals[1:], intervals[:-1], out=is_start[1:])
    if begins is not None:
        is_start[begins] = True
    return np.flatnonzero(is_start)


def _aggregate(points: Points, starts: npt.NDArray[np.intp]) -> Rows:
    values = points.values.astype(np.int64) if points.values.dtype == bool else points.values
    rows = np.zeros(len(starts), _FLOATS if values.dtype == np.float64 else _INTEGERS)
    if not len(starts):
        return rows
    ends = np.empty_like(starts)
    ends[:-1], ends[-1] = starts[1:], len(points)
    ends -= 1
    least: np.ufunc = np.minimum  # where nothing is NaN: several times as quick
    greatest: np.ufunc = np.maximum
    if values.dtype.kind == "f":
        nan = np.isnan(values)
        if nan.any():
            rows["nans"] = np.add.reduceat(nan, starts, dtype=np.int64)
            least, greatest = np.fmin, np.fmax
    rows["first_steps"] = np.minimum.reduceat(points.steps, starts)
    rows["last_steps"] = np.maximum.reduceat(points.steps, starts)
    rows["counts"] = ends - starts + 1
    rows["least"] = least.reduceat(values, starts)
    rows["greatest"] = greatest.reduceat(values, starts)
    rows["last"] = values[ends]
    rows["last_times_s"] = points.times_s[ends]
    return rows
