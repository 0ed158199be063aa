import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.golden import expected as golden

from trackboard.errors import Conflict, Unavailable
from trackboard.stores import SqlStore, open_read_only, open_sqlite
from trackboard.stores.engine.read_only import ReadOnlyDatabase

REASON = "the disk is mounted read-only"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trackboard.db"


@pytest.fixture
def written(path: Path) -> Iterator[SqlStore]:
    """A history that somebody has open to write."""
    store = open_sqlite(path)
    store.add_experiment("first")
    yield store
    store.close()


def kill_after_writing(path: Path) -> None:
    """Add an experiment in a process that ends without closing the database."""
    pid = os.fork()
    if pid == 0:
        store = open_sqlite(path)  # which nobody closes, nor lets go
        store.add_experiment("killed")
        os._exit(0)
    os.waitpid(pid, 0)


def test_nothing_is_made_beside_it(path: Path, written: SqlStore) -> None:
    written.close()
    before = path.stat()
    store = open_read_only(path, REASON)
    assert store.list_experiments() == ("first",)
    assert os.listdir(path.parent) == [path.name]
    store.close()
    after = path.stat()
    assert os.listdir(path.parent) == [path.name]
    assert (after.st_mtime_ns, after.st_size) == (before.st_mtime_ns, before.st_size)


def test_what_others_write_is_seen(path: Path, written: SqlStore) -> None:
    store = open_read_only(path, REASON)
    written.add_experiment("second")
    assert store.list_experiments() == ("first", "second")
    written.close()
    store.close()


def test_what_others_wrote_and_closed_is_seen(path: Path, written: SqlStore) -> None:
    written.close()
    store = open_read_only(path, REASON)
    assert store.list_experiments() == ("first",)
    for name in ("second", "third"):
        other = open_sqlite(path)
        other.add_experiment(name)
        other.close()
        assert store.list_experiments()[-1] == name
    store.close()


def test_what_was_changed_while_it_was_read_is_thrown_away(path: Path, written: SqlStore) -> None:
    written.close()
    database = ReadOnlyDatabase(path, REASON)

    def read_while_another_writes() -> None:
        with database.read():
            other = open_sqlite(path)
            other.add_experiment("second")
            other.close()

    with pytest.raises(Unavailable, match="changed while it was read"):
        read_while_another_writes()
    database.close()


def test_a_history_whose_writer_was_killed(path: Path) -> None:
    kill_after_writing(path)
    assert Path(f"{path}-wal").exists()
    store = open_read_only(path, REASON)
    assert store.list_experiments() == ("killed",)
    store.close()


def test_a_journal_that_has_to_be_rolled_back(path: Path) -> None:
    store = open_sqlite(path, network_folder=True)
    store.add_experiment("first")
    store.close()
    pid = os.fork()
    if pid == 0:  # killed within a transaction whose pages are on the disk already
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA cache_size=1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE junk AS SELECT randomblob(1000000) AS data")
        connection.execute("UPDATE experiment SET name = 'half'")
        os._exit(0)
    os.waitpid(pid, 0)
    journal = Path(f"{path}-journal")
    assert journal.stat().st_size
    content = path.read_bytes(), journal.read_bytes()
    store = open_read_only(path, REASON)
    assert store.list_experiments() == ("first",)
    store.close()
    assert (path.read_bytes(), journal.read_bytes()) == content


@pytest.mark.parametrize("schema", [1, 2])
def test_an_older_layout_is_read_from_a_copy(path: Path, schema: int) -> None:
    shutil.copyfile(golden.DATA / f"store-schema-{schema}.db", path)
    before = path.read_bytes()
    store = open_read_only(path, REASON)
    assert store.list_runs()
    assert store.list_environments() == store.list_environments()
    store.close()
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_on_a_network_what_others_write_is_seen(path: Path) -> None:
    writer = open_sqlite(path, network_folder=True)
    store = open_read_only(path, REASON, network_folder=True)
    for name in ("first", "second"):
        writer.add_experiment(name)
        assert store.list_experiments()[-1] == name
    writer.close()
    store.close()


def test_it_is_not_written(path: Path, written: SqlStore) -> None:
    store = open_read_only(path, REASON)
    writes: list[Callable[[], object]] = [
        lambda: store.add_experiment("new"),
        lambda: store.set_experiment_tags("first", {"a": "b"}),
        lambda: store.set_archived("first", 1.0),
    ]
    for write in writes:
        with pytest.raises(Unavailable, match=REASON) as caught:
            write()
        assert str(path) in caught.value.message
    assert written.list_experiments() == ("first",)
    store.close()


@pytest.mark.parametrize("content", [b"", b"no database" * 100])
def test_what_is_no_history_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(Conflict):
        open_read_only(path, REASON)
    assert path.read_bytes() == content


def test_a_newer_layout_is_refused(path: Path, written: SqlStore) -> None:
    written.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE meta SET value = 99 WHERE key = 'schema'")
    connection.commit()
    connection.close()
    with pytest.raises(Conflict, match="pip install --upgrade"):
        open_read_only(path, REASON)


def test_a_database_has_an_id_for_good(path: Path, tmp_path: Path, written: SqlStore) -> None:
    drawn = written.database_id()
    written.close()
    shutil.copyfile(path, tmp_path / "copy.db")
    assert len(drawn) == 16
    for each in (path, tmp_path / "copy.db"):
        store = open_sqlite(each)
        assert store.database_id() == drawn
        store.close()
    other = open_sqlite(tmp_path / "other.db")
    assert other.database_id() != drawn
    other.close()


def test_an_older_database_is_given_an_id_once(path: Path) -> None:
    shutil.copyfile(golden.DATA / "store-schema-2.db", path)
    store = open_read_only(path, REASON)
    store.close()
    first, second = open_sqlite(path), open_sqlite(path)
    assert first.database_id() == second.database_id() != ""
    first.close()
    second.close()
