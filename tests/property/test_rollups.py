"""Charts of series in many chunks are what all points say, whatever of the chunks is kept in memory."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trackboard.history.buckets import Buckets, read_buckets
from trackboard.model import RunId, RunState, Series, ValueKind
from trackboard.ports import Points, SeriesPoints
from trackboard.stores import SqlStore, open_sqlite
from trackboard.stores.points import rollups
from trackboard.testing.speaker import Speaker, moved

Stretch = tuple[int, int, int, tuple[int, ...]]  # points, first step, stride, where odd values are
Columns = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
ODD = (math.nan, math.inf, -math.inf, 1e9, -1e9)
EDGES = [0, 1, 4095, 4096, 4097, 8191, 8192]
STEPS = st.integers(-50, 20_000) | st.sampled_from([*EDGES, -(2**63), 2**63 - 1])
STRETCHES = st.lists(
    st.tuples(
        st.integers(1, 5_000) | st.sampled_from(EDGES[2:5]),
        STEPS,
        st.sampled_from([1, 1, 1, 0, 10, -1]),
        st.lists(st.integers(0, 5_000), max_size=6).map(tuple),
    ),
    min_size=1,
    max_size=4,
)
QUESTIONS = st.lists(
    st.tuples(st.integers(1, 40) | st.sampled_from([300, 10_000]), STEPS, STEPS),
    min_size=1,
    max_size=5,
)
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    store = open_sqlite(tmp_path_factory.mktemp("rollups") / "trackboard.db")
    yield store
    store.close()


def columns_of(stretches: list[Stretch]) -> Columns:
    """Steps and values of stretches, each of which may begin anywhere."""
    steps, values = [], []
    for count, first, stride, odd in stretches:
        first = max(-(2**63) + 10 * count, min(first, 2**63 - 1 - 10 * count))
        steps.append(first + stride * np.arange(count, dtype=np.int64))
        noise = np.random.default_rng(count).normal(size=count)
        for at in odd:
            noise[at % count] = ODD[at % len(ODD)]
        values.append(noise)
    return np.concatenate(steps), np.concatenate(values)


def record(store: SqlStore, columns: Columns, pieces: int, *, ends: bool) -> Series:
    """A series of a run of its own, stored in some pieces."""
    run, speaker = RunId(f"run-{next(NUMBERS)}"), Speaker()
    steps, values = columns
    for at in np.array_split(np.arange(len(steps)), pieces):
        if len(at):
            times_s = at.astype(float)
            has_step = np.ones(len(at), np.bool_)
            points = SeriesPoints(
                run, "m", ValueKind.FLOAT, steps[at], has_step, times_s, values[at]
            )
            store.apply([speaker.batch(points=[points])])
    if ends:
        store.apply([speaker.batch(moved(run, RunState.COMPLETED, 0))])
    (series,) = store.list_series(runs=[run])
    return series


def check(found: Buckets, columns: Columns, limit: int, first: int, last: int) -> None:
    """Compare buckets with numpy over all points between two steps."""
    steps, values = columns
    asked = np.flatnonzero((steps >= first) & (steps <= last))
    order = asked[np.argsort(steps[asked], kind="stable")]
    assert (found.count, found.points, len(found) <= limit) == (len(steps), len(asked), True)
    ends = np.cumsum(found.counts)
    for at, end in enumerate(ends.tolist()):
        inside = order[end - found.counts[at] : end]
        assert found.first_steps[at] == steps[inside].min()
        assert found.last_steps[at] == steps[inside].max()
        assert at == 0 or found.first_steps[at] > found.last_steps[at - 1] or len(asked) <= limit
        assert found.nans[at] == np.isnan(values[inside]).sum()
        for column, of in ((found.least, np.fmin), (found.greatest, np.fmax)):
            assert np.array_equal(column[at], of.reduce(values[inside]), equal_nan=True)
        assert np.array_equal(found.last[at], values[inside.max()], equal_nan=True)
        assert found.last_times_s[at] == inside.max()


@settings(max_examples=15)
@given(STRETCHES, st.integers(1, 5), st.booleans(), QUESTIONS)
@example([(9_000, 0, 1, (4095, 4096))], 1, True, [(300, 0, 9_000), (40, 4_000, 4_200)])
@example([(5_000, 0, 1, ()), (5_000, 3_000, 1, (7,))], 3, False, [(40, 0, 8_000), (7, 2, 7_990)])
@example([(5_000, 5_000, -1, ()), (5_000, 7, 0, (3,))], 2, True, [(5, 0, 5_000), (1, 7, 7)])
def test_each_bucket_is_what_its_points_are_at_each_question(
    store: SqlStore,
    stretches: list[Stretch],
    pieces: int,
    ends: bool,
    questions: list[tuple[int, int, int]],
) -> None:
    columns = columns_of(stretches)
    series = record(store, columns, pieces, ends=ends)
    whole = [(limit, -(2**63), 2**63 - 1) for limit, _, _ in questions]
    for limit, *between in [*questions, *whole, *questions]:  # again, from what is kept then
        first, last = sorted(between)
        found = read_buckets(store, [series], limit, first_step=first, last_step=last)
        check(found[series.id], columns, limit, first, last)


def test_what_is_logged_later_is_in_the_next_answer(store: SqlStore) -> None:
    steps, values = columns_of([(9_000, 0, 1, (5,))])
    speaker, run = Speaker(), RunId(f"run-{next(NUMBERS)}")
    for end in (4_096, 6_000, 9_000):
        at = slice({4_096: 0, 6_000: 4_096, 9_000: 6_000}[end], end)
        times_s = np.arange(at.start, end, dtype=float)
        has_step = np.ones(end - at.start, np.bool_)
        points = SeriesPoints(run, "m", ValueKind.FLOAT, steps[at], has_step, times_s, values[at])
        store.apply([speaker.batch(points=[points])])
        (series,) = store.list_series(runs=[run])
        found = read_buckets(store, [series], 40)[series.id]
        check(found, (steps[:end], values[:end]), 40, 0, end)


def test_a_series_that_widens_is_as_wide_as_it_became(store: SqlStore) -> None:
    speaker, run = Speaker(), RunId(f"run-{next(NUMBERS)}")
    whole = (np.arange(4_096) % 2 == 0, np.arange(4_096) + 2**60, np.full(4_096, 0.5))
    for number, values in enumerate(whole):
        steps = np.arange(4_096, dtype=np.int64) + 4_096 * number
        kind = (ValueKind.BOOL, ValueKind.INT, ValueKind.FLOAT)[number]
        has_step = np.ones(4_096, np.bool_)
        points = SeriesPoints(run, "m", kind, steps, has_step, steps.astype(float), values)
        store.apply([speaker.batch(points=[points])])
        (series,) = store.list_series(runs=[run])
        found = read_buckets(store, [series], 3)[series.id]
        assert found.greatest.dtype == (np.float64 if number == 2 else np.int64)
        assert found.greatest.max() == [1, 2**60 + 4_095, float(2**60 + 4_095)][number]
        assert found.points == 4_096 * (number + 1)


def test_no_more_is_kept_than_there_is_room_for() -> None:
    steps = np.arange(4_096, dtype=np.int64)
    points = Points(steps, steps.astype(float), steps.astype(float))
    (chunk,) = rollups.roll_up_chunks(points, [4_096])
    assert chunk.rows is not None
    keys = [rollups.ChunkKey(0, "r", 1, 4_096 * number, 4_096) for number in range(10)]
    cache = rollups.RollupCache(most_bytes=3 * (chunk.rows.nbytes + 1_000))
    for key in keys:
        cache.keep(key, chunk)
        cache.keep(key, chunk)
        assert keys[0] in cache.find(keys[:1]) or key == keys[0]
    assert len(cache.find(keys)) == 3
    assert keys[0] in cache.find(keys)
    assert keys[-1] in cache.find(keys)
