"""The steps of a series' extremes are those of numpy over all of its points, however these came."""

import math
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trackboard.model import RunState
from trackboard.stores import open_sqlite
from trackboard.testing.speaker import Speaker, created, moved, numbers

VALUES = st.sampled_from([0.0, -0.0, 1.0, -1.0, math.nan, math.inf, -math.inf]) | st.floats()
POINTS = st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), VALUES), min_size=1, max_size=30)
REPEATED = st.sampled_from([1, 1, 5, 200])  # through tails, small chunks and merged ones


@given(st.lists(st.tuples(POINTS, REPEATED), min_size=1, max_size=6), st.booleans())
def test_the_first_of_equals(
    batches: list[tuple[list[tuple[int, float]], int]], ended: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_sqlite(Path(folder) / "t.db")
        speaker = Speaker()
        store.apply([speaker.batch(created("r"))])
        for points, times in batches:
            steps, values = zip(*(points * times), strict=True)
            store.apply([speaker.batch(points=[numbers("r", "m", values, steps=steps)])])
        if ended:
            store.apply([speaker.batch(moved("r", RunState.COMPLETED, 0))])
        (series,) = store.list_series()
        read = store.read_points([series.id])[series.id]
        store.close()
    if np.isnan(read.values).all():
        assert (series.min_value_step, series.max_value_step) == (None, None)
    else:
        assert series.min_value_step == read.steps[np.argmax(read.values == np.nanmin(read.values))]
        assert series.max_value_step == read.steps[np.argmax(read.values == np.nanmax(read.values))]
