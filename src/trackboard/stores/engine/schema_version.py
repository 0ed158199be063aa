"""The version of the tables in a database: made at once, checked and brought up to date when opened."""

from __future__ import annotations

import functools

import sqlalchemy as sa

from trackboard.errors import Conflict
from trackboard.stores.engine.database import Database
from trackboard.stores.schema import identity, tables


def create_tables(connection: sa.Connection) -> None:
    """Make an empty history of today's layout in a database without tables."""
    for statement in _list_statements(connection.dialect.name):
        connection.exec_driver_sql(statement)
    rows = [{"key": "schema", "value": tables.SCHEMA}, {"key": "version", "value": 0}]
    connection.execute(sa.insert(tables.meta), [*rows, identity.draw_row()])


@functools.cache  # SQLAlchemy writes them in three times what a database takes to run them
def _list_statements(dialect: str) -> tuple[str, ...]:
    """List what makes all tables and indexes, in their order, in the SQL of a kind of database."""
    statements: list[str] = []
    sql = sa.make_url(f"{dialect}://").get_dialect()()
    engine = sa.create_mock_engine(
        f"{dialect}://", lambda ddl, *_, **__: statements.append(str(ddl.compile(dialect=sql)))
    )
    tables.metadata.create_all(engine, checkfirst=False)
    return tuple(statements)


def read_schema(database: Database, location: object) -> int:
    """Read the version of a database's layout.

    Args:
        database: A database with a history.
        location: Where it is, for the error.

    Raises:
        Conflict: It is a newer one than this trackboard knows.
    """
    query = sa.select(tables.meta.c.value).where(tables.meta.c.key == "schema")
    with database.read() as connection:
        found = connection.execute(query).scalar_one_or_none()
    if found is None or found > tables.SCHEMA:
        raise Conflict(
            f"the history {location} has format {found}, and this trackboard reads up to {tables.SCHEMA}",
            hint="It was written by a newer version; nothing was changed. Type:"
            " pip install --upgrade trackboard",
        )
    return int(found)


def bring_up_to_date(database: Database, location: object) -> None:
    """Bring the tables of an older version to today's layout, and name a database that has no id.

    In one transaction; the arguments and errors are those of `read_schema`.
    """
    is_old = read_schema(database, location) < tables.SCHEMA
    with database.read() as connection:
        is_named = bool(identity.read_id(connection))
    if is_old or not is_named:
        with database.write(durable=True) as connection:  # asks again: another may have been faster
            identity.give_id(connection)
            if is_old:
                from trackboard.stores.schema.migrate import upgrade  # few open an old one

                upgrade(connection)
