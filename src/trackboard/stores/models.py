"""Rows of `model`: what was registered, version by version."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from trackboard.model import RunId
from trackboard.ports import Model
from trackboard.stores.schema import model, to_column


def add_model(connection: sa.Connection, new: Model) -> Model:
    """Register the next version of a model."""
    newest = sa.select(sa.func.max(model.c.version)).where(model.c.name == new.name)
    version = int(connection.execute(newest).scalar_one() or 0) + 1
    last = int(connection.execute(sa.select(sa.func.max(model.c.id))).scalar_one() or 0)
    row = {
        "id": last + 1,
        "name": new.name,
        "version": version,
        "run": new.run,
        "files": json.dumps(dict(new.files)),
        "tags": json.dumps(dict(new.tags)),
        "properties": json.dumps(dict(new.properties)),
        "description": new.description,
        "framework": new.framework,
        "framework_version": new.framework_version,
        "created_s": to_column(new.created_s),
    }
    connection.execute(sa.insert(model), [row])
    kept = (dict(new.files), dict(new.tags), dict(new.properties))
    return replace(new, version=version, files=kept[0], tags=kept[1], properties=kept[2])


def list_models(connection: sa.Connection, name: str | None) -> tuple[Model, ...]:
    """Registered models by name, the newest version of each first."""
    query = sa.select(model)
    if name is not None:
        query = query.where(model.c.name == name)
    found = [_model(row) for row in connection.execute(query)]
    return tuple(sorted(found, key=lambda each: (each.name, -each.version)))


def _model(row: sa.Row[Any]) -> Model:
    return Model(
        name=row.name,
        version=row.version,
        run=None if row.run is None else RunId(row.run),
        files=json.loads(row.files),
        tags=json.loads(row.tags),
        properties=json.loads(row.properties),
        description=row.description,
        framework=row.framework,
        framework_version=row.framework_version,
        created_s=row.created_s or 0.0,
    )
