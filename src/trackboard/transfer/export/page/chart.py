"""Curves of one metric as SVG: where lines go, and where the axes have ticks.

Lengths are whole tenths of a pixel, so that numbers in the file are short.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from trackboard.format.axis import Axis
from trackboard.history.buckets import Buckets

WIDTH, HEIGHT = 5_600, 2_600
LEFT, RIGHT, TOP, BOTTOM = 700, 60, 80, 280  # edges around the lines
_TICKS = 5
# Okabe and Ito's, which most eyes tell apart, seen on white and on black; further runs have other dashes.
_COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7"),
    *("#b08500", "#3aa0d8", "#8a6fd1", "#7a7a7a"),
)
_DASHES = ("", "6 3", "2 2", "8 3 2 3")

Point = tuple[float, float]


class Mark(NamedTuple):
    """How a run's curves are drawn."""

    colour: str
    dashes: str  # as `stroke-dasharray` has it; empty for a whole line


class Tick(NamedTuple):
    """A line across a chart, and what stands beside it."""

    at: int
    text: str


class Curve(NamedTuple):
    """A run's points.

    Attributes:
        name: The run's.
        mark: How they are drawn.
        buckets: The points.
    """

    name: str
    mark: Mark
    buckets: Buckets


class Line(NamedTuple):
    """A curve as it is drawn.

    Attributes:
        name: The run's.
        mark: How it is drawn.
        path: As `d` of a path has it.
        dots: Points that have no neighbour.
    """

    name: str
    mark: Mark
    path: str
    dots: Sequence[tuple[int, int]]


class Row(NamedTuple):
    """What one run has of the metric, in words."""

    name: str
    mark: Mark
    last: str
    least: str
    greatest: str
    step: str
    points: str


@dataclass(frozen=True)
class Chart:
    """The curves of one metric.

    Attributes:
        title: The metric's name.
        lines: The curves; none: there is nothing to draw.
        x_ticks: Steps.
        y_ticks: Values.
        rows: What each run has of it.
        note: What is left out, in words.
    """

    title: str
    lines: Sequence[Line]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    rows: Sequence[Row]
    note: str = ""


def choose_mark(number: int) -> Mark:
    """Choose how the curves of the run with this number are drawn, from 0."""
    dashes = _DASHES[number // len(_COLOURS) % len(_DASHES)]
    return Mark(_COLOURS[number % len(_COLOURS)], dashes)


def draw_chart(title: str, curves: Sequence[Curve], rows: Sequence[Row], note: str = "") -> Chart:
    """Draw the curves of one metric; what is no finite number is a gap."""
    traces = [(curve, [*_trace(curve.buckets)]) for curve in curves]
    points = [point for _, trace in traces for point in trace if point is not None]
    if not points:
        return Chart(title, (), (), (), rows, note)
    x_of = _Scale([x for x, _ in points], LEFT, WIDTH - RIGHT)
    y_of = _Scale([y for _, y in points], HEIGHT - BOTTOM, TOP)
    lines = [
        Line(curve.name, curve.mark, *_draw(_split(trace), x_of, y_of)) for curve, trace in traces
    ]
    return Chart(title, lines, x_of.list_ticks(), y_of.list_ticks(), rows, note)


def _trace(buckets: Buckets) -> Iterator[Point | None]:
    """Points of a curve from left to right; None is a gap.

    A bucket of several points is drawn from its least to its greatest value, then to its last one.
    """
    columns = (buckets.first_steps, buckets.last_steps, buckets.counts)
    numbers = (buckets.least, buckets.greatest, buckets.last)
    for begin, end, count, least, greatest, last in zip(
        *(column.tolist() for column in (*columns, *numbers)), strict=True
    ):
        middle = (begin + end) / 2
        several = ((begin, least), (middle, greatest), (end, last))
        for step, value in several if count > 1 else ((end, last),):
            yield (float(step), float(value)) if math.isfinite(value) else None


def _split(trace: Iterable[Point | None]) -> Iterator[list[Point]]:
    """The parts of a curve between its gaps."""
    part: list[Point] = []
    for point in trace:
        if point is not None:
            part.append(point)
        elif part:
            yield part
            part = []
    if part:
        yield part


def _draw(
    parts: Iterable[list[Point]], x_of: Callable[[float], int], y_of: Callable[[float], int]
) -> tuple[str, list[tuple[int, int]]]:
    path: list[str] = []
    dots: list[tuple[int, int]] = []
    for part in parts:
        located = [(x_of(x), y_of(y)) for x, y in part]
        if len(located) == 1:
            dots += located
        else:
            path.append("M" + " ".join(f"{x},{y}" for x, y in dict.fromkeys(located)))
    return "".join(path), dots


class _Scale:
    """Places what there is on a length, in whole tenths of a pixel."""

    def __init__(self, found: Sequence[float], first: int, last: int) -> None:
        self._axis = Axis(min(found), max(found), first, last)

    def __call__(self, value: float) -> int:
        return round(self._axis.at(value))

    def list_ticks(self) -> list[Tick]:
        """Round numbers in between."""
        return [Tick(self(value), f"{value + 0.0:.6g}") for value in self._axis.list_ticks(_TICKS)]
