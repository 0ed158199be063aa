"""What one transaction of the stream knows, the next does not ask again, unless somebody wrote between."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from trackboard.errors import Conflict
from trackboard.model import RunId, RunState
from trackboard.ports import Store
from trackboard.stores import open_sqlite
from trackboard.testing.speaker import Speaker, created, moved, numbers

R = RunId("r")
ONE_POINT = ["UPDATE meta", "UPDATE writer", "UPDATE chunk", "UPDATE series"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_sqlite(tmp_path / "trackboard.db")
    yield store
    store.close()


@pytest.fixture
def other(tmp_path: Path, store: Store) -> Iterator[Store]:
    """The same database, as another process has it."""
    del store
    other = open_sqlite(tmp_path / "trackboard.db")
    yield other
    other.close()


def statements_of(action: Callable[[], None]) -> list[str]:
    """What an action asks a database: the verb and the table of each statement."""
    asked: list[str] = []

    def hear(*arguments: Any) -> None:
        words = str(arguments[2]).split()
        asked.append(f"{words[0]} {words[1]}")

    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    try:
        action()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hear)
    return [each for each in asked if each != "SELECT meta.value"]  # SQLite before 3.35


def count(store: Store) -> int:
    return sum(series.count for series in store.list_series(runs=[R]))


def test_a_point_of_a_known_series_reads_nothing_of_the_history(store: Store) -> None:
    speaker = Speaker()
    store.apply([speaker.batch(created("r"), points=[numbers("r", "m", [1.0])])])
    more = speaker.batch(points=[numbers("r", "m", [2.0])])
    assert statements_of(lambda: store.apply([more])) == ONE_POINT
    assert count(store) == 2


def test_what_is_known_is_asked_again_once_somebody_else_has_written(
    store: Store, other: Store
) -> None:
    speaker = Speaker()
    store.apply([speaker.batch(created("r"), points=[numbers("r", "m", [1.0])])])
    stored_elsewhere = speaker.batch(points=[numbers("r", "m", [2.0])])
    other.apply([stored_elsewhere])
    with pytest.raises(Conflict):
        store.apply([stored_elsewhere])
    more = speaker.batch(points=[numbers("r", "m", [3.0])])
    assert set(statements_of(lambda: store.apply([more]))) > set(ONE_POINT)
    assert count(store) == 3


def test_a_transaction_that_was_undone_leaves_nothing_known(store: Store) -> None:
    speaker, silent = Speaker(), Speaker()
    store.apply([speaker.batch(created("r"), points=[numbers("r", "m", [1.0])])])
    more = speaker.batch(points=[numbers("r", "m", [2.0])])
    silent.batch()
    with pytest.raises(Conflict):
        store.apply([more, silent.batch()])
    store.apply([more])
    assert count(store) == 2
    with pytest.raises(Conflict):
        store.apply([more])


def test_a_run_that_is_deleted_gets_no_points_any_more(store: Store, other: Store) -> None:
    speaker = Speaker()
    ended = moved("r", RunState.COMPLETED, 1)
    store.apply([speaker.batch(created("r"), ended, points=[numbers("r", "m", [1.0])])])
    store.apply([speaker.batch(points=[numbers("r", "m", [2.0])])])
    other.remove_runs(other.delete_experiment("exp", 1.0), deleted_before_s=2.0)
    store.apply([speaker.batch(points=[numbers("r", "m", [3.0])])])
    store.apply([speaker.batch(points=[numbers("r", "m", [4.0])])])
    assert store.find_run(R) is None
    assert store.list_series() == ()
    assert store.position(speaker.writer) == speaker.at


def test_a_run_that_only_gets_points_keeps_what_others_say_of_it(
    store: Store, other: Store
) -> None:
    speaker = Speaker()
    store.apply([speaker.batch(created("r"), points=[numbers("r", "m", [1.0])])])
    other.set_name(R, "baseline")
    store.apply([speaker.batch(points=[numbers("r", "m", [2.0])])])
    store.apply([speaker.batch(moved("r", RunState.COMPLETED, 1))])
    found = store.find_run(R)
    assert found is not None
    assert (found.given_name, found.state) == ("baseline", RunState.COMPLETED)
