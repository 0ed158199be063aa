"""The steps of extremes of rows that were written by a trackboard that knew none."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from trackboard.model import Series
from trackboard.ports import Aggregate, Field, HasValue, OneOf, Ordered, RunQuery, Source
from trackboard.stores import open_sqlite
from trackboard.testing.speaker import Speaker, created, numbers

LEAST = Field(Source.METRIC, "m", Aggregate.MIN_STEP)


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


def read(path: Path) -> tuple[Series, str]:
    """The series, and how often its least value is found at step 0."""
    store = open_sqlite(path)
    (series,) = store.list_series()
    at_0 = store.count_runs(RunQuery(where=OneOf(LEAST, (0,))))
    assert store.count_runs(RunQuery(where=HasValue(LEAST))) == 1
    later = store.count_runs(RunQuery(where=Ordered(LEAST, ">", 0.0)))
    store.close()
    return series, f"{at_0} {later}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A history in which somebody added a point without saying where the extremes are since."""
    path = tmp_path / "t.db"
    store = open_sqlite(path)
    store.apply([Speaker().batch(created("r"), points=[numbers("r", "m", [1.0, 5.0, 2.0])])])
    store.close()
    change(path, "UPDATE series SET extremes_of = points - 1")
    return path


def test_steps_of_other_points_are_not_told(path: Path) -> None:
    series, found = read(path)
    assert (series.min_value, series.min_value_step, series.max_value_step) == (1.0, None, None)
    assert found == "0 0"


def test_they_are_read_from_the_points_with_the_next_one(path: Path) -> None:
    store = open_sqlite(path)
    store.apply([Speaker().batch(points=[numbers("r", "m", [3.0], steps=[9])])])
    store.close()
    series, found = read(path)
    assert (series.min_value_step, series.max_value_step) == (0, 1)
    assert found == "1 0"


def test_where_the_points_are_damaged_nothing_is_told(path: Path) -> None:
    change(path, "UPDATE chunk SET data = substr(data, 1, 3)")
    store = open_sqlite(path)
    store.apply([Speaker().batch(points=[numbers("r", "m", [3.0], steps=[9])])])
    (series,) = store.list_series()
    assert (series.min_value_step, series.max_value_step) == (None, None)
    store.apply([Speaker().batch(points=[numbers("r", "m", [0.5, 8.0], steps=[10, 11])])])
    (series,) = store.list_series()
    assert (series.min_value_step, series.max_value_step) == (10, 11)
    store.close()
