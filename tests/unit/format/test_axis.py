"""An axis: every value is inside of it, whatever numbers they are, and its ticks are round."""

from __future__ import annotations

import math
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trackboard.format.axis import Axis

MOST = sys.float_info.max
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("least", "most", "count", "ticks"),
    [
        (0.0, 1.0, 5, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-3.0, 997.0, 4, [0.0, 500.0]),
        (-1e-3, 1e-3, 4, [-1e-3, -5e-4, 0.0, 5e-4, 1e-3]),
        (7.0, 7.0, 4, [7.0]),
        (MOST, MOST, 4, [MOST]),
        (-MOST, MOST, 1, [-MOST, MOST]),
    ],
)
def test_ticks_are_round(least: float, most: float, count: int, ticks: list[float]) -> None:
    assert Axis(least, most, 0, 1).list_ticks(count) == pytest.approx(ticks)


def test_ticks_of_whole_numbers_are_whole() -> None:
    assert Axis(0, 2, 0, 100).list_ticks(4) == [0, 0.5, 1, 1.5, 2]
    assert Axis(0, 2, 0, 100).list_ticks(4, is_whole=True) == [0, 1, 2]


def test_a_value_is_drawn_by_its_share() -> None:
    axis = Axis(0, 10, 200, 100)
    assert [axis.at(value) for value in (0, 5, 10)] == [200, 150, 100]
    assert Axis(3, 3, 0, 100).at(3) == 50


@given(FINITE, FINITE, st.integers(1, 8), st.booleans())
@example(MOST, MOST, 4, False)
@example(-MOST, MOST, 4, False)
@example(0.0, 5e-324, 4, False)
@example(2.0**53, 2.0**53 + 2, 4, True)
@example(1.1125369292536007e-308, 2e15 + 1, 1, False)
def test_everything_is_finite_and_inside(
    one: float, other: float, count: int, is_whole: bool
) -> None:
    least, most = sorted((one, other))
    axis = Axis(least, most, 50, 412)
    ticks = axis.list_ticks(count, is_whole=is_whole)
    assert 1 <= len(ticks) <= 3 * count + 2
    for value in (least, most, *ticks):
        assert math.isfinite(value)
        assert least <= value <= most
        assert 50 <= axis.at(value) <= 412
