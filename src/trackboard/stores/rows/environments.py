"""Rows of `environment`: what was registered, version by version."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from trackboard.ports import EnvironmentVersion
from trackboard.stores.rules.catalogue_rules import next_version
from trackboard.stores.rules.short_text import short
from trackboard.stores.schema.tables import environment, to_column


def add_environment(
    connection: sa.Connection, name: str, definition: Mapping[str, object], version: str
) -> EnvironmentVersion:
    """Register an environment; the same definition again is the newest version."""
    text = json.dumps(dict(definition))
    definition = json.loads(text)  # as it will be read back
    known = list_environments(connection, name)
    if known and known[0].definition == definition and version in ("", known[0].version):
        return known[0]
    new = EnvironmentVersion(name, version or next_version(known), definition, time.time())
    connection.execute(
        sa.delete(environment).where(
            short(environment.c.name) == name, short(environment.c.version) == new.version
        )
    )
    last = int(connection.execute(sa.select(sa.func.max(environment.c.id))).scalar_one() or 0)
    row = {
        "id": last + 1,
        "name": name,
        "version": new.version,
        "definition": text,
        "created_s": to_column(new.created_s),
    }
    connection.execute(sa.insert(environment), [row])
    return new


def list_environments(
    connection: sa.Connection, name: str | None
) -> tuple[EnvironmentVersion, ...]:
    """Registered environments by name, the version registered last first."""
    query = sa.select(environment).order_by(environment.c.name, environment.c.id.desc())
    if name is not None:
        query = query.where(short(environment.c.name) == name)
    return tuple(map(_version, connection.execute(query)))


def _version(row: sa.Row[Any]) -> EnvironmentVersion:
    return EnvironmentVersion(
        row.name, row.version, json.loads(row.definition), row.created_s or 0.0
    )
