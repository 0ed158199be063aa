"""Points as CSV and Parquet are those of the store: every text, number and time, in their order."""

from __future__ import annotations

import csv
import io
import math
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.workspaces import store_events

from trackboard.errors import UsageError
from trackboard.history.table import COLUMNS
from trackboard.model import Created, Event, RunId, RunKind, TextLogged, ValueKind
from trackboard.ports import SeriesPoints
from trackboard.testing.memory import MemoryStore
from trackboard.transfer.export import csv_file, parquet_file
from trackboard.transfer.export.points import count_points, iter_pieces

KINDS = {ValueKind.BOOL: np.bool_, ValueKind.INT: np.int64, ValueKind.FLOAT: np.float64}
Row = tuple[str, str, str, str, int, datetime, float | int | None, str | None]

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
steps = st.integers(-(2**63), 2**63 - 1)
times_s = st.floats(0, 2**32)
values = {
    ValueKind.BOOL: st.booleans(),
    ValueKind.INT: st.integers(-(2**63), 2**63 - 1),
    ValueKind.FLOAT: st.floats(),
}


@st.composite
def series(draw: st.DrawFn) -> SeriesPoints:
    kind = draw(st.sampled_from([*KINDS]))
    points = draw(st.lists(st.tuples(steps, times_s, values[kind]), min_size=1, max_size=9))
    return SeriesPoints(
        run=RunId(draw(st.sampled_from(["a", "b"]))),
        name=f"{kind.name} {draw(texts)}",
        kind=kind,
        steps=np.array([step for step, _, _ in points], np.int64),
        has_step=np.ones(len(points), np.bool_),
        times_s=np.array([time_s for _, time_s, _ in points], np.float64),
        values=np.array([value for _, _, value in points], KINDS[kind]),
    )


logged = st.lists(st.tuples(st.sampled_from(["a", "b"]), texts, texts, steps, times_s), max_size=5)


def filled(
    points: list[SeriesPoints], words: list[tuple[str, str, str, int, float]]
) -> MemoryStore:
    store = MemoryStore()
    events: list[Event] = [
        Created(RunId(run), f"experiment-{run}", "", None, RunKind.INTERACTIVE, 1.0)
        for run in ("a", "b")
    ]
    events += [
        TextLogged(RunId(run), f"text {name}", value, step, time_s)
        for run, name, value, step, time_s in words
    ]
    store_events(store, *events, points=tuple(points))
    return store


def stored_rows(store: MemoryStore) -> list[Row]:
    """What the files should hold, read another way."""
    found: list[Row] = []
    for run in store.list_runs():
        for each in store.list_series(runs=[run.id]):
            points = store.read_points([each.id])[each.id]
            for step, time_s, value in zip(
                points.steps.tolist(), points.times_s.tolist(), points.values.tolist(), strict=True
            ):
                is_text = isinstance(value, str)
                number, text = (None, value) if is_text else (value, None)
                moment = datetime.fromtimestamp(round(time_s * 1e6) // 1_000_000, UTC).replace(
                    microsecond=round(time_s * 1e6) % 1_000_000
                )
                named = (run.id, f"name of {run.id}", run.experiment, each.name)
                found.append((*named, step, moment, number, text))
    return found


def comparable(rows: list[Row]) -> list[Any]:
    return [tuple("NaN" if each != each else each for each in row) for row in rows]


def written(store: MemoryStore, write: Any) -> bytes:
    file = io.BytesIO()
    runs = store.list_runs()
    called = {run.id: f"name of {run.id}" for run in runs}
    assert write(file, iter_pieces(store, runs), called) == count_points(store, runs)
    return file.getvalue()


@settings(max_examples=100, deadline=None)
@given(st.lists(series(), max_size=5, unique_by=lambda each: (each.run, each.name)), logged)
def test_csv_holds_what_the_store_holds(
    points: list[SeriesPoints], words: list[tuple[str, str, str, int, float]]
) -> None:
    store = filled(points, words)
    content = written(store, csv_file.write_points).decode()
    head, *rows = csv.reader(io.StringIO(content, newline=""))
    read = [
        (*row[:4], int(row[4]), datetime.fromisoformat(row[5]), number(row[6]), row[7])
        for row in rows
    ]
    expected = [(*row[:7], row[7] or "") for row in stored_rows(store)]
    assert (tuple(head), comparable(read)) == (COLUMNS, comparable(expected))  # type: ignore[arg-type]


def number(cell: str) -> float | int | None:
    if not cell:
        return None
    return int(cell) if cell.lstrip("-").isdigit() else float(cell)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(series(), max_size=5, unique_by=lambda each: (each.run, each.name)),
    logged,
    st.integers(1, 20),
)
def test_parquet_holds_what_the_store_holds(
    points: list[SeriesPoints], words: list[tuple[str, str, str, int, float]], group: int
) -> None:
    store = filled(points, words)
    content = written(store, partial(parquet_file.write_points, group_points=group))
    found = pyarrow.parquet.read_table(io.BytesIO(content))
    read = [*zip(*(found.column(name).to_pylist() for name in COLUMNS), strict=True)]
    expected = [(*row[:6], as_float(row[6]), row[7]) for row in stored_rows(store)]
    assert comparable(read) == comparable(expected)
    assert found.column_names == list(COLUMNS)


def as_float(value: float | int | None) -> float | None:
    """Parquet has one type in a column: integers beyond 2**53 are rounded, as in `History`."""
    return None if value is None else float(value)


def test_infinite_numbers_and_times_that_are_none() -> None:
    times = np.array([math.nan, math.inf, 1.5])
    numbers = np.array([math.inf, -math.inf, math.nan])
    points = SeriesPoints(
        RunId("a"), "x", ValueKind.FLOAT, np.arange(3), np.ones(3, np.bool_), times, numbers
    )
    store = filled([points], [])
    lines = written(store, csv_file.write_points).decode().splitlines()
    assert [line.split(",")[5:] for line in lines[1:]] == [
        ["", "inf", ""],
        ["", "-inf", ""],
        ["1970-01-01T00:00:01.500000Z", "nan", ""],
    ]


def test_parquet_without_pyarrow_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(UsageError) as caught:
        parquet_file.load_parquet()
    assert str(caught.value) == (
        "pyarrow is not installed here, and this table is one of its own\n"
        "pip install 'trackboard[frames]', or export CSV, which needs nothing more."
    )
