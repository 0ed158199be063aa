"""Computes, the queue and what others ask of a run: small rows, written one at a time."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from trackboard.errors import Conflict
from trackboard.model import Compute, QueuedJob, RunId
from trackboard.stores.rows import runs
from trackboard.stores.rules.catalogue_rules import busy_compute, no_compute
from trackboard.stores.rules.short_text import short
from trackboard.stores.schema.tables import compute, job, run, to_column


def set_name(connection: sa.Connection, run_id: RunId, name: str) -> None:
    """Rename a run."""
    _change_run(connection, run_id, {"name": name})


def set_description(connection: sa.Connection, run_id: RunId, description: str) -> None:
    """Describe a run."""
    _change_run(connection, run_id, {"description": description})


def request_cancel(connection: sa.Connection, run_id: RunId) -> None:
    """Note that the run shall end."""
    _change_run(connection, run_id, {"cancel_requested": True})


def is_cancel_requested(connection: sa.Connection, run_id: RunId) -> bool:
    """Whether somebody asked the run to end."""
    query = sa.select(run.c.cancel_requested).where(run.c.run_id == run_id)
    return bool(connection.execute(query).scalar_one_or_none())


def _change_run(connection: sa.Connection, run_id: RunId, values: dict[str, Any]) -> None:
    key = runs.get_key(connection, run_id)
    connection.execute(sa.update(run).where(run.c.id == key).values(values))


def add_compute(connection: sa.Connection, new: Compute) -> None:
    """Create a compute target; the same settings again are fine."""
    known = find_compute(connection, new.name)
    if known is None:
        set_compute(connection, new)
        return
    differs = [
        f"{key} is {value!r}, not {asked!r}"
        for (key, value), asked in zip(
            _settings(known).items(), _settings(new).values(), strict=True
        )
        if value != asked and key != "created_s"
    ]
    if differs:
        raise Conflict(
            f"compute target {new.name!r} exists with other settings: {'; '.join(differs)}",
            hint="Use it as it is, update it, or choose another name.",
        )


def set_compute(connection: sa.Connection, new: Compute) -> None:
    """Create or replace a compute target; a replaced one keeps its place."""
    values = {"name": new.name, "settings": json.dumps(_settings(new))}
    found = connection.execute(
        sa.select(compute.c.id).where(short(compute.c.name) == new.name)
    ).first()
    if found is None:
        connection.execute(sa.insert(compute), [{"id": _next(connection, compute), **values}])
    else:
        connection.execute(sa.update(compute).where(compute.c.id == found.id).values(values))


def find_compute(connection: sa.Connection, name: str) -> Compute | None:
    """The compute target of that name, or None."""
    query = sa.select(compute.c.settings).where(short(compute.c.name) == name)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else Compute(**json.loads(found))


def list_computes(connection: sa.Connection) -> tuple[Compute, ...]:
    """All compute targets, oldest first."""
    query = sa.select(compute.c.settings).order_by(compute.c.id)
    return tuple(Compute(**json.loads(each)) for each in connection.execute(query).scalars())


def delete_compute(connection: sa.Connection, name: str) -> None:
    """Forget a compute target that nobody waits for."""
    if find_compute(connection, name) is None:
        raise no_compute(name)
    queued = list_jobs(connection, name)
    if queued:
        raise busy_compute(name, len(queued))
    connection.execute(sa.delete(compute).where(short(compute.c.name) == name))


def _settings(each: Compute) -> dict[str, Any]:
    return asdict(each) | {"tags": dict(each.tags)}


def add_job(connection: sa.Connection, new: QueuedJob) -> None:
    """Queue a job."""
    known = connection.execute(sa.select(job.c.id).where(job.c.run_id == new.run)).first()
    if known is not None:
        raise Conflict(f"run {new.run!r} is queued already", hint="Remove it from the queue first.")
    row = {
        "id": _next(connection, job),
        "run_id": new.run,
        "compute": new.compute,
        "submitted_s": to_column(new.submitted_s),
        "claimed": new.claimed,
    }
    connection.execute(sa.insert(job), [row])


def claim_job(connection: sa.Connection, name: str, without: Collection[RunId]) -> QueuedJob | None:
    """Take the oldest unclaimed job of a compute target that is not one of these."""
    waiting = sa.select(job).where(short(job.c.compute) == name, job.c.claimed.is_(False))
    waiting = waiting.where(job.c.run_id.not_in(list(without)))
    row = connection.execute(waiting.order_by(job.c.id).limit(1)).one_or_none()
    if row is None:
        return None
    connection.execute(sa.update(job).where(job.c.id == row.id).values(claimed=True))
    return QueuedJob(RunId(row.run_id), row.compute, row.submitted_s or 0.0, claimed=True)


def release_job(connection: sa.Connection, run_id: RunId) -> None:
    """Give a claimed job back to its old place in the queue."""
    connection.execute(sa.update(job).where(job.c.run_id == run_id).values(claimed=False))


def remove_job(connection: sa.Connection, run_id: RunId) -> bool:
    """Take a job out of the queue; whether it was there."""
    return connection.execute(sa.delete(job).where(job.c.run_id == run_id)).rowcount > 0


def list_jobs(connection: sa.Connection, name: str | None) -> tuple[QueuedJob, ...]:
    """Jobs in the order they were queued."""
    query = sa.select(job).order_by(job.c.id)
    if name is not None:
        query = query.where(short(job.c.compute) == name)
    return tuple(
        QueuedJob(RunId(row.run_id), row.compute, row.submitted_s or 0.0, bool(row.claimed))
        for row in connection.execute(query)
    )


def _next(connection: sa.Connection, table: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.max(table.c.id))).scalar_one() or 0) + 1
