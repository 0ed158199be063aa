"""Deleting experiments with everything that is known of their runs."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from trackboard.model import RunId
from trackboard.stores.engine.database import pieces
from trackboard.stores.rows import experiments, runs
from trackboard.stores.rules import catalogue_rules
from trackboard.stores.rules.short_text import storable
from trackboard.stores.schema.tables import (
    artifact,
    chunk,
    deleted_run,
    experiment,
    file,
    job,
    parameter,
    property_,
    run,
    series,
    tag,
)


def delete_experiment(connection: sa.Connection, name: str) -> tuple[RunId, ...]:
    """Forget an experiment and its runs, and remember that they are deleted."""
    of = experiments.get_row(connection, name).id
    gone = [runs.run_of(row) for row in runs.read_runs(connection, run.c.experiment == of)]
    catalogue_rules.check_ended(name, gone)
    keys = sa.select(run.c.id).where(run.c.experiment == of)
    ids = sa.select(run.c.run_id).where(run.c.experiment == of)
    its_series = sa.select(series.c.id).where(series.c.run.in_(keys))
    connection.execute(sa.insert(deleted_run).from_select(["run_id"], ids))
    connection.execute(sa.delete(chunk).where(chunk.c.series.in_(its_series)))
    for table in (series, tag, property_, parameter, file, artifact):
        connection.execute(sa.delete(table).where(table.c.run.in_(keys)))
    connection.execute(sa.delete(job).where(job.c.run_id.in_(ids)))
    connection.execute(sa.delete(run).where(run.c.experiment == of))
    connection.execute(sa.delete(experiment).where(experiment.c.id == of))
    return tuple(each.id for each in gone)


def list_deleted(connection: sa.Connection, ids: Collection[RunId]) -> frozenset[RunId]:
    """Those of the runs that were deleted."""
    by_stored: dict[str, set[RunId]] = {}
    for each in ids:
        by_stored.setdefault(storable(each), set()).add(each)
    found: set[RunId] = set()
    for piece in pieces(by_stored):
        query = sa.select(deleted_run.c.run_id).where(deleted_run.c.run_id.in_(piece))
        for stored in connection.execute(query).scalars():
            found |= by_stored[stored]
    return frozenset(found)
