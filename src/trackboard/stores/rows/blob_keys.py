"""Which blobs rows name: files and artifacts of runs, files of models."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

import sqlalchemy as sa

from trackboard.model import RunId
from trackboard.stores.engine.database import pieces
from trackboard.stores.schema.tables import artifact, file, model, run


def list_keys(
    connection: sa.Connection, among: Collection[str] | None, without: Collection[RunId]
) -> frozenset[str]:
    """See `trackboard.ports.TrashStore.list_keys`."""
    left_out = {
        key
        for piece in pieces(dict.fromkeys(without))
        for key in connection.execute(sa.select(run.c.id).where(run.c.run_id.in_(piece))).scalars()
    }
    found = set(_model_keys(connection))
    for table in (file, artifact):
        query = sa.select(table.c.run, table.c.key).where(table.c.key != "").distinct()
        if not left_out:
            query = sa.select(sa.literal(0), table.c.key).where(table.c.key != "").distinct()
        asked = (
            [query] if among is None else [query.where(table.c.key.in_(p)) for p in pieces(among)]
        )
        for each in asked:
            found.update(key for of, key in connection.execute(each) if of not in left_out)
    return frozenset(found if among is None else found.intersection(among))


def _model_keys(connection: sa.Connection) -> Iterator[str]:
    for files in connection.execute(sa.select(model.c.files)).scalars():
        yield from json.loads(files).values()
