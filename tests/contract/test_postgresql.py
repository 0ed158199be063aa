"""What the contract says about limits, on a real PostgreSQL; tests/long has all of the contract."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from tests.contract.postgresql_cluster import open_empty, url_of

from trackboard.errors import Conflict, Unavailable
from trackboard.ports import Store
from trackboard.stores import open_postgresql
from trackboard.stores.rules.short_text import short, shorten
from trackboard.stores.schema.tables import tag
from trackboard.testing.store.limits import LimitsContract, noise
from trackboard.testing.store.text_order import TextOrderContract

pytestmark = pytest.mark.xdist_group("postgresql")


@pytest.fixture
def store(postgresql: str) -> Iterator[Store]:
    store = open_empty(postgresql)
    yield store
    store.close()


class TestPostgresql(LimitsContract, TextOrderContract):
    """The edges, where databases differ."""


@pytest.fixture
def connection(postgresql: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url_of(postgresql))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize("length", [0, 254, 255, 256, 5000])
@pytest.mark.parametrize("cjk", [False, True])
def test_the_database_shortens_as_we_do(connection: sa.Connection, length: int, cjk: bool) -> None:
    text = noise(length, cjk=cjk)
    query = sa.select(short(sa.bindparam("text", type_=sa.Text)))
    assert connection.execute(query, {"text": text}).scalar_one() == shorten(text)


def test_a_tag_is_found_by_its_index(store: Store, connection: sa.Connection) -> None:
    del store
    query = sa.select(tag.c.run).where(short(tag.c.key) == "k", short(tag.c.value) == "v")
    connection.execute(sa.text("SET enable_seqscan = off"))  # an empty table would be read whole
    words = query.compile(connection, compile_kwargs={"literal_binds": True})
    plan = connection.execute(sa.text(f"EXPLAIN {words}")).scalars().all()
    assert "ix_tag_key" in str(plan)


def test_a_write_waits_for_another_as_long_as_it_may(store: Store, postgresql: str) -> None:
    with psycopg.connect(postgresql) as other:
        other.execute("UPDATE meta SET value = value + 1 WHERE key = 'version'")
        assert store.list_experiments() == ()  # reads wait for nobody
        with store.limit_waits(0.05), pytest.raises(Unavailable, match="in use by another process"):
            store.add_experiment("e")
        other.rollback()
    store.add_experiment("e")
    assert store.list_experiments() == ("e",)


def test_many_may_make_the_tables_at_once(postgresql: str) -> None:
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("CREATE DATABASE fresh")
    url = url_of(postgresql).replace("/postgres?", "/fresh?")
    threads = [threading.Thread(target=lambda: open_postgresql(url).close()) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    store = open_postgresql(url)
    assert store.version() == 0
    store.close()


def test_a_newer_history_is_left_alone(store: Store, postgresql: str) -> None:
    del store
    change = "UPDATE meta SET value = value + %s WHERE key = 'schema'"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(change.encode(), [1000])
        try:
            with pytest.raises(Conflict, match="newer version"):
                open_postgresql(url_of(postgresql))
        finally:
            connection.execute(change.encode(), [-1000])


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(Unavailable, match="could not be read"):
        open_postgresql("postgresql+psycopg://postgres@/postgres?host=/nowhere")
