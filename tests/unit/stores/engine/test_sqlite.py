"""The file of a SQLite store: how it comes to be, and what is refused and left alone."""

import gc
import resource
import shutil
import signal
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from trackboard.errors import Conflict, InternalError, Unavailable
from trackboard.model import FileAdded, RunId
from trackboard.ports import Store, Unstorable
from trackboard.stores import open_sqlite
from trackboard.stores.schema.tables import SCHEMA
from trackboard.testing.speaker import Speaker, created, numbers
from trackboard.testing.store.sharing import in_children


def filled(path: Path) -> bytes:
    """A database with some history at `path`, closed; its bytes."""
    store = open_sqlite(path)
    points = [numbers("r", f"m{k}", [0.5] * 3000) for k in range(20)]
    store.apply([Speaker().batch(created("r"), points=points)])
    store.close()
    return path.read_bytes()


def test_a_new_database_is_one_file_and_empty(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "trackboard.db")
    assert store.list_runs() == ()
    assert store.version() == 0
    store.close()
    assert [file.name for file in tmp_path.iterdir()] == ["trackboard.db"]


def test_it_is_found_again(tmp_path: Path) -> None:
    filled(tmp_path / "trackboard.db")
    store = open_sqlite(tmp_path / "trackboard.db")
    assert [run.id for run in store.list_runs()] == ["r"]
    assert len(store.list_series()) == 20
    store.close()


def test_odd_paths_are_fine(tmp_path: Path) -> None:
    folder = tmp_path / "a b'c?d#e%41 ü\n"
    folder.mkdir()
    filled(folder / "trackboard.db")
    assert [file.name for file in folder.iterdir()] == ["trackboard.db"]


def test_a_relative_path_stays_what_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_sqlite(Path("trackboard.db"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    store.add_experiment("e")
    assert store.list_experiments() == ("e",)
    store.close()
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["trackboard.db"]


def test_many_processes_may_create_it_at_once(tmp_path: Path) -> None:
    path = tmp_path / "trackboard.db"

    def work(index: int) -> None:
        store = open_sqlite(path)
        store.apply([Speaker().batch(created(f"r{index}"))])
        store.close()

    assert in_children(8, work) == [0] * 8
    store = open_sqlite(path)
    assert sorted(run.number for run in store.list_runs()) == list(range(1, 9))
    store.close()
    assert [file.name for file in tmp_path.iterdir()] == ["trackboard.db"]


@pytest.mark.parametrize(("network", "mode"), [(False, "wal"), (True, "delete")])
def test_the_journal_follows_the_kind_of_folder(tmp_path: Path, network: bool, mode: str) -> None:
    path = tmp_path / "trackboard.db"
    for before in (network, not network, network):  # also when it was opened otherwise before
        store = open_sqlite(path, network_folder=before)
        store.add_experiment("e")
        wal = path.with_name("trackboard.db-wal").exists()
        assert wal is not before
        store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == (mode,)
    connection.close()


# -- refused, with a hint, and left as it was -----------------------------------------------------


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "trackboard.db"
    filled(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = 7 WHERE key = 'schema'")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(Conflict) as caught:
        open_sqlite(path, network_folder=True)
    assert "format 7" in caught.value.message
    assert f"up to {SCHEMA}" in caught.value.message
    assert "pip install --upgrade trackboard" in caught.value.hint
    assert path.read_bytes() == before


def _layout(path: Path) -> dict[str, object]:
    """Every table by its columns, every index as SQLite describes it."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        found: dict[str, object] = {}
        for name, sql in rows.fetchall():
            columns = connection.execute(f"PRAGMA table_info('{name}')").fetchall()
            is_table = sql.startswith("CREATE TABLE")
            found[name] = [column[1:] for column in columns] if is_table else " ".join(sql.split())
    connection.close()
    return found


def _make_older(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        for index in ("ix_run_namesakes", "ix_series_min", "ix_series_max"):
            connection.execute(f"DROP INDEX {index}")
        for table in ("environment", "definition", "refused", "saved_view"):
            connection.execute(f"DROP TABLE {table}")
        for column in ("defined_segment", "defined_offset"):
            connection.execute(f"ALTER TABLE writer DROP COLUMN {column}")
        connection.execute("ALTER TABLE chunk DROP COLUMN checksum")
        for table, column in (
            ("run", "archived_s"),
            ("run", "deleted_s"),
            ("experiment", "deleted_s"),
            ("series", "min_value_step"),
            ("series", "max_value_step"),
            ("series", "extremes_of"),
        ):
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.execute("UPDATE meta SET value = 1 WHERE key = 'schema'")
    connection.close()


def test_an_older_database_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "trackboard.db"
    filled(path)
    today = _layout(path)
    with sqlite3.connect(path) as connection:
        before = connection.execute("SELECT * FROM series").fetchall()
    connection.close()
    _make_older(path)
    stores = [open_sqlite(path), open_sqlite(path)]
    for store in stores:
        store.add_environment("train", {"a": 1})
        assert len(store.list_environments()) == 1
        store.close()
    assert _layout(path) == today
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT * FROM series").fetchall() == before
        version = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    connection.close()
    assert version == (SCHEMA,)


def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "trackboard.db"
    filled(path)
    with sqlite3.connect(path) as connection:  # a table in the way of the one to be made
        connection.execute("UPDATE meta SET value = 1 WHERE key = 'schema'")
    connection.close()
    before = _layout(path)
    with pytest.raises(InternalError, match="already exists"):
        open_sqlite(path)
    with sqlite3.connect(path) as connection:
        version = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    connection.close()
    assert (_layout(path), version) == (before, (1,))


@pytest.mark.parametrize("what", ["empty", "text", "half", "no header", "another database"])
def test_what_is_no_history_is_left_alone(tmp_path: Path, what: str) -> None:
    path = tmp_path / "trackboard.db"
    whole = filled(path)
    if what == "another database":
        path.unlink()
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE mine (a)")
        connection.close()
    else:
        damaged = {
            "empty": b"",
            "text": b"my notes " * 1000,
            "half": whole[: len(whole) // 2 + 100],
            "no header": b"\xff" * 4096 + whole[4096:],
        }
        path.write_bytes(damaged[what])
    before = path.read_bytes()
    with pytest.raises(Conflict) as caught:
        open_sqlite(path)
    assert str(path) in caught.value.message
    assert "Nothing was changed" in caught.value.hint
    assert path.read_bytes() == before


def test_damage_amid_the_file_is_said_when_it_is_met(tmp_path: Path) -> None:
    path = tmp_path / "trackboard.db"
    whole = filled(path)
    middle = len(whole) // 8192 * 4096
    path.write_bytes(whole[: 8 * 4096] + b"\xaa" * (middle - 8 * 4096) + whole[middle:])
    with pytest.raises(Conflict, match="damaged"):
        _read_everything(path)


def _read_everything(path: Path) -> None:
    store = open_sqlite(path)
    try:
        store.read_points([series.id for series in store.list_series()])
        store.apply([Speaker().batch(created("new"), points=[numbers("r", "m0", [1.0] * 5000)])])
    finally:
        store.close()


@pytest.mark.parametrize("folder", ["nowhere", "a file"])
def test_a_folder_that_is_not_there(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a file").write_text("")
    with pytest.raises(Unavailable, match="could not be created") as caught:
        open_sqlite(tmp_path / folder / "trackboard.db")
    assert folder in caught.value.message
    assert caught.value.hint


def test_a_database_that_went_away(tmp_path: Path) -> None:
    path = tmp_path / "trackboard.db"
    store = open_sqlite(path)
    store.close()  # the next call needs a new connection
    path.unlink()
    with pytest.raises(Unavailable, match="not there any more"):
        store.list_runs()
    assert not path.exists()


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "trackboard.db").mkdir()
    with pytest.raises(Unavailable, match="could not be read"):
        open_sqlite(tmp_path / "trackboard.db")


def test_waiting_for_another_writer_ends(tmp_path: Path) -> None:
    path = tmp_path / "trackboard.db"
    store = open_sqlite(path, busy_timeout_s=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert store.list_runs() == ()  # readers do not wait
    with pytest.raises(Unavailable, match="in use by another process"):
        store.add_experiment("e")
    other.execute("ROLLBACK")
    other.close()
    store.add_experiment("e")
    assert store.list_experiments() == ("e",)
    store.close()


@pytest.mark.parametrize("size_bytes", [2**63, -(2**63) - 1, 2**200])
def test_a_value_that_no_database_holds_is_refused_by_name_and_changes_nothing(
    tmp_path: Path, size_bytes: int
) -> None:
    store = open_sqlite(tmp_path / "trackboard.db")
    speaker = Speaker()
    with pytest.raises(Unstorable, match="too large"):
        store.apply([speaker.batch(created("r"), FileAdded(RunId("r"), "f", "k", size_bytes, 1.0))])
    assert store.list_runs() == ()
    assert store.positions() == {}
    store.close()


def test_a_full_disk_loses_nothing_that_was_stored(tmp_path: Path) -> None:
    path = tmp_path / "trackboard.db"
    filled(path)

    def work(_: int) -> None:
        store = open_sqlite(path)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limit = path.stat().st_size + 200_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        speaker = Speaker()
        big = [numbers("r", f"n{k}", [0.1 * i for i in range(4000)]) for k in range(200)]
        with pytest.raises(Unavailable) as caught:
            store.apply([speaker.batch(points=big)])
        assert "could not be read or written" in caught.value.message
        assert store.position(speaker.writer) == (0, 0)
        assert len(store.list_series()) == 20
        store.apply([Speaker().batch(created("small"))])

    assert in_children(1, work) == [0]
    store = open_sqlite(path)
    assert store.find_run(RunId("small")) is not None
    assert len(store.list_series()) == 20
    store.close()


# -- another file in its place --------------------------------------------------------------------


def batch(store: Store, speaker: Speaker, *values: float) -> None:
    store.apply([speaker.batch(created("r"), points=[numbers("r", "m", values)])])


def counted(store: Store) -> list[int]:
    return [series.count for series in store.list_series()]


def take_away(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def test_a_deleted_database_is_said_and_never_made_again(tmp_path: Path) -> None:
    path = tmp_path / "trackboard.db"
    store = open_sqlite(path)
    speaker = Speaker()
    batch(store, speaker, 1.0)
    take_away(path)
    for ask in (store.list_runs, store.positions, lambda: batch(store, Speaker(), 2.0)):
        with pytest.raises(Unavailable, match="is not there any more"):
            ask()
    assert list(tmp_path.iterdir()) == []
    store.close()


def test_a_copy_that_is_put_in_its_place_is_read_and_written(tmp_path: Path) -> None:
    """In every handle, also when the copy has seen as many writes as the one that it replaces."""
    path, copy = tmp_path / "trackboard.db", tmp_path / "copy"
    speaker = Speaker()
    store = open_sqlite(path)
    batch(store, speaker, 1.0, 2.0)
    store.close()
    shutil.copy(path, copy)
    at = speaker.at
    open_now = [open_sqlite(path), open_sqlite(path)]
    batch(open_now[0], speaker, 3.0)
    versions = {each.version() for each in open_now}
    speaker.at = at
    other = open_sqlite(copy)
    batch(other, speaker, 3.0, 4.0, 5.0)
    other.close()
    take_away(path)
    copy.rename(path)
    assert [counted(each) for each in open_now] == [[5], [5]]
    assert versions.isdisjoint(each.version() for each in open_now)
    for each in open_now:
        batch(each, speaker, 6.0)
    assert counted(open_now[0]) == counted(open_now[1]) == [7]
    (series,) = open_now[0].list_series()
    values = open_now[0].read_points([series.id])[series.id].values.tolist()
    assert values == [1, 2, 3, 4, 5, 6, 6]
    for each in open_now:
        each.close()


def test_an_older_copy_is_brought_up_to_date_by_whoever_has_it_open(tmp_path: Path) -> None:
    path, old = tmp_path / "trackboard.db", tmp_path / "old"
    store = open_sqlite(path)
    filled(old)
    _make_older(old)
    take_away(path)
    old.rename(path)
    assert store.list_environments() == ()
    assert len(store.list_series()) == 20
    store.close()


def test_connections_are_closed_with_a_store_that_nobody_closes(tmp_path: Path) -> None:
    closed: list[object] = []
    store = open_sqlite(tmp_path / "trackboard.db")
    engine = store._database._engine
    store.list_runs()
    sa.event.listen(engine, "close", lambda *_: closed.append(1))
    del store
    gc.collect()
    assert closed
