from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from tensorboard.compat.proto import event_pb2
from tests.workspaces import store_events

from trackboard.board.export.run_file import Written, write_history
from trackboard.eventfile import read
from trackboard.model import Created, RunId, RunKind, TextLogged, ValueKind
from trackboard.ports import SeriesPoints
from trackboard.stores import open_sqlite
from trackboard.testing.memory import MemoryStore

RUN = RunId("r1")
COUNT = 9_000  # several chunks of a store
Step = tuple[str, int, float]


def steps_of(path: Path) -> list[Step]:
    """Tag, step and time of all points in file order."""
    events = [event_pb2.Event.FromString(record.data) for record in read.iter_records(path)]
    return [(event.summary.value[0].tag, event.step, event.wall_time) for event in events[1:]]


def series(name: str, steps: list[int]) -> SeriesPoints:
    column = np.array(steps, dtype=np.int64)
    has_step = np.ones(len(steps), dtype=bool)
    times_s = np.arange(len(steps), dtype=np.float64)
    return SeriesPoints(RUN, name, ValueKind.FLOAT, column, has_step, times_s, times_s)


def written(
    path: Path, *columns: SeriesPoints, texts: int = 0, batch_points: int
) -> tuple[Written, int]:
    """What writing these said, and how many points its progress came to."""
    store = open_sqlite(path.with_suffix(".db"))
    created = Created(RUN, "exp", "first", None, RunKind.INTERACTIVE, 1.0)
    notes = tuple(TextLogged(RUN, "note", "x" * 20, step, 1.0) for step in range(texts))
    store_events(store, created, *notes, points=columns)
    run = store.find_run(RUN)
    assert run
    told: list[int] = []
    with path.open("w+b") as stream:
        result = write_history(
            store,
            run,
            store.list_series(runs=[RUN]),
            stream,
            progress=told.append,
            batch_points=batch_points,
        )
    store.close()
    return result, sum(told)


@pytest.mark.parametrize("batch_points", [500, COUNT, 10**6])
def test_points_stand_by_step_however_they_are_read(tmp_path: Path, batch_points: int) -> None:
    path = tmp_path / "file"
    columns = [
        series("first", [3, 4]),
        series("restarted", [*range(COUNT), *range(COUNT - 10, COUNT + 10)]),
        series("rising", list(range(COUNT))),
        series("last", [7]),
    ]
    result, progress = written(path, *columns, batch_points=batch_points)
    expected: list[Step] = []
    for one in columns:
        rows = zip(one.steps.tolist(), one.times_s.tolist(), strict=True)
        expected += [(one.name, *row) for row in sorted(rows, key=lambda row: row[0])]
    assert steps_of(path) == expected
    assert result.points == progress == len(expected)
    assert [note.partition(" points")[0] for note in result.notes] == [
        f"restarted: 10 of {COUNT + 20:,}"
    ]


@pytest.mark.parametrize("batch_points", [1, 10**6])
def test_texts_are_read_like_numbers(tmp_path: Path, batch_points: int) -> None:
    path = tmp_path / "file"
    result, _ = written(path, series("loss", [1]), texts=200, batch_points=batch_points)
    assert result == Written(201, ())
    assert sorted(steps_of(path)) == [
        ("loss", 1, 0.0),
        *(("note", step, 1.0) for step in range(200)),
    ]


def test_a_run_without_series_has_the_header_only(tmp_path: Path) -> None:
    path = tmp_path / "file"
    result, _ = written(path, batch_points=10)
    assert result == Written(0, ())
    (record,) = read.iter_records(path)
    assert event_pb2.Event.FromString(record.data).wall_time == 1.0


def test_what_is_written_can_be_any_seekable_stream() -> None:
    store = MemoryStore()
    created = Created(RUN, "exp", "", None, RunKind.INTERACTIVE, 1.0)
    columns = (series("loss", [2, 1]),)
    store_events(store, created, points=columns)
    run = store.find_run(RUN)
    assert run
    stream = BytesIO()
    all_series = store.list_series(runs=[RUN])
    write_history(store, run, all_series, stream, progress=lambda _: None, batch_points=1)
    once = stream.getvalue()
    stream = BytesIO()
    write_history(store, run, all_series, stream, progress=lambda _: None)
    assert stream.getvalue() == once
