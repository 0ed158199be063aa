"""One run's history as a TensorBoard event file, series after series, a chunk in memory at a time.

What TensorBoard's two readers do with steps decides the order here. The quick one (rustboard) takes a
step that is not higher than the one before as a restart and forgets everything from there on; the
Python one (`--load_fast=false`) keeps what it reads. So the points of a series are written by step,
equal steps in the order they were logged: of those the quick reader shows the last, the other all.
A series whose steps went back is sorted in memory, 24 bytes a point.

TensorBoard's numbers are float32: what lies beyond becomes infinite, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from trackboard.eventfile import encode
from trackboard.model import Run, Series, SeriesId, ValueKind
from trackboard.ports import Points, Store

_TEXT_SUFFIX = "/text"


@dataclass(frozen=True)
class Written:
    """What went into a file, and what its reader should know."""

    points: int
    notes: tuple[str, ...]


class _StepsWentBack(Exception):
    """The series needs to be sorted."""


def write_history(
    store: Store,
    run: Run,
    series: Sequence[Series],
    stream: BinaryIO,
    *,
    progress: Callable[[int], None],
) -> Written:
    """Write what a run's series hold now to an empty stream, telling `progress` of each chunk's points."""
    stream.write(encode.header(run.created_s))
    tags = _tags(series)
    points = 0
    notes: list[str] = []
    for one in series:
        column = _write_series(store, one, tags[one.id], stream, progress)
        points += column.points
        notes.extend(f"{one.name}: {note}" for note in column.describe())
    return Written(points, tuple(notes))


def _write_series(
    store: Store, series: Series, tag: str, stream: BinaryIO, progress: Callable[[int], None]
) -> _Column:
    start = stream.tell()
    column = _Column(series, tag, stream, progress)
    try:
        for chunk in _in_order(store.iter_points(series.id)):
            column.write(chunk)
    except _StepsWentBack:
        stream.seek(start)
        stream.truncate()
        progress(-column.points)
        column = _Column(series, tag, stream, progress)
        column.write(_sorted(store, series))
    return column


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
        if self.tag != self.series.name:
            yield f"its texts are under {self.tag}, its numbers keep the name"
        if self.repeated:
            yield (
                f"{self.repeated:,} of {self.points:,} points repeat a step; all are in the file,"
                " TensorBoard shows the last of each step unless started with --load_fast=false"
            )
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


def _in_order(chunks: Iterator[Points]) -> Iterator[Points]:
    """Pass chunks on while steps do not go back, empty ones left out."""
    last_step: int | None = None
    for chunk in chunks:
        if not len(chunk):
            continue
        first_step = int(chunk.steps[0])
        if last_step is not None and first_step < last_step:
            raise _StepsWentBack
        if (chunk.steps[1:] < chunk.steps[:-1]).any():
            raise _StepsWentBack
        yield chunk
        last_step = int(chunk.steps[-1])


def _sorted(store: Store, series: Series) -> Points:
    chunks = list(store.iter_points(series.id))
    steps = np.concatenate([chunk.steps for chunk in chunks])
    order = np.argsort(steps, kind="stable")
    times_s = np.concatenate([chunk.times_s for chunk in chunks])
    values = np.concatenate([chunk.values for chunk in chunks])
    return Points(steps[order], times_s[order], values[order])


def _tags(series: Sequence[Series]) -> Mapping[SeriesId, str]:
    """A tag belongs to one plugin, so text does not share the tag of numbers."""
    taken = {one.name for one in series}
    numbers = {one.name for one in series if one.kind is not ValueKind.TEXT}
    tags = {one.id: one.name for one in series}
    for one in series:
        if one.kind is ValueKind.TEXT and one.name in numbers:
            tag = one.name + _TEXT_SUFFIX
            while tag in taken:
                tag += _TEXT_SUFFIX
            taken.add(tag)
            tags[one.id] = tag
    return tags
