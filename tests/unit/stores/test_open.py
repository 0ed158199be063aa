"""The doors to a store."""

import sqlite3
from pathlib import Path

import pytest

from trackboard.errors import Unavailable
from trackboard.stores import create_sqlite, open_read_only, open_sqlite
from trackboard.testing.speaker import Speaker, created

ROLLBACK, WAL = 1, 2


def journal(path: Path) -> int:
    """How the file says that it is to be written; byte 18 of its header."""
    return path.read_bytes()[18]


@pytest.mark.parametrize(("network_folder", "expected"), [(False, WAL), (True, ROLLBACK)])
def test_the_journal_is_one_that_the_file_system_can_do(
    tmp_path: Path, network_folder: bool, expected: int
) -> None:
    made, opened = tmp_path / "made.db", tmp_path / "opened.db"
    create_sqlite(made, network_folder=network_folder)
    open_sqlite(opened, network_folder=network_folder).close()
    for path in (made, opened):
        assert journal(path) == expected
        store = open_sqlite(path, network_folder=network_folder, create=False)
        assert store.list_runs() == ()
        store.close()
        assert journal(path) == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made.db", "opened.db"]


def test_a_journal_is_changed_by_whoever_opens_it(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    for network_folder, expected in ((False, WAL), (True, ROLLBACK), (False, WAL)):
        open_sqlite(path, network_folder=network_folder).close()
        assert journal(path) == expected


def test_making_one_leaves_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    store = open_sqlite(path)
    store.apply([Speaker().batch(created("r"))])
    store.close()
    before = path.read_bytes()
    create_sqlite(path)
    assert path.read_bytes() == before


def test_a_database_that_is_not_there_is_made_only_when_that_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        open_sqlite(tmp_path / "h.db", create=False)
    assert list(tmp_path.iterdir()) == []
    open_sqlite(tmp_path / "h.db").close()


def test_whoever_writes_is_waited_for_as_long_as_was_said(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    store = open_sqlite(path, busy_timeout_s=0.01)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="in use by another process"):
        store.add_experiment("e")
    other.execute("ROLLBACK")
    other.close()
    store.add_experiment("e")
    assert store.list_experiments() == ("e",)
    store.close()


def test_one_that_is_only_read_says_why(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    store = open_sqlite(path)
    store.apply([Speaker().batch(created("r"))])
    store.close()
    for network_folder in (False, True):
        reader = open_read_only(path, "the disk is worn out", network_folder=network_folder)
        assert [run.id for run in reader.list_runs()] == ["r"]
        with pytest.raises(Unavailable, match="the disk is worn out"):
            reader.add_experiment("e")
        reader.close()
