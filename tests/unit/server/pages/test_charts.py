"""Charts as SVG: only numbers that a browser can draw, whatever was logged."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from trackboard.history.buckets import Buckets
from trackboard.model import Run, RunId, RunKind, RunState
from trackboard.server.pages.charts import Curve, draw

MOST = sys.float_info.max
RUN = Run(
    *(RunId("r"), "exp", 3, "try", None, RunKind.INTERACTIVE, RunState.RUNNING, ""),
    *(0.0, None, None, 0, ()),
)


def buckets_of(*values: float) -> Buckets:
    steps = np.arange(len(values))
    ones, column = np.ones(len(values), np.int64), np.array(values)
    nans = np.isnan(column).astype(np.int64)
    times_s = np.zeros(len(values))
    return Buckets(len(values), steps, steps, ones, nans, column, column, column, times_s)


@pytest.mark.parametrize(
    "values",
    [(MOST,), (MOST, MOST), (-MOST, MOST), (0.0, 5e-324), (1.0, float("nan"), float("inf"))],
)
def test_every_place_is_a_finite_one(values: tuple[float, ...]) -> None:
    svg = str(draw("loss", [Curve("try", RUN, buckets_of(*values))]))
    assert "<svg" in svg
    assert '<g class="run-color-2">' in svg
    drawn = svg.partition(">")[2].lower()  # its head says in words what is not drawn
    assert "nan" not in drawn
    assert "inf" not in drawn
