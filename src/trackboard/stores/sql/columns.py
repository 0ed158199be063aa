"""What all runs that match have of some fields, as columns; and how many runs experiments have."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from trackboard.model import Value
from trackboard.ports import Attribute, ExperimentRuns, Field, RunQuery, Source
from trackboard.stores.rows.runs import ENDED, IS_SHOWN
from trackboard.stores.rules.run_transitions import UNKNOWN
from trackboard.stores.rules.short_text import short
from trackboard.stores.schema.tables import experiment, from_column, parameter, run, series
from trackboard.stores.sql.condition import ATTRIBUTES, INDEXED, KEYED, NUMBERS, Clause
from trackboard.stores.sql.keyset import NEWEST
from trackboard.stores.sql.names_in_use import NamesInUse
from trackboard.stores.sql.query import clauses_of

_FEW = 500  # runs that are named one by one, so that all others' values are not looked at
_MANY = (
    0.2  # of all runs: values of all are read, and those of others passed over, as that is quicker
)

Chosen = Sequence[int] | sa.Select[Any] | None  # keys of runs; None: all

_NEWEST_KEY = sa.select(sa.func.max(run.c.id))
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
    rows = keys.all()
    chosen: Chosen = sa.select(run.c.id).where(*matching)
    if len(rows) <= _FEW:
        chosen = [*rows]
    elif len(rows) > _MANY * connection.execute(_NEWEST_KEY).scalar_one():
        chosen = None
    columns = []
    for field in fields:
        found = _values(connection, names.resolve(field), chosen)
        columns.append([*map(found.get, rows)])
    return tuple(columns)


def _among(of_run: sa.ColumnElement[int], chosen: Chosen) -> Sequence[Clause]:
    return () if chosen is None else (of_run.in_(chosen),)


def _values(connection: sa.Connection, field: Field, chosen: Chosen) -> Mapping[int, Value | None]:
    """What runs have, by their keys."""
    if field.source is Source.ATTRIBUTE:
        of_run = ATTRIBUTES[Attribute(field.name)]
        query = sa.select(run.c.id, of_run).where(*_among(run.c.id, chosen))
        return _by_run(connection, query)
    if field.source in KEYED:
        table = KEYED[field.source]
        named = short(table.c.key) == field.name
        query = sa.select(table.c.run, table.c.value).where(named, *_among(table.c.run, chosen))
        return {key: value or "" for key, value in connection.execute(query).all()}
    if field.source is Source.PARAMETER:
        return _parameters(connection, field, chosen)
    numbers = _numbers(connection, field, chosen)
    if field.source is Source.METRIC:
        return numbers
    return {**_parameters(connection, field, chosen), **numbers}


def _numbers(connection: sa.Connection, field: Field, chosen: Chosen) -> Mapping[int, Value]:
    number = NUMBERS[field.aggregate]
    clauses = (short(series.c.name) == field.name, *_among(series.c.run, chosen))
    query = sa.select(series.c.run, number).where(*clauses)
    is_number = series.c.is_text.is_(False)
    if field.aggregate not in INDEXED or isinstance(chosen, list):
        found = connection.execute(query.where(is_number)).all()
        return {key: from_column(each) for key, each in found}
    # an index has them all; of a series without a number, its row says whether it is one of text
    nans = connection.execute(query.where(number.is_(None), is_number)).all()
    return dict.fromkeys((key for key, _ in nans), math.nan) | _by_run(
        connection, query.where(number.is_not(None))
    )


def _parameters(connection: sa.Connection, field: Field, chosen: Chosen) -> Mapping[int, Value]:
    clauses = (short(parameter.c.name) == field.name, *_among(parameter.c.run, chosen))
    query = sa.select(parameter.c.run, parameter.c.value).where(*clauses)
    known: dict[str, Value] = {}  # few values, of many runs
    found = _by_run(connection, query)
    for text in {*found.values()}:
        known[text] = json.loads(text)
    return dict(zip(found, map(known.__getitem__, found.values()), strict=True))


def _by_run(connection: sa.Connection, query: sa.Select[Any]) -> dict[int, Any]:
    """What the second column has, by the first, without a step of Python for each of many rows."""
    found: Any = connection.execute(query).all()
    return dict(found)
