"""A damaged chunk costs its own points only: they are left out, named, and nothing stops."""

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trackboard.model import RunId, RunState, TextLogged
from trackboard.ports import Points, Store
from trackboard.stores import open_sqlite
from trackboard.testing.speaker import Speaker, created, moved, numbers

R = RunId("r")


class History:
    """A store with one run that logs 0, 1, 2, … as `m`, and the same as texts; damage is done to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store: Store = open_sqlite(path)
        self.speaker = Speaker()
        self.count = 0
        self.store.apply([self.speaker.batch(created("r"))])

    def log(self, count: int) -> None:
        """Log so many values more of each series."""
        steps = list(range(self.count, self.count + count))
        self.count += count
        texts = [TextLogged(R, "t", f"text {step}", step, 1.0) for step in steps]
        points = [numbers("r", name, [float(s) for s in steps], steps=steps) for name in ("m", "n")]
        self.store.apply([self.speaker.batch(*texts, points=points)])

    def chunks(self, name: str) -> list[tuple[int, int, int]]:
        """First point, points and level of each chunk of a series."""
        return self._ask(
            "SELECT start, points, level FROM chunk WHERE series = "
            "(SELECT id FROM series WHERE name = ?) ORDER BY start",
            name,
        )

    def damage(self, name: str, start: int, column: str = "data") -> None:
        """Flip a bit in the middle of a chunk, as a disk does."""
        ((series, data),) = self._ask(
            f"SELECT series, {column} FROM chunk JOIN series ON series.id = series"
            " WHERE name = ? AND start = ?",
            name,
            start,
        )
        at = len(data) // 2
        broken = data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]
        change = f"UPDATE chunk SET {column} = ? WHERE series = ? AND start = ?"
        self._ask(change, broken, series, start)

    def forget(self) -> None:
        """Open it anew, as another process would: with nothing in memory."""
        self.store.close()
        self.store = open_sqlite(self.path)

    def read(self, name: str, limit: int | None = None) -> Points:
        """The points of a series."""
        (series,) = self.store.list_series(names=[name])
        return self.store.read_points([series.id], limit=limit)[series.id]

    def warnings(self) -> tuple[str, ...]:
        """The warnings of the run."""
        (run,) = self.store.list_runs()
        return run.warnings

    def _ask(self, statement: str, *values: object) -> list[Any]:
        connection = sqlite3.connect(self.path, isolation_level=None)
        try:
            return connection.execute(statement, values).fetchall()
        finally:
            connection.close()


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    history = History(tmp_path / "trackboard.db")
    yield history
    history.store.close()


def all_but(count: int, start: int, points: int) -> list[int]:
    return [step for step in range(count) if not start <= step < start + points]


@pytest.mark.parametrize(
    ("name", "counts", "which"),
    [
        ("m", [100], 0),  # the open chunk
        ("m", [200, 10], 0),  # a small one
        ("m", [5000, 130, 20], 0),  # a full one
        ("m", [5000, 130, 20], 1),
        ("t", [100], 0),
        ("t", [300], 1),
    ],
)
def test_others_of_the_series_and_all_other_series_are_read(
    history: History, name: str, counts: list[int], which: int, caplog: pytest.LogCaptureFixture
) -> None:
    for count in counts:
        history.log(count)
    start, points, _ = history.chunks(name)[which]
    history.damage(name, start)
    history.forget()
    left = all_but(history.count, start, points)
    for _ in range(2):
        assert history.read(name).steps.tolist() == left
    (series,) = history.store.list_series(names=[name])
    parts = [part.steps for part in history.store.iter_points(series.id)]
    assert [step for part in parts for step in part.tolist()] == left
    assert history.read("n").steps.tolist() == list(range(history.count))
    words = f"metric {name!r}: points {start} to {start + points - 1} are damaged and left out"
    (warning,) = history.warnings()
    assert warning.startswith(words)
    assert [text for text in caplog.messages if words in text] == [f"run r: {warning}"]


@pytest.mark.parametrize("name", ["m", "t"])
@pytest.mark.parametrize("limit", [1, 2, 10, 100, 1000])
def test_a_sample_holds_none_of_it(history: History, name: str, limit: int) -> None:
    history.log(9000)
    start, points, _ = history.chunks(name)[1]
    history.damage(name, start)
    found = history.read(name, limit)
    assert 0 < len(found) <= limit
    left = set(all_but(9000, start, points))
    if name == "t":
        assert set(found.steps.tolist()) <= left
        assert found.values.tolist() == [f"text {step}" for step in found.steps]
    else:  # what was chosen of it when it was written is sound
        assert found.values.tolist() == found.steps.tolist()
        assert found.steps[-1] == 8999


def test_a_damaged_choice_of_points_is_made_anew(history: History) -> None:
    history.log(9000)
    sound = history.read("m", 20)
    history.damage("m", 4096, "preview")
    found = history.read("m", 20)
    assert found.steps.tolist() == sound.steps.tolist()
    assert history.warnings() == ()
    history.damage("m", 4096)
    found = history.read("m", 20)
    assert not {*found.steps.tolist()} & {*range(4096, 8192)}
    assert len(history.warnings()) == 1


@pytest.mark.parametrize("name", ["m", "t"])
def test_all_of_a_series(history: History, name: str) -> None:
    history.log(100)
    history.damage(name, 0)
    history.forget()
    for limit in (None, 10, 1000):
        assert len(history.read(name, limit)) == 0
    (series,) = history.store.list_series(names=[name])
    assert list(history.store.iter_points(series.id)) == []
    assert series.count == 100


@settings(max_examples=8, deadline=None)
@given(
    before=st.lists(st.sampled_from([1, 60, 128, 1500]), min_size=1, max_size=5),
    where=st.floats(0, 0.999),
    after=st.lists(st.sampled_from([1, 60, 128, 1500, 4096]), min_size=1, max_size=5),
    ends=st.booleans(),
    name=st.sampled_from(["m", "t"]),
)
def test_a_stream_goes_on_behind_it(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[int],
    where: float,
    after: list[int],
    ends: bool,
    name: str,
) -> None:
    history = History(tmp_path_factory.mktemp("history") / "trackboard.db")
    for count in before:
        history.log(count)
    chunks = history.chunks(name)
    start, points, _ = chunks[int(where * len(chunks))]
    history.damage(name, start)
    history.forget()
    for index, count in enumerate(after):
        history.log(count)
        if index == 1:
            history.forget()
    if ends:
        history.store.apply([history.speaker.batch(moved("r", RunState.COMPLETED, 1))])
    left = all_but(history.count, start, points)
    assert history.read(name).steps.tolist() == left
    assert history.read("n").steps.tolist() == list(range(history.count))
    assert {series.count for series in history.store.list_series()} == {history.count}
    found = history.read(name, 50)
    assert 0 < len(found) <= 50
    assert {*found.steps.tolist()} <= {*left}
    assert len(history.warnings()) == 1
    history.store.close()


def test_a_process_with_older_code_rewrites_an_open_chunk(history: History) -> None:
    """It knows no checksum, and leaves the column as it is; that is no damage."""
    history.log(3)
    points = Points(np.arange(4), np.arange(4.0), np.arange(4.0))
    data = b"".join(part.tobytes() for part in (points.steps, points.times_s, points.values))
    of = "(SELECT id FROM series WHERE name = 'm')"
    history._ask(f"UPDATE chunk SET data = ?, points = 4 WHERE series = {of}", data)
    history._ask(f"UPDATE series SET points = 4 WHERE id = {of}")
    assert history.read("m").values.tolist() == [0, 1, 2, 3]
    history.forget()
    history.count = 4
    history.log(2)
    assert history.read("m").values.tolist() == [0, 1, 2, 3, 4, 5]
    assert history.warnings() == ()


def test_chunks_of_before_there_were_checksums(history: History) -> None:
    for count in (5000, 200, 3):
        history.log(count)
    history._ask(
        "UPDATE chunk SET checksum = NULL, preview = substr(preview, 1, length(preview) - 4)"
    )
    history.forget()
    history.log(3000)
    assert history.read("m").steps.tolist() == list(range(8203))
    assert history.read("m", 30).steps[-1] == 8202
    assert history.warnings() == ()


def test_a_history_that_cannot_be_written_is_read(
    history: History, caplog: pytest.LogCaptureFixture
) -> None:
    history.log(100)
    history.damage("m", 0)
    other = sqlite3.connect(history.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with caplog.at_level(logging.WARNING):
        assert len(history.read("m")) == 0
    assert "metric 'm': points 0 to 99 are damaged" in caplog.text
    other.close()


@pytest.mark.parametrize("name", ["m", "t"])
def test_an_open_chunk_that_is_damaged_is_closed_as_it_is(history: History, name: str) -> None:
    history.log(50)
    history.damage(name, 0)
    history.forget()
    history.log(30)
    history.log(20)
    level = 2 if name == "t" else 1
    assert history.chunks(name) == [(0, 50, level), (50, 50, 0)]
    assert history.chunks("n") == [(0, 100, 0)], "of other series nothing changes"
    assert history.read(name).steps.tolist() == list(range(50, 100))
    assert {series.count for series in history.store.list_series()} == {100}
    (warning,) = history.warnings()
    assert f"'{name}'" in warning or name in warning


@pytest.mark.parametrize("way", ["full", "ended"])
def test_a_small_chunk_that_is_damaged_is_told_when_it_would_be_merged(
    history: History, way: str
) -> None:
    for _ in range(2):
        history.log(128)
    history.damage("m", 0)
    history.forget()
    if way == "full":
        history.log(4096)
    else:
        history.store.apply([history.speaker.batch(moved("r", RunState.COMPLETED, 1))])
    (warning,) = history.warnings()
    assert warning.startswith("metric 'm': points 0 to 127 are damaged and left out: the checksum")
    assert history.read("m").steps.tolist() == list(range(128, history.count))
    assert history.read("n").steps.tolist() == list(range(history.count))


@pytest.mark.parametrize("broken", [[0], [4096], [8192], [0, 4096, 8192], [12_288]])
def test_a_rollup_is_that_of_what_is_not_damaged(history: History, broken: list[int]) -> None:
    history.log(13_000)
    for start in broken:
        history.damage("m", start)
    (series,) = history.store.list_series(names=["m"])
    ends = [(start, points) for start, points, _ in history.chunks("m")]
    left = [
        step
        for start, points in ends
        if start not in broken
        for step in range(start, start + points)
    ]
    for limit, first, last in ((40, 0, 20_000), (40, 3_000, 9_000), (20_000, 0, 20_000)) * 2:
        found = history.store.read_rollups([series.id], limit, first_step=first, last_step=last)
        rollup, asked = found[series.id], [step for step in left if first <= step <= last]
        assert rollup.counts.sum() == len(asked)
        assert np.array_equal(rollup.least, rollup.first_steps)
        assert np.array_equal(rollup.greatest, rollup.last_steps)
        assert {*rollup.first_steps.tolist()} <= {*asked}
    assert len(history.warnings()) == len(broken)
