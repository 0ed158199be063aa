"""Rows of `model`: what was registered, version by version."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from trackboard.model import RunId
from trackboard.ports import Model
from trackboard.stores.rules import catalogue_rules
from trackboard.stores.rules.short_text import short
from trackboard.stores.schema.tables import model, to_column


def add_model(connection: sa.Connection, new: Model) -> Model:
    """Register the next version of a model."""
    newest = sa.select(sa.func.max(model.c.version)).where(short(model.c.name) == new.name)
    version = int(connection.execute(newest).scalar_one() or 0) + 1
    last = int(connection.execute(sa.select(sa.func.max(model.c.id))).scalar_one() or 0)
    row = {
        "id": last + 1,
        "name": new.name,
        "version": version,
        "deleted": False,
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
    query = sa.select(model).where(model.c.deleted.is_(False))
    if name is not None:
        query = query.where(short(model.c.name) == name)
    found = [_model(row) for row in connection.execute(query)]
    return tuple(sorted(found, key=lambda each: (each.name, -each.version)))


def change_model(
    connection: sa.Connection,
    name: str,
    version: int,
    *,
    description: str | None,
    tags: Mapping[str, str] | None,
    removed_tags: Collection[str] | None,
    properties: Mapping[str, str] | None,
) -> Model:
    """Change what is said about a version."""
    row = _get_row(connection, name, version)
    changed = catalogue_rules.change_model(
        _model(row),
        description=description,
        tags=tags,
        removed_tags=removed_tags,
        properties=properties,
    )
    values = {
        "description": changed.description,
        "tags": json.dumps(dict(changed.tags)),
        "properties": json.dumps(dict(changed.properties)),
    }
    connection.execute(sa.update(model).where(model.c.id == row.id).values(values))
    return changed


def delete_model(connection: sa.Connection, name: str, version: int) -> None:
    """Forget a version, but not its number."""
    row = _get_row(connection, name, version)
    values = {
        "deleted": True,
        "run": None,
        "files": "{}",
        "tags": "{}",
        "properties": "{}",
        "description": "",
    }
    connection.execute(sa.update(model).where(model.c.id == row.id).values(values))


def _get_row(connection: sa.Connection, name: str, version: int) -> sa.Row[Any]:
    row = connection.execute(
        sa.select(model).where(
            short(model.c.name) == name, model.c.version == version, model.c.deleted.is_(False)
        )
    ).one_or_none()
    if row is None:
        raise catalogue_rules.no_model(name, version)
    return row


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
