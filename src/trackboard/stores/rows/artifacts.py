"""Rows of `artifact`: files that were logged as metrics' values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from trackboard.model import ArtifactKind, ArtifactLogged, RunId
from trackboard.ports import Artifact
from trackboard.stores.engine.database import pieces
from trackboard.stores.rules.short_text import short, storable
from trackboard.stores.rules.steps import to_int64
from trackboard.stores.schema.tables import artifact, run, to_column


def add_artifacts(connection: sa.Connection, logged: Sequence[tuple[int, ArtifactLogged]]) -> None:
    """Add files of several runs, each with its run's number, in the order they were logged."""
    if not logged:
        return
    last = connection.execute(sa.select(sa.func.max(artifact.c.id))).scalar_one() or 0
    counts = _counts(connection, {key for key, _ in logged})
    rows = []
    for number, (key, event) in enumerate(logged, last + 1):
        metric = (key, storable(event.name))
        count = counts.get(metric, 0)
        counts[metric] = count + 1
        rows.append(
            {
                "id": number,
                "run": key,
                "name": event.name,
                "kind": event.kind.value,
                "path": event.path,
                "key": event.key,
                "size_bytes": event.size_bytes,
                "step": count if event.step is None else to_int64(event.step),
                "time_s": to_column(event.time_s),
            }
        )
    connection.execute(sa.insert(artifact), rows)


def _counts(connection: sa.Connection, runs: Collection[int]) -> dict[tuple[int, str], int]:
    query = sa.select(artifact.c.run, artifact.c.name, sa.func.count().label("files"))
    return {
        (row.run, row.name): row.files
        for piece in pieces(runs)
        for row in connection.execute(
            query.where(artifact.c.run.in_(piece)).group_by(artifact.c.run, artifact.c.name)
        )
    }


def list_artifacts(
    connection: sa.Connection,
    *,
    runs: Collection[RunId] | None,
    names: Collection[str] | None,
    kinds: Collection[ArtifactKind] | None,
) -> tuple[Artifact, ...]:
    """The files that match every given condition, in the order they were stored."""
    query = sa.select(artifact, run.c.run_id).join(run, run.c.id == artifact.c.run)
    if runs is None:
        query = query.where(run.c.deleted_s.is_(None))
    queries = [query.order_by(artifact.c.id)]
    if kinds is not None:
        queries = [q.where(artifact.c.kind.in_({kind.value for kind in kinds})) for q in queries]
    if runs is not None:
        queries = [q.where(run.c.run_id.in_(p)) for q in queries for p in pieces(set(runs))]
    if names is not None:
        queries = [
            q.where(short(artifact.c.name).in_(p)) for q in queries for p in pieces(set(names))
        ]
    rows = [row for q in queries for row in connection.execute(q)]
    return tuple(_artifact(row) for row in sorted(rows, key=lambda row: int(row.id)))


def _artifact(row: sa.Row[Any]) -> Artifact:
    return Artifact(
        run=RunId(row.run_id),
        name=row.name,
        kind=ArtifactKind(row.kind),
        path=row.path,
        key=row.key,
        size_bytes=row.size_bytes,
        step=row.step,
        time_s=row.time_s or 0.0,
    )
