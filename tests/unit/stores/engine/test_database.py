"""Transactions: undone by an error, and never in the middle of a fork."""

import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.waiting import PATIENCE_S

from trackboard.errors import InternalError
from trackboard.ports import Unstorable
from trackboard.stores.engine.database import Database, pieces
from trackboard.stores.engine.sqlite import open_database
from trackboard.stores.schema import tables
from trackboard.testing.store.sharing import in_children


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database(tmp_path / "trackboard.db", network_folder=False, busy_timeout_s=5.0)


def add_experiment(connection: sa.Connection, key: int) -> None:
    row = {"id": key, "name": f"e{key}", "last_number": 0, "tags": "{}"}
    connection.execute(sa.insert(tables.experiment), [row])


def count(database: Database) -> int:
    with database.read() as connection:
        query = sa.select(sa.func.count()).select_from(tables.experiment)
        return int(connection.execute(query).scalar_one())


def test_an_error_undoes_a_write(database: Database) -> None:
    def write_and_fail() -> None:
        with database.write() as connection:
            add_experiment(connection, 1)
            raise RuntimeError("oh")

    with pytest.raises(RuntimeError, match="oh"):
        write_and_fail()
    assert count(database) == 0
    assert database.version() == 0
    with database.write() as connection:
        add_experiment(connection, 1)
    assert count(database) == 1
    assert database.version() == 1


def test_our_own_mistakes_are_called_so(database: Database) -> None:
    def write_nonsense() -> None:
        with database.write() as connection:
            add_experiment(connection, 1)
            connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(InternalError, match="refused a statement"):
        write_nonsense()
    assert count(database) == 0


def test_a_value_that_breaks_a_constraint_is_called_so(database: Database) -> None:
    """Whoever reads a stream leaves such a record out, instead of stopping at it for ever."""
    _write(database, 1)
    with pytest.raises(Unstorable, match="UNIQUE"):
        _write(database, 1)
    assert count(database) == 1


def test_a_read_sees_one_moment(database: Database) -> None:
    with database.read() as connection:
        query = sa.select(sa.func.count()).select_from(tables.experiment)
        assert connection.execute(query).scalar_one() == 0
        thread = threading.Thread(target=_write, args=(database, 1))
        thread.start()
        thread.join(PATIENCE_S)
        assert connection.execute(query).scalar_one() == 0
    assert count(database) == 1


def test_a_durable_transaction_waits_for_the_disk_and_only_that_one(database: Database) -> None:
    def level(*, durable: bool) -> int:
        with database.write(durable=durable) as connection:
            return int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    normal, full = 1, 2
    levels = [level(durable=durable) for durable in (False, True, False, True)]
    assert levels == [normal, full, normal, full]


def _write(database: Database, key: int) -> None:
    with database.write() as connection:
        add_experiment(connection, key)


def test_a_fork_waits_for_transactions_of_other_threads(database: Database) -> None:
    inside = threading.Event()

    def write_slowly() -> None:
        with database.write() as connection:
            add_experiment(connection, 1)
            inside.set()
            time.sleep(0.2)  # a child of this moment would find the database locked for ever

    thread = threading.Thread(target=write_slowly)
    thread.start()
    assert inside.wait(PATIENCE_S)
    assert in_children(1, lambda _: _write(database, 2)) == [0]
    thread.join(PATIENCE_S)
    assert count(database) == 2


def test_after_a_fork_the_parent_goes_on(database: Database) -> None:
    for key in range(3):
        assert in_children(1, lambda _: None) == [0]
        _write(database, key)
    assert count(database) == 3


def test_pieces_are_whole_and_bounded() -> None:
    assert list(pieces([])) == []
    assert list(pieces(range(5), 2)) == [[0, 1], [2, 3], [4]]
