"""Databases of every schema so far, read and written on by today's code."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.golden import expected as golden

from trackboard.errors import Conflict
from trackboard.model import ArtifactKind, RunId, RunState, WriterId
from trackboard.ports import Batch, Field, Ordered, Position, RunQuery, Source, Store
from trackboard.stores import open_sqlite
from trackboard.testing.speaker import Speaker, created, moved, numbers

SCHEMAS = sorted(int(path.stem.rpartition("-")[2]) for path in golden.DATA.glob("store-*.db"))


@pytest.fixture(params=SCHEMAS)
def told(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The expected values of one schema."""
    return {**golden.load(f"store-schema-{request.param}.json"), "schema": request.param}


@pytest.fixture
def path(told: dict[str, Any], tmp_path: Path) -> Path:
    """A copy of that schema's database."""
    return Path(shutil.copy(golden.DATA / f"store-schema-{told['schema']}.db", tmp_path / "old.db"))


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """That copy, opened."""
    opened = open_sqlite(path)
    yield opened
    opened.close()


def test_the_files_are_what_they_say(path: Path, told: dict[str, Any]) -> None:
    with sqlite3.connect(path) as connection:
        schema = "SELECT value FROM meta WHERE key = 'schema'"
        assert connection.execute(schema).fetchone() == (told["schema"],)
        levels = "SELECT DISTINCT level, codec FROM chunk ORDER BY 1, 2"
        assert connection.execute(levels).fetchall() == [(0, 0), (1, 0), (1, 1), (2, 1)]
        kinds = connection.execute(
            "SELECT DISTINCT kind, codec FROM chunk ORDER BY 1, 2"
        ).fetchall()
        assert kinds == [(1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (3, 1), (4, 0), (4, 1)]
    connection.close()


def _columns(path: Path) -> dict[str, list[tuple[str, str, bool, bool]]]:
    """Each table's columns: name, type, whether it must hold something, whether it is of the key."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        listed = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            table: sorted(
                (name, kind, bool(needed), bool(key))
                for _, name, kind, needed, _, key in connection.execute(
                    f"PRAGMA table_info({table})"
                )
            )
            for (table,) in listed.fetchall()
        }


@pytest.mark.usefixtures("store")
def test_an_older_one_gets_the_tables_of_today(path: Path, tmp_path: Path) -> None:
    open_sqlite(tmp_path / "new.db").close()
    today = _columns(tmp_path / "new.db")
    assert {"environment", "definition", "refused"} <= set(today)
    assert _columns(path) == today


def test_runs_with_all_that_was_said_about_them(store: Store, told: dict[str, Any]) -> None:
    golden.check_runs(store, told["runs"])
    golden.check_said(store, told)
    assert len(store.list_series()) == len(told["series"])
    states = [(run.kind.value, run.state.value) for run in store.list_runs(experiment="states")]
    assert states == [(kind, s.value) for kind in ("interactive", "job") for s in RunState]


def test_the_catalogue(store: Store, told: dict[str, Any]) -> None:
    assert list(store.list_experiments()) == told["experiments"]
    facts = {e.name: [e.name, dict(e.tags), e.archived_s] for e in store.read_experiments()}
    assert [facts[name] for name, *_ in told["experiment_facts"]] == told["experiment_facts"]
    assert store.list_deleted([RunId("deleted"), RunId("parent")]) == set(told["deleted"])
    assert list(map(vars, store.list_models())) == told["models"]
    assert list(map(vars, store.list_computes())) == told["computes"]
    assert list(map(vars, store.list_jobs())) == told["jobs"]
    assert list(map(vars, store.list_environments())) == told.get("environments", [])
    asked = [run.id for run in store.list_runs() if store.is_cancel_requested(run.id)]
    assert asked == told["cancel_requested"]


def test_what_is_put_away(store: Store, told: dict[str, Any]) -> None:
    trash = [[run.id, run.deleted_s] for run in store.query_runs(RunQuery(deleted=True))]
    assert trash == told.get("in_trash", [])
    archived = [[run.id, run.archived_s] for run in store.query_runs(RunQuery(archived=True))]
    assert [each for each in archived if each[1] is not None] == told.get("archived", [])


def test_it_is_searched(store: Store) -> None:
    def found(query: RunQuery) -> list[str]:
        return [run.id for run in store.query_runs(query)]

    assert found(RunQuery(parameters={"epochs": 2**53 + 1, "optimizer": "adam"})) == ["parent"]
    assert found(RunQuery(tags={"Größe": "日本 🚀\n2", "none": None})) == ["parent"]
    assert found(RunQuery(properties={"text": "a\tb\\c\"d'"})) == ["parent"]
    full = Ordered(Field(Source.METRIC, "full"), ">", -1e9)
    assert found(RunQuery(where=full)) == ["child"]
    images = store.list_artifacts(kinds=[ArtifactKind.IMAGE])
    assert [image.path for image in images] == ["image_0.png", "image_5.png"]


def test_a_writer_goes_on_where_it_was(store: Store, told: dict[str, Any]) -> None:
    ((name, at),) = told["writers"].items()
    writer, position = WriterId(name), Position(*at)
    assert store.position(writer) == position
    new = numbers("child", "tail of 127", [1.5] * 4000, steps=[None] * 4000)
    batch = Batch(writer, position, replace_offset(position), (), (new,))
    store.apply([batch])
    (series,) = store.list_series(runs=[RunId("child")], names=["tail of 127"])
    points = store.read_points([series.id])[series.id]
    assert series.count == 4127
    assert points.steps.tolist() == list(range(4127))
    assert points.values[-4000:].tolist() == [1.5] * 4000
    assert series.last_step == 4126
    with pytest.raises(Conflict):
        store.apply([batch])


def replace_offset(position: Position) -> Position:
    return position._replace(offset=position.offset + 1)


def test_new_runs_and_old_ones_stand_side_by_side(store: Store, told: dict[str, Any]) -> None:
    store.apply([Speaker().batch(created("new", "states"), moved("new", RunState.COMPLETED, 1))])
    run = store.find_run(RunId("new"))
    assert run is not None
    assert run.number == 19
    store.set_tags(RunId("parent"), {"new": "tag"})
    assert store.get_tags(RunId("parent")) == {**told["tags"]["parent"], "new": "tag"}
    again = store.add_model(store.list_models("digits")[0])
    assert again.version == 4
    store.apply([Speaker().batch(created("deleted", "to-delete"))])  # it stays deleted
    assert store.find_run(RunId("deleted")) is None


def test_a_second_opening_finds_the_same(path: Path, told: dict[str, Any]) -> None:
    for _ in range(2):
        store = open_sqlite(path)
        golden.check_runs(store, told["runs"])
        golden.check_said(store, told)
        store.close()
