"""Bringing the tables of an older trackboard up to date, a step for each version of the layout.

Imported only when a stored layout is older. The steps are written out as they were when they were made:
they must not follow what `tables` says today. Each only adds: a process that still runs with the code
before it goes on reading and writing beside those with the new code.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from trackboard.stores.schema import tables


def upgrade(connection: sa.Connection) -> None:
    """Go from the stored layout to today's, in the caller's transaction."""
    stored = sa.select(tables.meta.c.value).where(tables.meta.c.key == "schema")
    found = int(connection.execute(stored).scalar_one())
    operations = Operations(MigrationContext.configure(connection))
    for number in range(found + 1, tables.SCHEMA + 1):
        for change in _STEPS[number]:
            change(operations)
    connection.execute(
        sa.update(tables.meta).where(tables.meta.c.key == "schema").values(value=tables.SCHEMA)
    )


def _add_environments(operations: Operations) -> None:
    operations.create_table(
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


def _add_quarantine_and_definitions(operations: Operations) -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    location = (
        ("writer", sa.Text()),
        ("segment", number),
        ("offset", number),
    )
    operations.create_table(
        "definition",
        *(sa.Column(name, kind, primary_key=True) for name, kind in location),
        sa.Column("records", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    operations.create_table(
        "refused",
        *(sa.Column(name, kind, primary_key=True) for name, kind in location),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=True),
    )
    operations.add_column("writer", sa.Column("defined_segment", number, nullable=True))
    operations.add_column("writer", sa.Column("defined_offset", number, nullable=True))


def _add_checksums(operations: Operations) -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    operations.add_column("chunk", sa.Column("checksum", number, nullable=True))


_STEPS: dict[int, tuple[Callable[[Operations], None], ...]] = {
    2: (_add_environments,),
    3: (_add_quarantine_and_definitions, _add_checksums),
}
