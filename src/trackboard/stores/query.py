"""Find runs by what is known of them, sorted, a page at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from trackboard.model import Run
from trackboard.ports import Order, RunQuery
from trackboard.stores.life import UNKNOWN
from trackboard.stores.match import OPERATORS, check_query, equal_text
from trackboard.stores.runs import RUNS, record_of
from trackboard.stores.schema import experiment, parameter, property_, run, series, tag

_Condition = sa.ColumnElement[bool]
_NEWEST = (run.c.created_s.desc(), run.c.id.desc())
_OLDEST = (run.c.created_s, run.c.id)


def query_runs(
    connection: sa.Connection, query: RunQuery, order: Order, *, limit: int | None, offset: int
) -> tuple[Run, ...]:
    """See `trackboard.ports.Store.query_runs`."""
    check_query(query)
    conditions = tuple(_conditions(query))
    if order.metric is None:
        found = RUNS.where(*conditions).order_by(*(_NEWEST if order.descending else _OLDEST))
        return _page(connection, found, limit, offset)
    of_metric = _numbers(order.metric)
    having = sa.select(series.c.run).where(of_metric, series.c.last_number.is_not(None))
    number = series.c.last_number.desc() if order.descending else series.c.last_number
    sorted_runs = (
        RUNS.join(series, sa.and_(series.c.run == run.c.id, of_metric))
        .where(series.c.last_number.is_not(None), *conditions)
        .order_by(number, *_NEWEST)
    )
    page = _page(connection, sorted_runs, limit, offset)
    if limit is not None and len(page) == limit:
        return page
    before = offset + len(page)
    if not page and offset:
        counted = sa.select(sa.func.count()).select_from(
            sorted_runs.with_only_columns(run.c.id).order_by(None).subquery()
        )
        before = int(connection.execute(counted).scalar_one())
    rest = RUNS.where(run.c.id.not_in(having), *conditions).order_by(*_NEWEST)
    left = None if limit is None else limit - len(page)
    return page + _page(connection, rest, left, max(0, offset - before))


def _page(
    connection: sa.Connection, query: sa.Select[tuple[object]], limit: int | None, offset: int
) -> tuple[Run, ...]:
    if limit is not None:
        query = query.limit(limit)
    if offset:
        query = query.offset(offset)
    return tuple(record_of(row).run for row in connection.execute(query))


def _conditions(query: RunQuery) -> Iterator[_Condition]:
    if query.experiment is not None:
        of_name = sa.select(experiment.c.id).where(experiment.c.name == query.experiment)
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
        equal = (parameter.c.name == name, parameter.c.equal == equal_text(value))
        yield run.c.id.in_(sa.select(parameter.c.run).where(*equal))
    for name, sign, number in query.metrics:
        compared = sa.select(series.c.run).where(_numbers(name), _compared(sign, number))
        yield run.c.id.in_(compared)


def _keyed(table: sa.Table, wanted: Mapping[str, str | None]) -> Iterator[_Condition]:
    for key, value in wanted.items():
        found = sa.select(table.c.run).where(table.c.key == key)
        yield run.c.id.in_(found if value is None else found.where(table.c.value == value))


def _numbers(name: str) -> _Condition:
    return sa.and_(series.c.name == name, series.c.is_text.is_(False))


def _compared(sign: str, number: float) -> _Condition:
    """A comparison with the last value; NaN, which is stored as NULL, differs from everything."""
    if math.isnan(number):
        return sa.true() if sign == "!=" else sa.false()
    compared: _Condition = OPERATORS[sign](series.c.last_number, number)  # type: ignore[arg-type, assignment]
    return sa.or_(compared, series.c.last_number.is_(None)) if sign == "!=" else compared
