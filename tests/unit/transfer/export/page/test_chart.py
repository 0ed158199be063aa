"""Charts: every peak is drawn where it belongs, gaps are gaps, ticks are round and inside."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trackboard.history.buckets import Buckets
from trackboard.transfer.export.page.chart import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Chart,
    Curve,
    Mark,
    choose_mark,
    draw_chart,
)

MARK = Mark("#000000", "")
Bucket = tuple[
    int, int, int, float, float, float
]  # first and last step, count, least, greatest, last


def drawn(*buckets: Bucket) -> Chart:
    columns = [np.array(column) for column in zip(*buckets, strict=True)]
    first, last, counts, least, greatest, values = columns
    found = Buckets(
        count=int(counts.sum()),
        first_steps=first,
        last_steps=last,
        counts=counts,
        nans=np.zeros(len(buckets), np.int64),
        least=least,
        greatest=greatest,
        last=values,
        last_times_s=np.zeros(len(buckets)),
    )
    return draw_chart("loss", [Curve("run", MARK, found)], ())


def point(step: int, value: float) -> Bucket:
    return (step, step, 1, value, value, value)


def located(path: str) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in re.findall(r"(-?\d+),(-?\d+)", path)]


def test_a_line_goes_from_corner_to_corner() -> None:
    (line,) = drawn(point(0, 0.0), point(5, 0.5), point(10, 1.0)).lines
    left, bottom, right = LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT
    assert located(line.path) == [
        (left, bottom),
        ((left + right) // 2, (bottom + TOP) // 2),
        (right, TOP),
    ]
    assert line.dots == []


def test_a_bucket_shows_its_least_and_its_greatest_value() -> None:
    (line,) = drawn(point(0, 0.0), (1, 9, 500, -4.0, 4.0, 1.0), point(10, 0.0)).lines
    heights = [y for _, y in located(line.path)]
    assert (min(heights), max(heights)) == (TOP, HEIGHT - BOTTOM)


def test_what_is_no_number_is_a_gap() -> None:
    chart = drawn(*(point(n, value) for n, value in enumerate((0.0, 1.0, math.nan, 2.0, math.inf))))
    (line,) = chart.lines
    assert line.path.count("M") == 1
    assert len(line.dots) == 1
    assert drawn(point(0, math.nan)).lines == ()


def test_each_run_is_drawn_in_its_own_way() -> None:
    assert len({choose_mark(number) for number in range(32)}) == 32
    assert choose_mark(32) == choose_mark(0)


numbers = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), numbers), min_size=1, max_size=20))
def test_everything_is_inside(points: Sequence[tuple[int, float]]) -> None:
    chart = drawn(*(point(step, value) for step, value in points))
    (line,) = chart.lines
    for x, y in [*located(line.path), *line.dots]:
        assert LEFT <= x <= WIDTH - RIGHT
        assert TOP <= y <= HEIGHT - BOTTOM
    assert all(LEFT <= tick.at <= WIDTH - RIGHT for tick in chart.x_ticks)
    assert all(TOP <= tick.at <= HEIGHT - BOTTOM for tick in chart.y_ticks)
    assert 1 <= len(chart.y_ticks) <= 15


def test_ticks_are_round() -> None:
    chart = drawn(point(0, -0.013), point(997, 0.101))
    assert [tick.text for tick in chart.x_ticks] == ["0", "200", "400", "600", "800"]
    assert [tick.text for tick in chart.y_ticks] == ["0", "0.05", "0.1"]
