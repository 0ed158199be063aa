"""Find runs by what is known of them, sorted, a page at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from trackboard.model import Run
from trackboard.ports import Order, RunQuery
from trackboard.stores.rows.runs import RUNS, run_of
from trackboard.stores.rules.query_match import OPERATORS, check_query, equal_text
from trackboard.stores.rules.run_transitions import UNKNOWN
from trackboard.stores.rules.short_text import short
from trackboard.stores.schema.tables import experiment, parameter, property_, run, series, tag

_Condition = sa.ColumnElement[bool]
Rows = Sequence[Any]  # of `RUNS`

# Statements are made once: to put one together takes longer than to read a page of runs.
_NEWEST = (run.c.created_s.desc(), run.c.id.desc())
_PAGE = RUNS.limit(sa.bindparam("limit")).offset(sa.bindparam("offset"))
_BY_TIME = {True: _PAGE.order_by(*_NEWEST), False: _PAGE.order_by(run.c.created_s, run.c.id)}
_HAS_NUMBER = sa.and_(
    short(series.c.name) == sa.bindparam("metric"),
    series.c.is_text.is_(False),
    series.c.last_number.is_not(None),  # NaN
)
_HAVING = _PAGE.join(series, series.c.run == run.c.id).where(_HAS_NUMBER)
_BY_METRIC = {
    True: _HAVING.order_by(series.c.last_number.desc(), *_NEWEST),
    False: _HAVING.order_by(series.c.last_number, *_NEWEST),
}
_NOT_HAVING = _PAGE.where(
    ~sa.exists().where(series.c.run == run.c.id, _HAS_NUMBER).correlate(run)
).order_by(*_NEWEST)
_COUNT_HAVING = (
    sa.select(sa.func.count())
    .select_from(series.join(run, series.c.run == run.c.id))
    .where(_HAS_NUMBER)
)
_NUMBERS = sa.select(series.c.run, series.c.last_number).where(
    series.c.run.in_(sa.bindparam("runs", expanding=True)), _HAS_NUMBER
)
_ALL = 2**62  # as a limit
_FEW = 500  # runs that are sorted here instead of by the database


def query_runs(
    connection: sa.Connection, query: RunQuery, order: Order, *, limit: int | None, offset: int
) -> tuple[Run, ...]:
    """See `trackboard.ports.Store.query_runs`."""
    check_query(query)
    conditions = tuple(_conditions(query))
    count = _ALL if limit is None else limit
    if order.metric is None:
        return _page(connection, _BY_TIME[order.descending], conditions, {}, count, offset)
    if conditions and (few := _few(connection, conditions)) is not None:
        return _sorted(connection, few, order)[offset : offset + count]
    metric = {"metric": order.metric}
    page = _page(connection, _BY_METRIC[order.descending], conditions, metric, count, offset)
    if len(page) == count:
        return page
    if page or not offset:
        behind = 0
    else:
        having = connection.execute(_COUNT_HAVING.where(*conditions), metric).scalar_one()
        behind = offset - int(having)
    left = count - len(page)
    return page + _page(connection, _NOT_HAVING, conditions, metric, left, behind)


def _few(connection: sa.Connection, conditions: Sequence[_Condition]) -> Rows | None:
    """Rows of all runs that match, the newest first; None when there are many.

    To look for few runs among everybody's values of a metric would take longest where least is found.
    """
    query = _BY_TIME[True].where(*conditions)
    found: Rows = connection.execute(query, {"limit": _FEW + 1, "offset": 0}).all()
    return found if len(found) <= _FEW else None


def _sorted(connection: sa.Connection, rows: Rows, order: Order) -> tuple[Run, ...]:
    """Few runs by a metric; `rows` are sorted by what decides where they are equal."""
    values = {"metric": order.metric, "runs": [row.id for row in rows]}
    numbers = {row.run: row.last_number for row in connection.execute(_NUMBERS, values)}
    having = [row for row in rows if row.id in numbers]
    having.sort(key=lambda row: float(numbers[row.id]), reverse=order.descending)
    return tuple(map(run_of, [*having, *(row for row in rows if row.id not in numbers)]))


def _page(
    connection: sa.Connection,
    pages: sa.Select[Any],
    conditions: Sequence[_Condition],
    values: Mapping[str, object],
    limit: int,
    offset: int,
) -> tuple[Run, ...]:
    if conditions:
        pages = pages.where(*conditions)
    found = connection.execute(pages, {**values, "limit": limit, "offset": offset})
    return tuple(map(run_of, found.all()))


def _conditions(query: RunQuery) -> Iterator[_Condition]:
    if query.experiment is not None:
        of_name = sa.select(experiment.c.id).where(short(experiment.c.name) == query.experiment)
        named = run.c.experiment == of_name.scalar_subquery()
        stubs = run.c.experiment.is_(None)
        yield sa.or_(named, stubs) if query.experiment == UNKNOWN else named
    if query.parent is not None:
        yield run.c.parent == query.parent
    if query.top_level:
        yield run.c.parent.is_(None)
    if query.kind is not None:
        yield run.c.kind == query.kind.value
    if query.states is not None:
        yield run.c.state.in_([state.value for state in query.states])
    yield from _keyed(tag, query.tags)
    yield from _keyed(property_, query.properties)
    for name, value in query.parameters.items():
        equal = (short(parameter.c.name) == name, parameter.c.equal == equal_text(value))
        yield run.c.id.in_(sa.select(parameter.c.run).where(*equal))
    for name, sign, number in query.metrics:
        metric = (short(series.c.name) == name, series.c.is_text.is_(False))
        yield run.c.id.in_(sa.select(series.c.run).where(*metric, _compared(sign, number)))


def _keyed(table: sa.Table, wanted: Mapping[str, str | None]) -> Iterator[_Condition]:
    for key, value in wanted.items():
        found = sa.select(table.c.run).where(short(table.c.key) == key)
        yield run.c.id.in_(found if value is None else found.where(short(table.c.value) == value))


def _compared(sign: str, number: float) -> _Condition:
    """A comparison with the last value; NaN, which is stored as NULL, differs from everything."""
    if math.isnan(number):
        return sa.true() if sign == "!=" else sa.false()
    last: Any = series.c.last_number
    compared: _Condition = OPERATORS[sign](last, float(number))  # type: ignore[assignment]
    return sa.or_(compared, last.is_(None)) if sign == "!=" else compared
