"""The way of runs and experiments through the trash: into it, out of it, and out of the database."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from trackboard.model import RunId
from trackboard.stores.engine.database import pieces
from trackboard.stores.rows import experiments, put_away, runs
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


def delete_experiment(connection: sa.Connection, name: str, deleted_s: float) -> tuple[RunId, ...]:
    """Put an experiment and all of its runs into the trash."""
    row = experiments.get_row(connection, name)
    experiments.set_deleted(connection, row, deleted_s)
    shown = runs.read_runs(connection, run.c.experiment == row.id, runs.IS_SHOWN)
    ids = [RunId(each.run_id) for each in shown]
    return put_away.put_away(connection, run.c.deleted_s, ids, deleted_s)


def restore_experiment(connection: sa.Connection, name: str) -> tuple[RunId, ...]:
    """Take an experiment out of the trash, with the runs that were deleted with it."""
    row = experiments.get_row(connection, name, deleted=True)
    with_it = (run.c.experiment == row.id, run.c.deleted_s == row.deleted_s)
    ids = [RunId(each.run_id) for each in runs.read_runs(connection, *with_it)]
    experiments.set_deleted(connection, row, None)
    return restore_runs(connection, ids)


def restore_runs(connection: sa.Connection, ids: Collection[RunId]) -> tuple[RunId, ...]:
    """Take runs out of the trash, and their experiments."""
    back = put_away.bring_back(connection, run.c.deleted_s, ids)
    for piece in pieces(back):
        used = sa.select(run.c.experiment).where(run.c.run_id.in_(piece))
        update = sa.update(experiment).where(experiment.c.id.in_(used))
        connection.execute(update.values(deleted_s=None))
    return back


def remove_runs(
    connection: sa.Connection, ids: Collection[RunId], deleted_before_s: float
) -> tuple[RunId, ...]:
    """Forget runs that came into the trash before and have ended; remember that they are deleted."""
    is_over = sa.or_(run.c.state.in_(runs.ENDED), run.c.experiment.is_(None))
    gone = [
        row
        for piece in pieces(dict.fromkeys(ids))
        for row in runs.read_runs(
            connection, run.c.run_id.in_(piece), run.c.deleted_s < deleted_before_s, is_over
        )
    ]
    for rows in pieces(gone):
        keys, its_ids = [row.id for row in rows], [row.run_id for row in rows]
        its_series = sa.select(series.c.id).where(series.c.run.in_(keys))
        connection.execute(sa.insert(deleted_run), [{"run_id": each} for each in its_ids])
        connection.execute(sa.delete(chunk).where(chunk.c.series.in_(its_series)))
        for table in (series, tag, property_, parameter, file, artifact):
            connection.execute(sa.delete(table).where(table.c.run.in_(keys)))
        connection.execute(sa.delete(job).where(job.c.run_id.in_(its_ids)))
        connection.execute(sa.delete(run).where(run.c.id.in_(keys)))
        connection.execute(sa.update(run).where(run.c.parent.in_(its_ids)).values(parent=None))
    return tuple(RunId(row.run_id) for row in sorted(gone, key=lambda row: int(row.id)))


def remove_experiments(connection: sa.Connection, deleted_before_s: float) -> tuple[str, ...]:
    """Forget the experiments that came into the trash before and have no run left."""
    has_run = sa.exists().where(run.c.experiment == experiment.c.id).correlate(experiment)
    query = sa.select(experiment.c.id, experiment.c.name).where(
        experiment.c.deleted_s < deleted_before_s, ~has_run
    )
    found = connection.execute(query.order_by(experiment.c.id)).all()
    for piece in pieces([row.id for row in found]):
        connection.execute(sa.delete(experiment).where(experiment.c.id.in_(piece)))
    return tuple(row.name for row in found)


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
