"""How points lie in chunks: a short open tail, few small chunks, full ones pressed."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import sqlalchemy as sa

from trackboard.model import RunId, RunState, TextLogged
from trackboard.ports import Store
from trackboard.stores import SqlStore, open_sqlite
from trackboard.stores.schema.tables import chunk
from trackboard.testing.speaker import Speaker, moved, numbers


class Lying(NamedTuple):
    start: int
    points: int
    level: int
    codec: int


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_sqlite(tmp_path / "trackboard.db")
    yield store
    store.close()


def chunks(store: Store) -> list[Lying]:
    assert isinstance(store, SqlStore)
    query = sa.select(chunk.c.start, chunk.c.points, chunk.c.level, chunk.c.codec)
    with store._database.read() as connection:
        return [Lying(*row) for row in connection.execute(query.order_by(chunk.c.start))]


def append(store: Store, speaker: Speaker, *counts: int) -> None:
    for count in counts:
        points = numbers("r", "m", np.random.default_rng(1).random(count).tolist())
        store.apply([speaker.batch(points=[points])])


def test_the_tail_is_rewritten_until_it_is_full(store: Store) -> None:
    speaker = Speaker()
    append(store, speaker, 100)
    append(store, speaker, 27)
    assert chunks(store) == [Lying(0, 127, 0, 0)]
    append(store, speaker, 1)
    assert chunks(store) == [Lying(0, 128, 1, 0)]
    append(store, speaker, 5)
    assert chunks(store) == [Lying(0, 128, 1, 0), Lying(128, 5, 0, 0)]


def test_small_chunks_are_merged_when_they_fill_one(store: Store) -> None:
    speaker = Speaker()
    append(store, speaker, *[128] * 31)
    assert len(chunks(store)) == 31
    append(store, speaker, 130)
    assert chunks(store) == [Lying(0, 4096, 2, 1), Lying(4096, 2, 0, 0)]


def test_a_big_batch_makes_full_chunks_at_once(store: Store) -> None:
    append(store, Speaker(), 10_000)
    assert chunks(store) == [
        Lying(0, 4096, 2, 1),
        Lying(4096, 4096, 2, 1),
        Lying(8192, 1808, 1, 0),
    ]


def test_there_are_never_many_chunks_behind_the_full_ones(store: Store) -> None:
    speaker = Speaker()
    for count in np.random.default_rng(3).integers(1, 300, 80).tolist():
        append(store, speaker, count)
        lying = chunks(store)
        assert sum(each.level < 2 for each in lying) <= 32
        assert sum(each.level == 0 for each in lying) <= 1
        assert all(each.points < 128 for each in lying if each.level == 0)
        assert all(each.points == 4096 for each in lying if each.level == 2)
        ends = [each.start + each.points for each in lying]
        assert [each.start for each in lying] == [0, *ends[:-1]]


def test_the_end_of_a_run_presses_what_is_left(store: Store) -> None:
    speaker = Speaker()
    append(store, speaker, 5000, 50)
    store.apply([speaker.batch(moved("r", RunState.COMPLETED, 0))])
    assert chunks(store) == [Lying(0, 4096, 2, 1), Lying(4096, 954, 1, 1)]
    append(store, speaker, 5)
    store.apply([speaker.batch(moved("r", RunState.COMPLETED, 1, attempt=1))])
    assert chunks(store) == [Lying(0, 4096, 2, 1), Lying(4096, 959, 1, 1)]


def test_a_dead_writers_runs_are_pressed_too(store: Store) -> None:
    speaker = Speaker()
    append(store, speaker, 300, 50)
    store.apply([speaker.batch(moved("r", RunState.RUNNING, 0))])
    assert [each.codec for each in chunks(store)] == [0, 0]
    store.end_writer(speaker.writer, cause="killed", time_s=1.0)
    assert chunks(store) == [Lying(0, 350, 1, 1)]
    append(store, speaker, 5)  # its last words, read late
    (series,) = store.list_series()
    assert len(store.read_points([series.id])[series.id]) == series.count == 355


@pytest.mark.parametrize("count", [31, 32, 127, 128, 600, 4096, 5000])
def test_a_run_that_comes_whole_lies_as_one_that_was_compacted(tmp_path: Path, count: int) -> None:
    points = numbers("r", "m", np.random.default_rng(1).random(count).tolist())
    texts = [TextLogged(RunId("r"), "t", f"text {k}", None, 1.0) for k in range(min(count, 100))]
    end = moved("r", RunState.COMPLETED, 0)
    found = []
    for name, is_whole in (("whole", True), ("parts", False)):
        store, speaker = open_sqlite(tmp_path / f"{name}.db"), Speaker()
        if is_whole:
            store.apply([speaker.batch(*texts, end, points=[points])])
        else:
            store.apply([speaker.batch(*texts, points=[points])])
            store.apply([speaker.batch(end)])
        ids = [each.id for each in store.list_series()]
        read = {each: part.values.tolist() for each, part in store.read_points(ids).items()}
        lying = sorted((each.start, each.points, each.codec) for each in chunks(store))
        append(store, speaker, 5)  # what comes late goes behind it
        counts = [each.count for each in store.list_series()]
        found.append((lying, read, counts))
        store.close()
    assert found[0] == found[1]
    assert found[0][2] == [count + 5, len(texts)] or found[0][2] == [len(texts), count + 5]


def test_few_points_stay_as_they_are(store: Store) -> None:
    speaker = Speaker()
    append(store, speaker, 7)
    store.apply([speaker.batch(moved("r", RunState.COMPLETED, 0))])
    assert chunks(store) == [Lying(0, 7, 0, 0)]


def test_long_texts_close_their_chunk_early(store: Store) -> None:
    speaker = Speaker()

    def batch(*texts: str) -> None:
        store.apply(
            [speaker.batch(*[TextLogged(RunId("r"), "t", each, None, 1.0) for each in texts])]
        )

    batch("a" * 40_000)
    assert chunks(store) == [Lying(0, 1, 0, 0)]
    batch("b" * 40_000, "c")
    assert chunks(store) == [Lying(0, 2, 2, 1), Lying(2, 1, 0, 0)]
    batch(*["d"] * 300)
    assert [each.points for each in chunks(store)] == [2, 128, 128, 45]


def test_a_pressed_history_is_small_on_disk(store: Store, tmp_path: Path) -> None:
    speaker, count = Speaker(), 200_000
    noise = np.random.default_rng(5)
    values = (2.3 * np.exp(-np.arange(count) / 2e4) + noise.normal(0, 0.02, count)).tolist()
    times_s = (1.75e9 + np.cumsum(0.05 + noise.normal(0, 0.002, count))).tolist()
    store.apply([speaker.batch(points=[numbers("r", "loss", values, times_s=times_s)])])
    store.close()
    assert (tmp_path / "trackboard.db").stat().st_size / count < 13
