"""One run's history as a TensorBoard event file, series after series, never all of it in memory.

The cells of a table that are text are in the table only, as in the live view.

What TensorBoard's two readers do with steps decides the order here. The quick one (rustboard) takes a
step that is not higher than the one before as a restart and forgets everything from there on; the
Python one (`--load_fast=false`) keeps what it reads. So the points of a series are written by step,
equal steps in the order they were logged: of those the quick reader shows the last, the other all.
Only a series whose steps went back is sorted in memory as a whole, 24 bytes a point.

TensorBoard's numbers are float32: what lies beyond becomes infinite, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from trackboard.board.export.other_values import Values, describe_repeats
from trackboard.board.export.tag_names import Use, Wanted, assign, describe
from trackboard.eventfile import encode
from trackboard.model import Run, Series, ValueKind
from trackboard.ports import Points, Store

_BATCH_POINTS = 100_000  # in memory at once, some MB
_TEXT_POINTS = 100  # a text counts as so many points


@dataclass(frozen=True)
class Written:
    """What went into a file, and what its reader should know."""

    points: int
    notes: tuple[str, ...]


def write_history(
    store: Store,
    run: Run,
    series: Sequence[Series],
    stream: BinaryIO,
    *,
    progress: Callable[[int], None],
    values: Values | None = None,
    batch_points: int = _BATCH_POINTS,
) -> Written:
    """Write what a run holds now to an empty stream.

    Args:
        store: Where the run is.
        run: Whose history it is.
        series: All series of the run.
        stream: Can be read back and cut.
        progress: Told how many points were written since it was told last; less than none when
            points are written again.
        values: What it holds besides series.
        batch_points: How many points may be read at once.
    """
    stream.write(encode.header(run.created_s))
    shown = _shown(series)
    tags = assign_tags(series, values)
    count = values.write(tags, stream, progress) if values else 0
    columns: list[_Column] = []
    for batch in _batches(shown, batch_points):
        new = [_Column(one, tags[_wanted(one)], stream, progress) for one in batch]
        if _weight(batch[0]) > batch_points:
            _stream_points(store, new[0], batch_points)
        else:
            _read_points(store, new)
        columns += new
    notes = [*describe(tags), *(values.notes if values else ())]
    notes += [f"{column.series.name}: {note}" for column in columns for note in column.describe()]
    return Written(count + sum(column.points for column in columns), tuple(notes))


def assign_tags(series: Sequence[Series], values: Values | None = None) -> dict[Wanted, str]:
    """The tags that a run's history has in its file."""
    return assign([*map(_wanted, _shown(series)), *(values.wanted() if values else ())])


def _shown(series: Sequence[Series]) -> list[Series]:
    return [one for one in series if not (one.table and one.kind is ValueKind.TEXT)]


def _wanted(series: Series) -> Wanted:
    return (Use.TEXTS if series.kind is ValueKind.TEXT else Use.NUMBERS), series.name


def _batches(series: Sequence[Series], batch_points: int) -> Iterator[list[Series]]:
    """Series to read with one question; a longer one stands alone."""
    batch: list[Series] = []
    weight = 0
    for one in series:
        if batch and weight + _weight(one) > batch_points:
            yield batch
            batch, weight = [], 0
        batch.append(one)
        weight += _weight(one)
    if batch:
        yield batch


def _weight(series: Series) -> int:
    return series.count * (_TEXT_POINTS if series.kind is ValueKind.TEXT else 1)


def _read_points(store: Store, columns: Sequence[_Column]) -> None:
    found = store.read_points([column.series.id for column in columns])
    for column in columns:
        points = found.get(column.series.id)
        if points is not None and len(points):
            column.write(_by_step(points))


def _stream_points(store: Store, column: _Column, batch_points: int) -> None:
    """Write a long series a chunk at a time, unless it turns out that it needs to be sorted."""
    start = column.stream.tell()
    for chunk in store.iter_points(column.series.id):
        if len(chunk) and not column.continues_with(chunk):
            break
        if len(chunk):
            column.write(chunk)
    else:
        return
    column.stream.seek(start)
    column.stream.truncate()
    column.reset()
    points = _by_step(store.read_points([column.series.id])[column.series.id])
    for at in range(0, len(points), batch_points):
        part = slice(at, at + batch_points)
        column.write(Points(points.steps[part], points.times_s[part], points.values[part]))


def _by_step(points: Points) -> Points:
    if (points.steps[1:] >= points.steps[:-1]).all():
        return points
    order = np.argsort(points.steps, kind="stable")
    return Points(points.steps[order], points.times_s[order], points.values[order])


@dataclass
class _Column:
    """A series being written, and what was met in it."""

    series: Series
    tag: str
    stream: BinaryIO
    progress: Callable[[int], None]
    points: int = 0
    repeated: int = 0  # steps equal to the one before
    overflowed: int = 0
    last_step: int | None = None

    def continues_with(self, chunk: Points) -> bool:
        """Whether steps do not go back, within the chunk and from what was written before it."""
        is_later = self.last_step is None or self.last_step <= chunk.steps[0]
        return bool(is_later and (chunk.steps[1:] >= chunk.steps[:-1]).all())

    def reset(self) -> None:
        """Forget what was written."""
        self.progress(-self.points)
        self.points = self.repeated = self.overflowed = 0
        self.last_step = None

    def write(self, chunk: Points) -> None:
        if self.series.kind is ValueKind.TEXT:
            columns = chunk.steps.tolist(), chunk.times_s.tolist(), chunk.values.tolist()
            self.stream.write(b"".join(encode.texts(self.tag, *columns)))
        else:
            for piece in encode.scalars(
                self.tag, chunk.steps, chunk.times_s, self._to_float32(chunk.values)
            ):
                self.stream.write(piece)
        self.points += len(chunk)
        self.repeated += int(np.count_nonzero(chunk.steps[1:] == chunk.steps[:-1]))
        self.repeated += self.last_step == int(chunk.steps[0])
        self.last_step = int(chunk.steps[-1])
        self.progress(len(chunk))

    def describe(self) -> Iterator[str]:
        if self.repeated:
            yield describe_repeats(self.repeated, self.points, "points")
        if self.overflowed:
            yield (
                f"{self.overflowed:,} of {self.points:,} values are greater than TensorBoard's float32"
                " holds and became infinite"
            )

    def _to_float32(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        with np.errstate(over="ignore"):
            numbers = values.astype(np.float32)
        if values.dtype == np.float64:
            infinite = np.isinf(numbers)
            if infinite.any():
                self.overflowed += int(np.count_nonzero(infinite & np.isfinite(values)))
        return numbers
