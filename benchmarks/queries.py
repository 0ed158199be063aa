"""Questions to a large history, beside the bare SQL. `python benchmarks/queries.py`

A store is filled through `Store.apply`, as ingest does it; then the same questions are asked through
the store and, by hand-written SQL, through sqlite3 on the same file, in turn. The bare side uses the
same indexes, fetches its rows and sees points as arrays; it makes nothing else of them. Of one long run
the points are compressed in the store; there the bare side has a table of its own, a row per point.
The plans are those of the store's own statements.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from trackboard.model import (
    Created,
    Event,
    ParameterSet,
    RunId,
    RunKind,
    RunState,
    StateChanged,
    Tagged,
    ValueKind,
    new_writer_id,
)
from trackboard.ports import (
    NEWEST_FIRST,
    Batch,
    Field,
    FloatColumn,
    Order,
    Orders,
    Position,
    RunQuery,
    SeriesPoints,
    Source,
    Store,
)
from trackboard.stores import open_sqlite

METRICS, POINTS, PAGE = 20, 5, 50
LONG, LONG_POINTS = RunId("long"), 1000
TEAMS = [f"team-{number}" for number in range(10)]
RATES = [0.1, 0.03, 0.01, 0.003, 0.001]
RUNS_AT_ONCE = 500
ROUNDS = 15
STEPS = np.arange(POINTS, dtype=np.int64)
HAS_STEP = np.ones(POINTS, dtype=bool)

RUN = "SELECT run.*, experiment.name FROM run LEFT JOIN experiment ON experiment.id=run.experiment"
BY_METRIC = (
    "SELECT run.*, experiment.name FROM series JOIN run ON run.id = series.run"
    " LEFT JOIN experiment ON experiment.id = run.experiment WHERE series.name = ?"
    " AND series.is_text = 0 AND series.last_number IS NOT NULL"
    " ORDER BY series.last_number DESC LIMIT ?"
)
BY_TAG = (
    f"{RUN} WHERE run.id IN (SELECT run FROM tag WHERE key = ? AND value = ?) AND run.id IN"
    " (SELECT run FROM parameter WHERE name = ? AND equal = ?) ORDER BY created_s DESC"
)
SERIES_OF = (
    "SELECT series.*, run.run_id FROM run JOIN series ON series.run = run.id WHERE run_id = ?"
)
POINTS_OF = (
    "SELECT chunk.kind, chunk.points, data FROM run JOIN series ON series.run = run.id"
    " JOIN chunk ON chunk.series = series.id WHERE run_id = ? ORDER BY chunk.series, start"
)


PLAIN = "CREATE TABLE plain (series, step, time_s, value, PRIMARY KEY (series, step)) WITHOUT ROWID"
OF_EXPERIMENT = (
    f"{RUN} JOIN series ON series.run = run.id WHERE experiment.name = ? AND series.name = ? AND"
    " series.is_text = 0 ORDER BY series.last_number DESC LIMIT ?"
)


@dataclass(frozen=True)
class Question:
    """Something asked both ways; each side says how many rows it found."""

    name: str
    ours: Callable[[], int]
    bare: Callable[[], int]


def events_of(number: int, run: RunId) -> tuple[Event, ...]:
    created_s = 1.7e9 + number
    experiment = f"experiment-{number % 20}"
    return (
        Created(run, experiment, f"trial {number}", None, RunKind.INTERACTIVE, created_s),
        Tagged(run, "team", TEAMS[number // 3 % len(TEAMS)]),
        Tagged(run, "note", f"note {number}"),
        ParameterSet(run, "lr", RATES[number // 7 % len(RATES)]),
        ParameterSet(run, "batch_size", 2 ** (number % 8)),
        ParameterSet(run, "optimizer", "adam" if number % 3 else "sgd"),
        StateChanged(run, RunState.COMPLETED, 0, 1, created_s + 10.0, "", 10.0),
    )


def batch(first: int, count: int) -> Batch:
    noise = np.random.default_rng(first).normal(size=(count, METRICS, POINTS))
    events: list[Event] = []
    points: list[SeriesPoints] = []
    for index in range(count):
        run = RunId(f"run-{first + index:06d}")
        events.extend(events_of(first + index, run))
        times_s: FloatColumn = 1.7e9 + first + index + STEPS.astype(np.float64) * 0.5
        points.extend(
            SeriesPoints(
                run, f"group/metric_{metric}", ValueKind.FLOAT, STEPS, HAS_STEP, times_s, values
            )
            for metric, values in enumerate(noise[index])
        )
    return Batch(new_writer_id(), Position(0, 0), Position(0, 1), tuple(events), tuple(points))


def fill(store: Store, runs: int) -> float:
    """Seconds that `apply` took for everything."""
    spent_s = 0.0
    for first in range(0, runs, RUNS_AT_ONCE):
        said = batch(first, min(RUNS_AT_ONCE, runs - first))
        started_s = time.perf_counter()
        store.apply([said])
        spent_s += time.perf_counter() - started_s
    return spent_s


def add_long_run(store: Store, plain: sqlite3.Connection) -> None:
    """One run with many points, and the same points as plain rows."""
    steps = np.arange(LONG_POINTS, dtype=np.int64)
    has_step = np.ones(LONG_POINTS, dtype=bool)
    times_s: FloatColumn = 1.7e9 + 0.5 * steps.astype(np.float64)
    noise = np.random.default_rng(0).normal(size=(METRICS, LONG_POINTS))
    points = tuple(
        SeriesPoints(LONG, f"m{metric}", ValueKind.FLOAT, steps, has_step, times_s, values)
        for metric, values in enumerate(noise)
    )
    if store.find_run(LONG) is None:
        writer, middle = new_writer_id(), Position(0, 1)
        store.apply([Batch(writer, Position(0, 0), middle, (), points)])
        ended = StateChanged(LONG, RunState.COMPLETED, 0, 1, 1.7e9)
        store.apply([Batch(writer, middle, Position(0, 2), (ended,), ())])
    plain.execute(PLAIN)
    for metric, values in enumerate(noise.tolist()):
        rows = zip([metric] * LONG_POINTS, steps.tolist(), times_s.tolist(), values, strict=True)
        plain.executemany("INSERT INTO plain VALUES (?, ?, ?, ?)", rows)


def about_runs(store: Store, bare: sqlite3.Connection, runs: int) -> list[Question]:
    metric, experiment = "group/metric_7", "experiment-7"
    by_tag = RunQuery(tags={"team": TEAMS[3]}, parameters={"lr": RATES[2]})
    rare = RunQuery(tags={"note": f"note {runs // 3}"}, parameters={"optimizer": "adam"})
    first_page = f"{BY_TAG} LIMIT {PAGE}"
    by_last = (Order(Field(Source.METRIC, metric)),)

    def found(query: RunQuery, order: Orders = NEWEST_FIRST, limit: int | None = PAGE) -> int:
        return len(store.query_runs(query, order, limit=limit))

    def rows(sql: str, *values: object) -> int:
        return len(bare.execute(sql, values).fetchall())

    return [
        Question(
            "first page by a metric",
            lambda: found(RunQuery(), by_last),
            lambda: rows(BY_METRIC, metric, PAGE),
        ),
        Question(
            "... of one experiment",
            lambda: found(RunQuery(experiment=experiment), by_last),
            lambda: rows(OF_EXPERIMENT, experiment, metric, PAGE),
        ),
        Question(
            "first page, newest",
            lambda: found(RunQuery()),
            lambda: rows(f"{RUN} ORDER BY created_s DESC LIMIT {PAGE}"),
        ),
        Question(
            "tag and parameter, first page",
            lambda: found(by_tag),
            lambda: rows(first_page, "team", TEAMS[3], "lr", "n0.01"),
        ),
        Question(
            "tag and parameter, all that match",
            lambda: found(by_tag, limit=None),
            lambda: rows(BY_TAG, "team", TEAMS[3], "lr", "n0.01"),
        ),
        Question(
            "a tag that one run has",
            lambda: found(rare),
            lambda: rows(first_page, "note", f"note {runs // 3}", "optimizer", "sadam"),
        ),
    ]


def about_metrics(
    store: Store, bare: sqlite3.Connection, plain: sqlite3.Connection, run: RunId
) -> list[Question]:
    def get_metrics(of: RunId) -> int:
        found = store.list_series(runs=[of])
        points = store.read_points([series.id for series in found])
        return len(found) + len(points)

    def bare_metrics() -> int:
        found = len(bare.execute(SERIES_OF, (run,)).fetchall())
        for kind, count, data in bare.execute(POINTS_OF, (run,)).fetchall():
            arrays = (
                np.frombuffer(data, np.int64, count),
                np.frombuffer(data, np.float64, count, 8 * count),
                np.frombuffer(data, np.float64, count, 16 * count),
            )
            found += len(arrays[0]) == POINTS and kind == ValueKind.FLOAT
        return found

    def plain_metrics() -> int:
        found = plain.execute("SELECT * FROM plain ORDER BY series, step").fetchall()
        return len(found) // LONG_POINTS * 2

    return [
        Question("all metrics of a run", lambda: get_metrics(run), bare_metrics),
        Question(
            f"all metrics of a run, {LONG_POINTS:,} points",
            lambda: get_metrics(LONG),
            plain_metrics,
        ),
    ]


def in_turn(question: Question) -> tuple[float, float]:
    """Milliseconds of both sides, the median of some rounds after one for warmth."""
    sides: tuple[list[float], list[float]] = ([], [])
    for turn in range(ROUNDS + 1):
        found = []
        for side, way in zip(sides, (question.ours, question.bare), strict=True):
            started_s = time.perf_counter()
            found.append(way())
            if turn:
                side.append(1e3 * (time.perf_counter() - started_s))
        if found[0] != found[1]:
            raise SystemExit(f"{question.name}: {found[0]} rows, and {found[1]} by bare SQL")
    return statistics.median(sides[0]), statistics.median(sides[1])


@contextmanager
def heard() -> Iterator[list[tuple[str, Any]]]:
    """The SELECTs that are executed meanwhile, with their values."""
    found: list[tuple[str, Any]] = []

    def hear(*arguments: Any) -> None:
        _connection, _cursor, statement, values, _context, _many = arguments
        if statement.startswith("SELECT"):
            found.append((statement, values))

    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hear)


def print_plans(asked: list[Question], bare: sqlite3.Connection) -> None:
    for question in asked:
        with heard() as statements:
            question.ours()
        print(f"\n{question.name}")
        for number, (statement, values) in enumerate(statements, 1):
            for row in bare.execute(f"EXPLAIN QUERY PLAN {statement}", values):
                print(f"  {number}  {row[3]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--folder", help="keep the store here, and use the one that is there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(options.folder or temporary) / "trackboard.db"
        is_new = not path.exists()
        store = open_sqlite(path)
        if is_new:
            spent_s = fill(store, options.runs)
            rate = options.runs * METRICS * POINTS / spent_s
            print(f"filled through apply in {spent_s:.1f} s: {rate:,.0f} points/s")
        print(f"{options.runs:,} runs x {METRICS} metrics x {POINTS} points,", end=" ")
        print(f"{path.stat().st_size / 1e6:,.0f} MB; median of {ROUNDS}")
        bare, plain = sqlite3.connect(path), sqlite3.connect(Path(temporary) / "plain.db")
        add_long_run(store, plain)
        middle = RunId(f"run-{options.runs // 2:06d}")
        asked = about_runs(store, bare, options.runs)
        asked += about_metrics(store, bare, plain, middle)
        print(f"{'question':36}{'store ms':>10}{'bare ms':>10}{'x bare':>8}")
        for question in asked:
            ours, floor = in_turn(question)
            print(f"{question.name:36}{ours:10.2f}{floor:10.2f}{ours / floor:8.2f}")
        print_plans(asked, bare)
        for each in (bare, plain, store):
            each.close()


if __name__ == "__main__":
    main()
