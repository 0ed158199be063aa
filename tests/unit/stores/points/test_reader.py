"""Points come back as they were logged, of each kind, whole, sampled or the last alone."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from trackboard.model import RunId, SeriesId, TextLogged, Value, ValueKind
from trackboard.ports import Points, Store
from trackboard.stores import SqlStore, open_sqlite
from trackboard.stores.codec.chunk import DTYPES
from trackboard.testing.speaker import Speaker, created, numbers

R = RunId("r")
VALUES: dict[str, list[Value]] = {
    "flags": [True, False, True],
    "counts": [3, -(2**62), 7],
    "floats": [0.5, float("-inf"), -0.0],
}
KINDS = {"flags": ValueKind.BOOL, "counts": ValueKind.INT, "floats": ValueKind.FLOAT}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    store = open_sqlite(tmp_path / "trackboard.db")
    yield store
    store.close()


def text(name: str, value: str, step: int | None, time_s: float = 5.0) -> TextLogged:
    return TextLogged(R, name, value, step, time_s)


def read(store: Store, name: str, limit: int | None = None) -> Points:
    (series,) = store.list_series(names=[name])
    return store.read_points([series.id], limit=limit)[series.id]


def plain(array: npt.NDArray[np.generic]) -> list[object]:
    found: list[object] = array.tolist()
    return found


@pytest.mark.parametrize("name", VALUES)
def test_numbers_come_back_in_their_kind(store: SqlStore, name: str) -> None:
    values = VALUES[name]
    points = numbers("r", name, values, steps=[5, 3, 9], times_s=[1.5, 2.5, 3.5])
    store.apply([Speaker().batch(created("r"), points=[points])])
    for limit in (None, 3, 100):
        found = read(store, name, limit)
        assert found.values.dtype == DTYPES[KINDS[name]]
        assert plain(found.values) == values
        assert (plain(found.steps), plain(found.times_s)) == ([5, 3, 9], [1.5, 2.5, 3.5])
    last = read(store, name, 1)
    assert last.values.dtype == DTYPES[KINDS[name]]
    assert (plain(last.values), plain(last.steps)) == (values[-1:], [9])
    assert plain(last.times_s) == [3.5]


def test_texts_come_back_with_their_steps(store: SqlStore) -> None:
    events = [text("t", "a", 7, 1.5), text("t", "", -3, 2.5), text("t", "c\n", 2**70, 3.5)]
    store.apply([Speaker().batch(created("r"), *events)])
    for limit in (None, 3, 100):
        found = read(store, "t", limit)
        assert found.values.dtype == np.dtype(object)
        assert plain(found.values) == ["a", "", "c\n"]
        assert plain(found.steps) == [7, -3, 2**63 - 1]
        assert plain(found.times_s) == [1.5, 2.5, 3.5]
    last = read(store, "t", 1)
    assert (plain(last.values), plain(last.steps)) == (["c\n"], [2**63 - 1])
    assert last.values.dtype == np.dtype(object)


def test_a_step_that_was_not_given_is_the_count(store: SqlStore) -> None:
    speaker = Speaker()
    for _ in range(2):
        points = numbers("r", "m", [1.0, 2.0, 3.0], steps=[None, 50, None])
        store.apply([speaker.batch(text("t", "a", None), text("t", "b", 9), points=[points])])
    assert plain(read(store, "m").steps) == [0, 50, 2, 3, 50, 5]
    assert plain(read(store, "t").steps) == [0, 9, 2, 9]


def test_a_table_is_kept_with_its_columns(store: SqlStore) -> None:
    points = [numbers("r", name, [1.0], table=table) for name, table in (("a", "t"), ("b", ""))]
    event = TextLogged(R, "c", "x", None, 1.0, "t")
    store.apply([Speaker().batch(event, points=points)])
    assert {each.name: each.table for each in store.list_series()} == {"a": "t", "b": "", "c": "t"}


@pytest.mark.parametrize("limit", [2, 3, 50, 199])
def test_a_sample_of_texts_is_even(store: SqlStore, limit: int) -> None:
    speaker = Speaker()
    for begin in range(0, 400, 50):  # several chunks, and an open one
        events = [text("t", f"text {n}", 2 * n, float(n)) for n in range(begin, begin + 50)]
        store.apply([speaker.batch(*events)])
    found = read(store, "t", limit)
    wanted = np.linspace(0, 399, limit).round().astype(int).tolist()
    assert plain(found.values) == [f"text {n}" for n in wanted]
    assert plain(found.steps) == [2 * n for n in wanted]
    assert plain(found.times_s) == [float(n) for n in wanted]


def test_a_series_is_as_wide_as_its_widest_part(store: SqlStore) -> None:
    speaker = Speaker()
    for values in ([True, False] * 64, [5, -7] * 64, [0.5] * 10):
        store.apply([speaker.batch(points=[numbers("r", "m", values)])])
    expected = [1.0, 0.0] * 64 + [5.0, -7.0] * 64 + [0.5] * 10
    found = read(store, "m")
    assert found.values.dtype == np.dtype(np.float64)
    assert plain(found.values) == expected
    sample = read(store, "m", 20)
    assert len(sample) == 20
    assert {-7.0, 5.0} <= set(sample.values.tolist())


@pytest.mark.parametrize("name", ["m", "t"])
def test_points_are_iterated_a_chunk_at_a_time(store: SqlStore, name: str) -> None:
    speaker = Speaker()
    for begin, count in ((0, 5000), (5000, 200), (5200, 7)):
        points = numbers("r", "m", [float(n) for n in range(begin, begin + count)])
        events = [text("t", str(n), n) for n in range(begin, begin + count)] if name == "t" else []
        store.apply([speaker.batch(*events, points=[points])])
    (series,) = store.list_series(names=[name])
    parts = list(store.iter_points(series.id))
    assert len(parts) > 2
    values = [value for part in parts for value in part.values.tolist()]
    assert values == [float(n) if name == "m" else str(n) for n in range(5207)]
    assert len({part.values.dtype for part in parts}) == 1


def test_several_series_come_in_the_order_that_was_asked(store: SqlStore) -> None:
    points = [numbers("r", name, [float(len(name))] * 5) for name in ("a", "bb", "ccc")]
    store.apply([Speaker().batch(points=points)])
    ids = [each.id for each in store.list_series()]
    asked = [ids[2], ids[0], ids[2], SeriesId(max(ids) + 7)]
    for limit in (None, 1, 3):
        found = store.read_points(asked, limit=limit)
        assert list(found) == [ids[2], ids[0]]
        assert found[ids[2]].values[0] == 3.0
