"""Rows of `parameter`: the values that a run was started with, exactly and comparably."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

import sqlalchemy as sa

from trackboard.model import RunId, Value
from trackboard.stores.engine.database import pieces
from trackboard.stores.rows.runs import forget
from trackboard.stores.rules.equal_text import equal_text
from trackboard.stores.rules.short_text import storable
from trackboard.stores.schema.tables import parameter, run


def put_parameters(
    connection: sa.Connection, values: Mapping[tuple[int, str], Value], fresh: Collection[int]
) -> None:
    """Set parameters of several runs; those among the `fresh` have none yet."""
    known = {(key, storable(name)): value for (key, name), value in values.items()}
    forget(connection, parameter, parameter.c.name, known, fresh)
    rows = [
        {"run": key, "name": name, "value": json.dumps(value), "equal": equal_text(value)}
        for (key, name), value in known.items()
    ]
    if rows:
        connection.execute(sa.insert(parameter), rows)


def list_parameters(
    connection: sa.Connection, ids: Collection[RunId]
) -> dict[RunId, dict[str, Value]]:
    """Parameters of the runs among `ids` that have any."""
    found: dict[RunId, dict[str, Value]] = {}
    query = (
        sa.select(run.c.run_id, parameter.c.name, parameter.c.value)
        .join(parameter, parameter.c.run == run.c.id)
        .order_by(parameter.c.name)
    )
    for piece in pieces(dict.fromkeys(ids)):
        for row in connection.execute(query.where(run.c.run_id.in_(piece))):
            found.setdefault(RunId(row.run_id), {})[row.name] = json.loads(row.value)
    return found
