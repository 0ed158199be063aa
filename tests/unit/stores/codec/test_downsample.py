"""Thinning: which points stand for a long series."""

import math

import numpy as np
import pytest

from trackboard.ports import Points
from trackboard.stores.codec import downsample


@pytest.mark.parametrize(
    ("limit", "chosen"),
    [(1, [9]), (2, [0, 9]), (3, [0, 4, 9]), (4, [0, 2, 7, 9]), (10, [*range(10)])],
)
def test_what_is_chosen(limit: int, chosen: list[int]) -> None:
    values = np.array([5.0, 5, -9, 5, 5, 5, 5, 99, 5, 5])
    assert downsample.sample(values, limit).tolist() == chosen


def test_nan_hides_no_extreme() -> None:
    values = np.full(1000, math.nan)
    values[500], values[700] = -3.0, math.inf
    chosen = downsample.sample(values, 4).tolist()
    assert {500, 700} <= set(chosen)


def test_text_is_thinned_evenly() -> None:
    values = np.array([f"t{i}" for i in range(101)], object)
    assert downsample.sample(values, 5).tolist() == [0, 25, 50, 75, 100]


def test_a_spike_in_every_stretch_is_kept() -> None:
    values = np.zeros(10_000)
    values[123::500] = 1.0
    chosen = downsample.sample(values, 50)
    assert values[chosen].sum() == 20


@pytest.mark.parametrize("count", [5, 667, 668, 999, 1000, 1334, 4096, 100_003])
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 50, 667])
@pytest.mark.parametrize("shape", ["noise", "rising", "constant", "nan"])
def test_all_that_is_allowed_is_used(count: int, limit: int, shape: str) -> None:
    values = np.random.default_rng(count).normal(size=count)
    if shape == "rising":
        values.sort()
    elif shape != "noise":
        values[:] = 1.0 if shape == "constant" else math.nan
    chosen = downsample.sample(values, limit)
    assert len(chosen) == min(count, limit)
    assert (np.diff(chosen) > 0).all()
    assert chosen[-1] == count - 1
    if limit > 1:
        assert chosen[0] == 0
    if limit >= 4 and shape != "nan":
        assert (values[chosen].min(), values[chosen].max()) == (values.min(), values.max())


@pytest.mark.parametrize("count", [1, 2, 511, 512, 513, 4095, 4096])
def test_a_preview_is_short_and_holds_what_matters(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    chosen = downsample.preview(values)
    assert len(chosen) == min(count, 18)
    assert (chosen[0], chosen[-1]) == (0, count - 1)
    assert (values[chosen].min(), values[chosen].max()) == (values.min(), values.max())


def test_thinned_points_belong_together() -> None:
    steps = np.arange(1000)
    points = Points(steps, (steps * 2).astype(np.float64), np.sin(steps))
    found = downsample.downsample_points(points, 100)
    assert (found.times_s == found.steps * 2).all()
    assert (found.values == np.sin(found.steps)).all()
    assert downsample.downsample_points(found, 100) is found
