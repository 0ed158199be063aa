"""Questions that must stay quick among 100,000 runs find their rows by an index."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from trackboard.model import RunId, Tagged
from trackboard.ports import (
    OLDEST_FIRST,
    Aggregate,
    Attribute,
    Field,
    HasValue,
    OneOf,
    Order,
    Ordered,
    RunQuery,
    Source,
    Store,
    attribute,
)
from trackboard.stores import open_sqlite
from trackboard.testing.speaker import Speaker, created

Question = Callable[[Store], object]
M = Field(Source.METRIC, "m")
LAST_M = (Order(M),)
LEAST_M = Field(Source.METRIC, "m", Aggregate.MIN)
PARENT = attribute(Attribute.PARENT)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_sqlite(tmp_path / "trackboard.db")
    yield store
    store.close()


_NO_TABLES = (
    "USING",
    "CONSTANT",
    "(subquery",
    "lowest",
    "SCAN names",
)  # indexes, and what was found before


def where(source: Source) -> RunQuery:
    return RunQuery(where=OneOf(Field(source, "m"), (1, "1")))


def plan(store: Store, path: Path, question: Question) -> list[str]:
    """What SQLite does for all that a question asks."""
    asked: list[tuple[str, Any]] = []

    def hear(*arguments: Any) -> None:
        asked.append((arguments[2], arguments[3]))

    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    try:
        question(store)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hear)
    connection = sqlite3.connect(path)
    found = [
        str(row[3])
        for statement, values in asked
        if statement.startswith(("SELECT", "WITH"))
        for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
    ]
    connection.close()
    return found


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (lambda store: store.query_runs(RunQuery(), limit=5), "ix_run_created"),
        (lambda store: store.query_runs(RunQuery(), OLDEST_FIRST, limit=5), "ix_run_created"),
        (lambda store: store.query_runs(RunQuery(top_level=True), limit=5), "ix_run_parent"),
        (lambda store: store.query_runs(RunQuery(parent=RunId("a")), limit=5), "ix_run_parent"),
        (lambda store: store.query_runs(RunQuery(experiment="e"), limit=5), "ix_run_experiment"),
    ],
)
def test_a_page_of_runs_is_not_sorted(
    store: Store, tmp_path: Path, question: Question, index: str
) -> None:
    found = plan(store, tmp_path / "trackboard.db", question)
    assert any(index in step for step in found)
    assert not any("TEMP B-TREE" in step for step in found)


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (lambda store: store.query_runs(RunQuery(), LAST_M, limit=5), "ix_series_last"),
        (lambda store: store.query_runs(RunQuery(where=Ordered(M, ">", 1.0))), "ix_series_last"),
        (lambda store: store.query_runs(where(Source.METRIC_OR_PARAMETER)), "ix_series_last"),
        (lambda store: store.query_runs(where(Source.PARAMETER)), "ix_parameter_name"),
        (lambda store: store.query_runs(where(Source.TAG)), "COVERING INDEX ix_tag_key"),
        (
            lambda store: store.query_runs(RunQuery(where=Ordered(LEAST_M, "<", 1.0))),
            "COVERING INDEX ix_series_min",
        ),
        (
            lambda store: store.query_runs(
                RunQuery(), (Order(LEAST_M, descending=False),), limit=5
            ),
            "ix_series_min",
        ),
        (
            lambda store: store.query_runs(RunQuery(where=Ordered(M, ">", 1.0))),
            "COVERING INDEX ix_series_last",
        ),
        (
            lambda store: store.read_columns(RunQuery(where=OneOf(PARENT, ("a",))), [PARENT]),
            "ix_run_parent",
        ),
        (lambda store: store.holds_somewhere(HasValue(M)), "INDEX ix_series_"),  # any, as made last
        (lambda store: store.holds_somewhere(Ordered(LEAST_M, ">=", -1.0)), "ix_series_min"),
        (
            lambda store: store.list_oldest_called(["e"], ["n"]),
            "COVERING INDEX ix_run_namesakes",
        ),
        (lambda store: store.query_runs(RunQuery(tags={"a": "b"})), "COVERING INDEX ix_tag_key"),
        (lambda store: store.query_runs(RunQuery(properties={"a": None})), "ix_property_key"),
        (lambda store: store.query_runs(RunQuery(parameters={"a": 1})), "ix_parameter_name"),
        (lambda store: store.list_series(runs=[RunId("a")]), "autoindex_series_1 (run=?)"),
        (lambda store: store.list_artifacts(runs=[RunId("a")]), "ix_artifact_run"),
        (lambda store: store.list_tags([RunId("a")]), "tag USING PRIMARY KEY (run=?)"),
        (lambda store: store.list_names(Source.TAG), "ix_tag_key (key>?)"),
        (lambda store: store.list_parameters([RunId("a")]), "parameter USING PRIMARY KEY (run=?)"),
    ],
)
def test_no_table_is_read_through(
    store: Store, tmp_path: Path, question: Question, index: str
) -> None:
    found = plan(store, tmp_path / "trackboard.db", question)
    assert any(index in step for step in found), found
    scans = [
        step
        for step in found
        if step.startswith("SCAN") and not any(word in step for word in _NO_TABLES)
    ]
    assert scans == []


def test_matching_runs_are_counted_once_between_two_writes(store: Store, tmp_path: Path) -> None:
    other = open_sqlite(tmp_path / "trackboard.db")  # as another process writes
    counted = "COVERING INDEX ix_tag_key"
    for name in ("a", "b"):
        other.apply([Speaker().batch(created(name), Tagged(RunId(name), "k", "v"))])
        for is_first in (True, False):
            found = plan(
                store,
                tmp_path / "trackboard.db",
                lambda store: store.count_runs(RunQuery(tags={"k": "v"})),
            )
            assert any(counted in step for step in found) == is_first
    assert store.count_runs(RunQuery(tags={"k": "v"})) == 2
    assert store.count_runs(RunQuery(tags={"k": "w"})) == 0
    other.close()
