"""Short forms of texts: none on SQLite, bounded and telling on PostgreSQL."""

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from trackboard.stores.rules.short_text import WHOLE, Text, short, shorten, storable
from trackboard.stores.schema import tables

POSTGRESQL: sa.Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
SQLITE: sa.Dialect = sqlite.dialect()
IDS = {"id", "run_id", "parent", "owner"}  # of runs and writers; names of folders, so never long
INDEXES = sorted(  # for pytest-xdist: the same order in each process
    (index for table in tables.metadata.tables.values() for index in table.indexes),
    key=lambda index: str(index.name),
)


@given(st.integers(0, 2 * WHOLE), st.text(max_size=5), st.text(max_size=3))
def test_a_short_form_is_bounded_and_tells_texts_apart(count: int, end: str, more: str) -> None:
    text, other = storable("ä" * count + end), storable("ä" * count + end + more)
    assert len(shorten(text)) <= WHOLE + 1
    assert (shorten(text) == shorten(other)) == (text == other)
    assert len(text) > WHOLE or shorten(text) == text


def test_a_long_text_differs_from_the_text_of_its_short_form() -> None:
    assert shorten(shorten("x" * 1000)) != shorten("x" * 1000)


def test_on_sqlite_it_is_the_column() -> None:
    query = sa.select(tables.tag.c.run).where(short(tables.tag.c.key) == "a")
    assert 'WHERE tag."key" = ' in str(query.compile(dialect=SQLITE))


@pytest.mark.parametrize("text", ["short", "x" * 1000, "a\0\ud800" * 200, None])
def test_what_is_compared_with_a_short_form_is_shortened_where_columns_are(
    text: str | None,
) -> None:
    kind = short(tables.tag.c.key).type
    on_sqlite, on_postgresql = (kind.bind_processor(each) for each in (SQLITE, POSTGRESQL))
    assert on_sqlite is not None
    assert on_postgresql is not None
    stored = None if text is None else storable(text)
    assert on_sqlite(text) == stored
    assert on_postgresql(text) == (None if stored is None else shorten(stored))


@pytest.mark.parametrize("index", INDEXES, ids=lambda index: index.name)
def test_no_index_of_postgresql_holds_a_text_whole(index: sa.Index) -> None:
    for expression in index.expressions:
        if isinstance(expression, sa.Column) and isinstance(expression.type, Text):
            assert expression.name in IDS
    made = str(CreateIndex(index).compile(dialect=POSTGRESQL))
    assert made.count("md5") == sum(isinstance(each, short) for each in index.expressions)


@pytest.mark.parametrize("table", tables.metadata.tables.values(), ids=lambda table: table.name)
def test_every_key_of_sqlite_is_one_of_postgresql(table: sa.Table) -> None:
    """What SQLite keeps unique, PostgreSQL keeps unique too, as a key or by a unique index."""

    def names(expressions: object) -> tuple[str, ...]:
        assert isinstance(expressions, tuple)
        return tuple(
            next(iter(each.clauses)).name if isinstance(each, short) else each.name
            for each in expressions
        )

    kept = {names(tuple(index.expressions)) for index in table.indexes if index.unique}
    on_postgresql = str(CreateTable(table).compile(dialect=POSTGRESQL)).replace('"', "")
    for constraint in table.constraints:
        key = names(tuple(constraint.columns))  # type: ignore[attr-defined]
        assert key in kept or f"({', '.join(key)})" in on_postgresql
