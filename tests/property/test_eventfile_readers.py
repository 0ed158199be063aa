"""What we write, TensorBoard's own reader reads: any steps, times, numbers and texts."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing import event_file_loader
from tensorboard.util import tensor_util

from trackboard.eventfile import encode, read

INT64 = (
    st.integers(-(2**63), 2**63 - 1) | st.integers(-300, 300) | st.sampled_from([2**35 - 1, 2**35])
)
FLOAT32 = st.floats(width=32)
TIMES = st.floats(0, 4e9)
TAGS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\n"), min_size=1, max_size=300)
POINTS = st.lists(st.tuples(INT64, TIMES, FLOAT32), max_size=60)
TEXTS = st.lists(st.tuples(INT64, TIMES, st.text(st.characters(codec="utf-8"))), max_size=8)


def loaded(path: Path, plugin: str) -> list[tuple[str, int, float, object]]:
    """Every value in a file, as TensorBoard's loader gives it after its migrations."""
    rows = []
    for event in event_file_loader.EventFileLoader(str(path)).Load():
        for value in event.summary.value:
            assert value.metadata.plugin_data.plugin_name == plugin
            content = tensor_util.make_ndarray(value.tensor)
            rows.append((value.tag, event.step, event.wall_time, content))
    return rows


@settings(max_examples=150, deadline=None)
@given(tag=TAGS, points=POINTS)
def test_scalars_survive_bit_for_bit(tag: str, points: list[tuple[int, float, float]]) -> None:
    steps = np.array([step for step, _, _ in points], dtype=np.int64)
    times_s = np.array([time_s for _, time_s, _ in points], dtype=np.float64)
    values = np.array([value for _, _, value in points], dtype=np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "events.out.tfevents.1")
        path.write_bytes(encode.header(0.0) + b"".join(encode.scalars(tag, steps, times_s, values)))
        rows = loaded(path, "scalars")
        assert [row[:3] for row in rows] == [(tag, step, time_s) for step, time_s, _ in points]
        got = np.array([row[3] for row in rows], dtype=np.float32)
        np.testing.assert_array_equal(got, values)
        assert np.array_equal(np.signbit(got), np.signbit(values)) or np.isnan(values).any()
        assert sum(1 for _ in read.iter_records(path)) == 1 + len(points)


@settings(max_examples=50, deadline=None)
@given(tag=TAGS, points=TEXTS)
def test_texts_survive(tag: str, points: list[tuple[int, float, str]]) -> None:
    columns = [[point[i] for point in points] for i in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "events.out.tfevents.1")
        records = encode.texts(tag, *columns)  # type: ignore[arg-type]  # columns of three types
        path.write_bytes(encode.header(0.0) + b"".join(records))
        rows = loaded(path, "text")
        assert [row[:3] for row in rows] == [(tag, step, time_s) for step, time_s, _ in points]
        texts = [np.asarray(row[3]).item().decode() for row in rows]
        assert texts == [text for _, _, text in points]
