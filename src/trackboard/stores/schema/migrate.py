"""Bringing the tables of an older trackboard up to date, a step for each version of the layout.

Imported only when a stored layout is older. The steps are written out as they were when they were made:
they must not follow what `tables` says today. Each only adds: a process that still runs with the code
before it goes on reading and writing beside those with the new code. So a step creates tables and indexes
and adds columns, which are three statements that SQLAlchemy writes. Alembic earns no place for them: it
brings Mako and MarkupSafe, and its revisions, command and comparison with a live database answer to nobody
here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from trackboard.stores.rules.short_text import Text, short
from trackboard.stores.schema import tables
from trackboard.stores.schema.extreme_steps import fill_extreme_steps


def upgrade(connection: sa.Connection) -> None:
    """Go from the stored layout to today's, in the caller's transaction."""
    stored = sa.select(tables.meta.c.value).where(tables.meta.c.key == "schema")
    found = int(connection.execute(stored).scalar_one())
    for number in range(found + 1, tables.SCHEMA + 1):
        for change in _STEPS[number]:
            change(connection)
    connection.execute(
        sa.update(tables.meta).where(tables.meta.c.key == "schema").values(value=tables.SCHEMA)
    )


def _create_table(
    connection: sa.Connection, name: str, *parts: sa.schema.SchemaItem, **options: Any
) -> None:
    connection.execute(CreateTable(sa.Table(name, sa.MetaData(), *parts, **options)))


def _add_column(connection: sa.Connection, name: str, column: sa.Column[Any]) -> None:
    table = sa.Table(name, sa.MetaData(), column)
    altered = connection.dialect.identifier_preparer.format_table(table)
    added = CreateColumn(column).compile(dialect=connection.dialect)
    connection.exec_driver_sql(f"ALTER TABLE {altered} ADD COLUMN {added}")


def _add_environments(connection: sa.Connection) -> None:
    _create_table(
        connection,
        "environment",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("created_s", sa.Double, nullable=True),
        sa.UniqueConstraint("name", "version"),
    )


def _add_quarantine_and_definitions(connection: sa.Connection) -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    location = (
        ("writer", sa.Text()),
        ("segment", number),
        ("offset", number),
    )
    _create_table(
        connection,
        "definition",
        *(sa.Column(name, kind, primary_key=True) for name, kind in location),
        sa.Column("records", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    _create_table(
        connection,
        "refused",
        *(sa.Column(name, kind, primary_key=True) for name, kind in location),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=True),
    )
    _add_column(connection, "writer", sa.Column("defined_segment", number, nullable=True))
    _add_column(connection, "writer", sa.Column("defined_offset", number, nullable=True))


def _add_checksums(connection: sa.Connection) -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    _add_column(connection, "chunk", sa.Column("checksum", number, nullable=True))


def _add_trash(connection: sa.Connection) -> None:
    for table, name in (("run", "archived_s"), ("run", "deleted_s"), ("experiment", "deleted_s")):
        _add_column(connection, table, sa.Column(name, sa.Double, nullable=True))


def _add_extreme_steps(connection: sa.Connection) -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for name in ("min_value_step", "max_value_step", "extremes_of"):
        _add_column(connection, "series", sa.Column(name, number, nullable=True))
    fill_extreme_steps(connection)


def _add_indexes_of_runs(connection: sa.Connection) -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    kinds = {"name": Text(), "parent": Text(), "min_value": sa.Double(), "max_value": sa.Double()}
    for name, of_table, *keys in (
        ("ix_run_namesakes", "run", "experiment", "name", "number", "parent", "deleted_s"),
        ("ix_series_min", "series", "name", "min_value", "run"),
        ("ix_series_max", "series", "name", "max_value", "run"),
    ):
        columns = [sa.Column(key, kinds.get(key, number)) for key in keys]
        sa.Table(of_table, sa.MetaData(), *columns)
        indexed = [short(each) if each.name == "name" else each for each in columns]
        connection.execute(CreateIndex(sa.Index(name, *indexed)))


def _add_saved_views(connection: sa.Connection) -> None:
    _create_table(
        connection,
        "saved_view",
        sa.Column("name", Text(), primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("saved_s", sa.Double, nullable=True),
    )


_STEPS: dict[int, tuple[Callable[[sa.Connection], None], ...]] = {
    2: (_add_environments,),
    3: (_add_quarantine_and_definitions, _add_checksums),
    4: (_add_trash,),
    5: (_add_extreme_steps,),
    6: (_add_indexes_of_runs, _add_saved_views),
}
