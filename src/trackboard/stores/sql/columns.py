"""What all runs that match have of some fields, as columns; and how many runs experiments have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from trackboard.model import Value
from trackboard.ports import Attribute, ExperimentRuns, Field, RunQuery, Source
from trackboard.stores.rows.runs import ENDED, IS_SHOWN
from trackboard.stores.rules.run_transitions import UNKNOWN
from trackboard.stores.rules.short_text import short
from trackboard.stores.schema.tables import experiment, from_column, parameter, run, series
from trackboard.stores.sql.condition import ATTRIBUTES, KEYED, NUMBERS, Clause
from trackboard.stores.sql.keyset import NEWEST
from trackboard.stores.sql.names_in_use import NamesInUse
from trackboard.stores.sql.query import clauses_of

_FEW = 500  # runs that are named one by one, so that all others' values are not looked at

_BY_EXPERIMENT = (
    sa.select(
        experiment.c.name,
        sa.func.count(),
        sa.func.sum(sa.case((run.c.state.in_(ENDED), 0), else_=1)),
        sa.func.max(run.c.created_s),
    )
    .select_from(run.outerjoin(experiment, run.c.experiment == experiment.c.id))
    .where(IS_SHOWN, run.c.parent.is_(None))
    .group_by(experiment.c.name)
)


def count_by_experiment(connection: sa.Connection) -> dict[str, ExperimentRuns]:
    """See `trackboard.ports.RunStore.count_by_experiment`."""
    found: dict[str, ExperimentRuns] = {}
    for name, count, going_on, newest_s in connection.execute(_BY_EXPERIMENT).all():
        more = found.get(UNKNOWN if name is None else name, ExperimentRuns(0, 0, 0.0))
        found[UNKNOWN if name is None else name] = ExperimentRuns(
            more.count + count, more.going_on + int(going_on), max(more.newest_s, newest_s or 0.0)
        )
    return found


def read_columns(
    connection: sa.Connection, query: RunQuery, fields: Sequence[Field]
) -> tuple[Sequence[Value | None], ...]:
    """See `trackboard.ports.RunStore.read_columns`."""
    names = NamesInUse(connection)
    matching = clauses_of(query, names)
    newest = [key.by.desc() for key in NEWEST]
    keys = connection.execute(sa.select(run.c.id).where(*matching).order_by(*newest)).scalars()
    rows = {key: row for row, key in enumerate(keys.all())}
    chosen: Sequence[int] | sa.Select[Any] = sa.select(run.c.id).where(*matching)
    if len(rows) <= _FEW:
        chosen = [*rows]
    columns = []
    for field in fields:
        column: list[Value | None] = [None] * len(rows)
        for key, value in _values(connection, names.resolve(field), chosen):
            column[rows[key]] = value
        columns.append(column)
    return tuple(columns)


def _values(
    connection: sa.Connection, field: Field, chosen: Sequence[int] | sa.Select[Any]
) -> Sequence[tuple[int, Value | None]]:
    """Pairs of a run's key and what it has; of several about one run the last counts."""
    if field.source is Source.ATTRIBUTE:
        of_run = ATTRIBUTES[Attribute(field.name)]
        query = sa.select(run.c.id, of_run).where(run.c.id.in_(chosen))
        return [(key, value) for key, value in connection.execute(query).all()]
    if field.source in KEYED:
        table = KEYED[field.source]
        named = short(table.c.key) == field.name
        query = sa.select(table.c.run, table.c.value).where(named, table.c.run.in_(chosen))
        return [(key, value or "") for key, value in connection.execute(query).all()]
    if field.source is Source.PARAMETER:
        return _parameters(connection, field, chosen)
    numbers = _numbers(connection, field, chosen)
    if field.source is Source.METRIC:
        return numbers
    return [*_parameters(connection, field, chosen), *numbers]


def _numbers(
    connection: sa.Connection, field: Field, chosen: Sequence[int] | sa.Select[Any]
) -> Sequence[tuple[int, Value]]:
    clauses: Sequence[Clause] = (
        short(series.c.name) == field.name,
        series.c.is_text.is_(False),
        series.c.run.in_(chosen),
    )
    query = sa.select(series.c.run, NUMBERS[field.aggregate]).where(*clauses)
    return [(key, from_column(number)) for key, number in connection.execute(query).all()]


def _parameters(
    connection: sa.Connection, field: Field, chosen: Sequence[int] | sa.Select[Any]
) -> Sequence[tuple[int, Value]]:
    clauses = (short(parameter.c.name) == field.name, parameter.c.run.in_(chosen))
    query = sa.select(parameter.c.run, parameter.c.value).where(*clauses)
    known: dict[str, Value] = {}  # few values, of many runs
    found = connection.execute(query).all()
    for text in {text for _, text in found}:
        known[text] = json.loads(text)
    return [(key, known[text]) for key, text in found]
