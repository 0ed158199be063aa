"""The tables of a store, the same for every SQL database, and the version of their layout.

Ids are given by the store inside its write transactions, which exclude each other, so that rows of
several tables can be written together without asking the database for generated keys. NaN is stored as
NULL in the columns of the summaries (SQLite has no NaN); the points themselves live in chunks, exactly.

A text in an index is indexed, and looked for, in its short form, unless `model.names` limits it to so few
characters that it fits: the ids of runs and writers. On SQLite, where the short form is the text itself, a
key is the table's primary key or a constraint, as it always was; PostgreSQL gets a unique index on the
short form instead.
"""

from __future__ import annotations

import math
from typing import Any

import sqlalchemy as sa

from trackboard.stores.rules.short_text import Text as _Text
from trackboard.stores.rules.short_text import short

SCHEMA = 6  # an older one is brought up to date by `stores.schema.migrate`

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def to_column(number: float | None) -> float | None:
    """A float as it is stored: NaN as NULL."""
    return None if number is None or math.isnan(number) else number


def from_column(number: float | None) -> float:
    """A float as it was before `to_column`."""
    return math.nan if number is None else number


def _on_sqlite(constraint: sa.PrimaryKeyConstraint | sa.UniqueConstraint) -> sa.Constraint:
    return constraint.ddl_if(dialect="sqlite")


def _unique_elsewhere(name: str, *columns: sa.ColumnElement[Any]) -> None:
    sa.Index(name, *columns, unique=True).ddl_if(dialect="postgresql")


metadata = sa.MetaData()

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # 'schema' and 'version'
    sa.Column("value", _Id, nullable=False),
)

writer = sa.Table(
    "writer",
    metadata,
    sa.Column("id", _Text, primary_key=True),
    sa.Column("segment", _Id, nullable=False),
    sa.Column("offset", _Id, nullable=False),
    sa.Column("ended", sa.Boolean, nullable=False),
    sa.Column("skipped_bytes", _Id, nullable=False),
    sa.Column("defined_segment", _Id, nullable=True),  # up to where `definition` is complete
    sa.Column("defined_offset", _Id, nullable=True),
)

definition = sa.Table(  # what a segment calls its series and files; only of the one being read
    "definition",
    metadata,
    sa.Column("writer", _Text, primary_key=True),
    sa.Column("segment", _Id, primary_key=True),
    sa.Column("offset", _Id, primary_key=True),  # the position that came with them
    sa.Column("records", sa.LargeBinary, nullable=False),  # a line of JSON for each
    sqlite_with_rowid=False,
)

refused = sa.Table(  # records of the stream that cannot be stored
    "refused",
    metadata,
    sa.Column("writer", _Text, primary_key=True),
    sa.Column("segment", _Id, primary_key=True),
    sa.Column("offset", _Id, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("error", _Text, nullable=False),
    sa.Column("run_id", _Text, nullable=True),
)

experiment = sa.Table(
    "experiment",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=False),
    sa.Column("name", _Text, nullable=False),
    sa.Column("last_number", _Id, nullable=False),
    sa.Column("tags", sa.Text, nullable=False),  # JSON
    sa.Column("archived_s", sa.Double, nullable=True),  # NULL: it is active
    sa.Column("deleted_s", sa.Double, nullable=True),  # since when it is in the trash
    _on_sqlite(sa.UniqueConstraint("name")),
)
_unique_elsewhere("uq_experiment", short(experiment.c.name))

run = sa.Table(
    "run",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=False),
    sa.Column("run_id", _Text, nullable=False, unique=True),
    sa.Column("experiment", _Id, nullable=True),  # NULL: a stub
    sa.Column("number", _Id, nullable=False),
    sa.Column("name", _Text, nullable=False),
    sa.Column("parent", _Text, nullable=True),  # a run_id, which may still be unknown
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("cause", _Text, nullable=False),
    sa.Column("created_s", sa.Double, nullable=True),
    sa.Column("started_s", sa.Double, nullable=True),
    sa.Column("ended_s", sa.Double, nullable=True),
    sa.Column("lost_points", _Id, nullable=False),
    sa.Column("warnings", sa.Text, nullable=False),  # a JSON list
    sa.Column("attempt", _Id, nullable=True),  # the stamp of the newest state record, else NULL
    sa.Column("terminal", sa.Boolean, nullable=True),
    sa.Column("sequence", _Id, nullable=True),
    sa.Column("owner", _Text, nullable=True, index=True),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("description", _Text, nullable=False),
    sa.Column("archived_s", sa.Double, nullable=True),  # NULL: it is active
    sa.Column("deleted_s", sa.Double, nullable=True),  # since when it is in the trash
    sa.Index("ix_run_created", "created_s", "id"),
    sa.Index("ix_run_experiment", "experiment", "created_s", "id"),
    sa.Index("ix_run_parent", "parent", "created_s", "id"),
)
sa.Index("ix_run_name", short(run.c.name))
sa.Index(  # holds all that is asked of namesakes: there may be 100,000 of them
    "ix_run_namesakes",
    run.c.experiment,
    short(run.c.name),
    run.c.number,
    run.c.parent,
    run.c.deleted_s,
)

deleted_run = sa.Table(  # what is still said about these is dropped
    "deleted_run",
    metadata,
    sa.Column("run_id", _Text, primary_key=True),
    sqlite_with_rowid=False,
)

tag = sa.Table(
    "tag",
    metadata,
    sa.Column("run", _Id, nullable=False),
    sa.Column("key", _Text, nullable=False),
    sa.Column("value", _Text, nullable=True),
    _on_sqlite(sa.PrimaryKeyConstraint("run", "key")),
    sqlite_with_rowid=False,
)
sa.Index("ix_tag_key", short(tag.c.key), short(tag.c.value), tag.c.run)
_unique_elsewhere("uq_tag", tag.c.run, short(tag.c.key))

property_ = sa.Table(
    "property",
    metadata,
    sa.Column("run", _Id, nullable=False),
    sa.Column("key", _Text, nullable=False),
    sa.Column("value", _Text, nullable=False),
    _on_sqlite(sa.PrimaryKeyConstraint("run", "key")),
    sqlite_with_rowid=False,
)
sa.Index("ix_property_key", short(property_.c.key), short(property_.c.value), property_.c.run)
_unique_elsewhere("uq_property", property_.c.run, short(property_.c.key))

parameter = sa.Table(
    "parameter",
    metadata,
    sa.Column("run", _Id, nullable=False),
    sa.Column("name", _Text, nullable=False),
    sa.Column("value", sa.Text, nullable=False),  # JSON, which tells the four kinds apart
    sa.Column("equal", sa.Text, nullable=False),  # short, and the same for equal values
    _on_sqlite(sa.PrimaryKeyConstraint("run", "name")),
    sqlite_with_rowid=False,
)
sa.Index("ix_parameter_name", short(parameter.c.name), parameter.c.equal, parameter.c.run)
_unique_elsewhere("uq_parameter", parameter.c.run, short(parameter.c.name))

file = sa.Table(
    "file",
    metadata,
    sa.Column("run", _Id, nullable=False),
    sa.Column("path", _Text, nullable=False),
    sa.Column("key", _Text, nullable=False),
    sa.Column("size_bytes", _Id, nullable=False),
    sa.Column("time_s", sa.Double, nullable=True),
    _on_sqlite(sa.PrimaryKeyConstraint("run", "path")),
    sqlite_with_rowid=False,
)
_unique_elsewhere("uq_file", file.c.run, short(file.c.path))

artifact = sa.Table(
    "artifact",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=False),
    sa.Column("run", _Id, nullable=False),
    sa.Column("name", _Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("path", _Text, nullable=False),
    sa.Column("key", _Text, nullable=False),
    sa.Column("size_bytes", _Id, nullable=False),
    sa.Column("step", _Id, nullable=False),
    sa.Column("time_s", sa.Double, nullable=True),
)
sa.Index("ix_artifact_run", artifact.c.run, short(artifact.c.name))

model = sa.Table(
    "model",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=False),
    sa.Column("name", _Text, nullable=False),
    sa.Column("version", _Id, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),  # the row keeps its number from being reused
    sa.Column("run", _Text, nullable=True),  # a run_id
    sa.Column("files", sa.Text, nullable=False),  # JSON, like the next two
    sa.Column("tags", sa.Text, nullable=False),
    sa.Column("properties", sa.Text, nullable=False),
    sa.Column("description", _Text, nullable=False),
    sa.Column("framework", _Text, nullable=False),
    sa.Column("framework_version", _Text, nullable=False),
    sa.Column("created_s", sa.Double, nullable=True),
    _on_sqlite(sa.UniqueConstraint("name", "version")),
)
_unique_elsewhere("uq_model", short(model.c.name), model.c.version)

series = sa.Table(
    "series",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=False),
    sa.Column("run", _Id, nullable=False),
    sa.Column("name", _Text, nullable=False),
    sa.Column("is_text", sa.Boolean, nullable=False),
    sa.Column("kind", sa.SmallInteger, nullable=False),
    sa.Column("points", _Id, nullable=False),
    sa.Column(
        "tail_start", _Id, nullable=False
    ),  # where the open chunk begins; = points: none is open
    sa.Column("last_number", sa.Double, nullable=True),
    sa.Column("last_integer", _Id, nullable=True),  # exact, for bool and int
    sa.Column("last_text", sa.Text, nullable=True),  # JSON, which holds any text exactly
    sa.Column("last_step", _Id, nullable=False),
    sa.Column("last_time_s", sa.Double, nullable=True),
    sa.Column("min_value", sa.Double, nullable=True),
    sa.Column("max_value", sa.Double, nullable=True),
    sa.Column("max_step", _Id, nullable=False),
    sa.Column("table", _Text, nullable=False),  # that it is a column of; else empty
    sa.Column("min_value_step", _Id, nullable=True),  # of the first point that has it
    sa.Column("max_value_step", _Id, nullable=True),
    sa.Column("extremes_of", _Id, nullable=True),  # of how many points these two steps are
    _on_sqlite(sa.UniqueConstraint("run", "name", "is_text")),
)
STEPS_ARE_KNOWN = series.c.extremes_of == series.c.points  # or NULL
sa.Index("ix_series_last", short(series.c.name), series.c.last_number, series.c.run)
sa.Index("ix_series_min", short(series.c.name), series.c.min_value, series.c.run)
sa.Index("ix_series_max", short(series.c.name), series.c.max_value, series.c.run)
_unique_elsewhere("uq_series", series.c.run, short(series.c.name), series.c.is_text)

chunk = sa.Table(
    "chunk",
    metadata,
    sa.Column("series", _Id, primary_key=True),
    sa.Column("start", _Id, primary_key=True),  # index of its first point in the series
    sa.Column("points", _Id, nullable=False),
    sa.Column("level", sa.SmallInteger, nullable=False),  # 0 open tail, 1 small, 2 full
    sa.Column("kind", sa.SmallInteger, nullable=False),
    sa.Column("codec", sa.SmallInteger, nullable=False),
    sa.Column("first_step", _Id, nullable=False),
    sa.Column("last_step", _Id, nullable=False),
    sa.Column("min_value", sa.Double, nullable=True),
    sa.Column("max_value", sa.Double, nullable=True),
    sa.Column("preview", sa.LargeBinary, nullable=True),  # before data: read without its pages
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("checksum", _Id, nullable=True),  # see `stores.codec.chunk`; NULL: there is none
)

compute = sa.Table(
    "compute",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=False),
    sa.Column("name", _Text, nullable=False),
    sa.Column("settings", sa.Text, nullable=False),  # JSON
    _on_sqlite(sa.UniqueConstraint("name")),
)
_unique_elsewhere("uq_compute", short(compute.c.name))

environment = sa.Table(
    "environment",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=False),
    sa.Column("name", _Text, nullable=False),
    sa.Column("version", _Text, nullable=False),
    sa.Column("definition", sa.Text, nullable=False),  # JSON
    sa.Column("created_s", sa.Double, nullable=True),
    _on_sqlite(sa.UniqueConstraint("name", "version")),
)
_unique_elsewhere("uq_environment", short(environment.c.name), short(environment.c.version))

saved_view = sa.Table(  # addresses of pages under names that people gave them
    "saved_view",
    metadata,
    sa.Column("name", _Text, primary_key=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("saved_s", sa.Double, nullable=True),
)

job = sa.Table(
    "job",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=False),
    sa.Column("run_id", _Text, nullable=False, unique=True),
    sa.Column("compute", _Text, nullable=False),
    sa.Column("submitted_s", sa.Double, nullable=True),
    sa.Column("claimed", sa.Boolean, nullable=False),
)
sa.Index("ix_job_compute", short(job.c.compute))
