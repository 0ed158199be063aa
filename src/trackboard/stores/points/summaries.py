"""What is known of series at a glance: their rows alone, without any points."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from trackboard.model import RunId, Series, Value, ValueKind
from trackboard.stores.engine.database import pieces
from trackboard.stores.rows.runs import IS_SHOWN
from trackboard.stores.rules.short_text import short
from trackboard.stores.schema.tables import STEPS_ARE_KNOWN, from_column, run, series

_SUMMARY = (
    sa.select(
        series.c.id,
        run.c.run_id,
        series.c.name,
        series.c.kind,
        series.c.points,
        series.c.last_number,
        series.c.last_integer,
        series.c.last_text,
        series.c.last_step,
        series.c.last_time_s,
        series.c.min_value,
        series.c.max_value,
        series.c.max_step,
        sa.case((STEPS_ARE_KNOWN, series.c.min_value_step)),
        sa.case((STEPS_ARE_KNOWN, series.c.max_value_step)),
        series.c.table,
    )
    .join(run, run.c.id == series.c.run)
    .order_by(series.c.id)
)
_OF_RUNS = _SUMMARY.where(run.c.run_id.in_(sa.bindparam("runs", expanding=True)))
_KINDS = {int(kind): kind for kind in ValueKind}


def list_series(
    connection: sa.Connection,
    *,
    runs: Collection[RunId] | None,
    names: Collection[str] | None,
    text: bool | None,
) -> tuple[Series, ...]:
    """Summaries of the series that match every given condition, in the order they were begun."""
    query = _SUMMARY.where(IS_SHOWN) if runs is None else _OF_RUNS
    if text is not None:
        query = query.where(series.c.is_text == text)
    queries = [query]
    if names is not None:
        queries = [query.where(short(series.c.name).in_(piece)) for piece in pieces(set(names))]
    asked = [{}] if runs is None else [{"runs": piece} for piece in pieces(set(runs))]
    found = [
        _summary(row)
        for query in queries
        for values in asked
        for row in connection.execute(query, values).all()
    ]
    return tuple(found if len(queries) * len(asked) == 1 else sorted(found, key=lambda s: s.id))


def _summary(row: Iterable[Any]) -> Series:
    """A row of `_SUMMARY`. By position: a run may have thousands of series."""
    (
        series_id,
        run_id,
        name,
        kind_number,
        count,
        last_number,
        last_integer,
        last_text,
        last_step,
        last_time_s,
        min_value,
        max_value,
        max_step,
        min_value_step,
        max_value_step,
        table,
    ) = row
    kind = _KINDS[kind_number]
    return Series(
        series_id,
        run_id,
        name,
        kind,
        count,
        _value(kind, last_number, last_integer, last_text),
        last_step,
        from_column(last_time_s),
        from_column(min_value),
        from_column(max_value),
        max_step,
        min_value_step,
        max_value_step,
        table,
    )


def last_value(row: sa.Row[Any], kind: ValueKind) -> Value:
    """The newest value of a row of `series`, in the series' kind."""
    return _value(kind, row.last_number, row.last_integer, row.last_text)


def _value(kind: ValueKind, number: float | None, integer: int | None, text: str | None) -> Value:
    if kind is ValueKind.FLOAT:
        return from_column(number)
    if kind is ValueKind.TEXT:
        return str(json.loads(text or ""))
    return bool(integer) if kind is ValueKind.BOOL else int(integer or 0)
