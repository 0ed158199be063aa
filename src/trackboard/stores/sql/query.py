"""Find runs by what is known of them, sorted, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from trackboard.model import Run, RunId
from trackboard.ports import (
    NEWEST_FIRST,
    Attribute,
    Comparison,
    Orders,
    RunQuery,
    Source,
    attribute,
)
from trackboard.stores.engine.database import version
from trackboard.stores.rows.runs import IS_SHOWN, RUNS, run_of
from trackboard.stores.rules.equal_text import equal_text
from trackboard.stores.rules.run_transitions import UNKNOWN
from trackboard.stores.rules.short_text import short
from trackboard.stores.schema.tables import experiment, parameter, property_, run, series, tag
from trackboard.stores.sql.by_parameter import query_by_parameter
from trackboard.stores.sql.condition import (
    INDEXED,
    NUMBERS,
    Clause,
    clause_of,
    rows_of,
    sort_expressions,
)
from trackboard.stores.sql.keyset import NEWEST, OLDEST, Key, comes_after, get_keys
from trackboard.stores.sql.names_in_use import NamesInUse

Rows = Sequence[Any]  # of `RUNS`

# Statements are made once: to put one together takes longer than to read a page of runs.
_NEWEST = (run.c.created_s.desc(), run.c.id.desc())
_PAGE = RUNS.limit(sa.bindparam("limit")).offset(sa.bindparam("offset"))
_BY_TIME = {True: _PAGE.order_by(*_NEWEST), False: _PAGE.order_by(run.c.created_s, run.c.id)}


class _ByMetric:
    """The statements for one of a metric's numbers that an index has; NULL for texts and NaN."""

    def __init__(self, number: sa.ColumnElement[Any]) -> None:
        named = short(series.c.name) == sa.bindparam("metric")
        self.number = number
        self.has_number = sa.and_(named, number.is_not(None))
        having = _PAGE.join(series, series.c.run == run.c.id).where(self.has_number)
        self.page = {
            True: having.order_by(number.desc(), *_NEWEST),
            False: having.order_by(number, *_NEWEST),
        }
        of_run = (series.c.run == run.c.id, named, series.c.is_text.is_(False))
        self.not_having = _PAGE.where(
            ~sa.exists().where(*of_run, number.is_not(None)).correlate(run)
        ).order_by(*_NEWEST)
        self.count_having = (
            sa.select(sa.func.count())
            .select_from(series.join(run, series.c.run == run.c.id))
            .where(self.has_number)
        )
        self.numbers = sa.select(series.c.run, number.label("number")).where(
            series.c.run.in_(sa.bindparam("runs", expanding=True)), self.has_number
        )
        self.of_run = (
            sa.select(number, run.c.created_s, run.c.id)
            .select_from(run.join(series, series.c.run == run.c.id))
            .where(run.c.run_id == sa.bindparam("after"), self.has_number)
        )


_BY_METRIC = {each: _ByMetric(NUMBERS[each]) for each in INDEXED}
_CREATED = attribute(Attribute.CREATED)
_ALL = 2**62  # as a limit
_MOST_COUNTS = 200  # that are kept
_FEW = 500  # runs that are sorted here instead of by the database


def query_runs(
    connection: sa.Connection,
    query: RunQuery,
    orders: Orders,
    *,
    limit: int | None,
    offset: int,
    after: RunId | None = None,
) -> tuple[Run, ...]:
    """See `trackboard.ports.Store.query_runs`."""
    names = NamesInUse(connection)
    conditions = tuple(_conditions(query, names))
    every = (*conditions, *_shown(query))
    count = _ALL if limit is None else limit
    keys = [(names.resolve(each.by), each.descending) for each in orders or NEWEST_FIRST]
    (first, is_descending), *others = keys
    of_metric = _BY_METRIC.get(first.aggregate) if first.source is Source.METRIC else None
    if first.source is Source.PARAMETER and not others and limit is not None and not offset:

        def read_newest(clauses: Sequence[Clause], most: int) -> tuple[Run, ...]:
            return _page(connection, _BY_TIME[True], (*every, *clauses), {}, most, 0)

        found = query_by_parameter(
            connection, read_newest, first.name, limit, after, descending=is_descending
        )
        if found is not None:
            return found
    if others or (first != _CREATED and of_metric is None):
        sorting = [
            Key(expression, descending)
            for field, descending in keys
            for expression in sort_expressions(field)
        ]
        behind = _behind(connection, [*sorting, *NEWEST], after)
        return _page(connection, _sorted_by(sorting), (*every, *behind), {}, count, offset)
    if of_metric is None:
        if after is not None and is_descending:
            return _after_by_time(connection, every, after, count)
        behind = _behind(connection, OLDEST, after)
        return _page(connection, _BY_TIME[is_descending], (*every, *behind), {}, count, offset)
    metric = {"metric": first.name}
    if after is not None:
        return _after_by_metric(
            connection, of_metric, metric, every, after, count, descending=is_descending
        )
    if conditions and (few := _few(connection, every)) is not None:
        found = _sorted(connection, of_metric, few, metric, descending=is_descending)
        return found[offset : offset + count]
    return _by_metric(connection, of_metric, metric, every, count, offset, descending=is_descending)


def _after_by_time(
    connection: sa.Connection, every: Sequence[Clause], after: RunId, count: int
) -> tuple[Run, ...]:
    """The page of the newest runs that goes on after one: found by an index, then those without a time."""
    values = get_keys(connection, NEWEST, after)
    behind, page = comes_after(NEWEST, values), _BY_TIME[True]
    if values[0] is None:
        return _page(connection, page, (*every, behind), {}, count, 0)
    further = (*every, run.c.created_s <= values[0], behind)
    found = _page(connection, page, further, {}, count, 0)
    if len(found) == count:
        return found
    timeless = (*every, run.c.created_s.is_(None))
    return found + _page(connection, page, timeless, {}, count - len(found), 0)


def _by_metric(
    connection: sa.Connection,
    of_metric: _ByMetric,
    metric: Mapping[str, str],
    every: Sequence[Clause],
    count: int,
    offset: int,
    *,
    descending: bool,
) -> tuple[Run, ...]:
    """A page of runs by a number of a metric, which an index has, then those without it."""
    page = _page(connection, of_metric.page[descending], every, metric, count, offset)
    if len(page) == count:
        return page
    if page or not offset:
        behind = 0
    else:
        having = connection.execute(of_metric.count_having.where(*every), metric).scalar_one()
        behind = offset - int(having)
    left = count - len(page)
    return page + _page(connection, of_metric.not_having, every, metric, left, behind)


def _after_by_metric(
    connection: sa.Connection,
    of_metric: _ByMetric,
    metric: Mapping[str, str],
    every: Sequence[Clause],
    after: RunId,
    count: int,
    *,
    descending: bool,
) -> tuple[Run, ...]:
    """The page of the same that goes on after a run."""
    number = of_metric.number
    values = connection.execute(of_metric.of_run, {**metric, "after": after}).first()
    if values is None:
        behind = _behind(connection, NEWEST, after)
        return _page(connection, of_metric.not_having, (*every, *behind), metric, count, 0)
    at: Clause = number <= values[0] if descending else number >= values[0]  # found by the index
    further = (*every, at, comes_after([Key(number, descending), *NEWEST], tuple(values)))
    page = _page(connection, of_metric.page[descending], further, metric, count, 0)
    return page + _page(connection, of_metric.not_having, every, metric, count - len(page), 0)


def _behind(
    connection: sa.Connection, keys: Sequence[Key], after: RunId | None
) -> tuple[Clause, ...]:
    """The condition that rows come after a run; none where it is the first page."""
    if after is None:
        return ()
    return (comes_after(keys, get_keys(connection, keys, after)),)


def count_runs(connection: sa.Connection, query: RunQuery) -> int:
    """See `trackboard.ports.Store.count_runs`."""
    matching = clauses_of(query, NamesInUse(connection))
    counted = sa.select(sa.func.count()).select_from(run).where(*matching)
    return int(connection.execute(counted).scalar_one())


class CountCache:
    """Keeps how many runs match what was asked since the last write: each page of a table asks it again."""

    def __init__(self) -> None:
        self._kept: tuple[object, dict[str, int]] = (None, {})

    def count(self, connection: sa.Connection, query: RunQuery, generation: int) -> int:
        """How many runs match, as this transaction sees them.

        Args:
            connection: The transaction.
            query: The conditions.
            generation: Which of the databases this is that were at its address.
        """
        now = (generation, version(connection))
        known, counts = self._kept
        if known != now or len(counts) >= _MOST_COUNTS:
            counts = {}
            self._kept = (now, counts)
        key = repr(query)
        found = counts.get(key)
        if found is None:
            found = counts[key] = count_runs(connection, query)
        return found


def clauses_of(query: RunQuery, names: NamesInUse) -> tuple[Clause, ...]:
    """The clauses that are true of the rows of `run` that match.

    Args:
        query: The conditions.
        names: The names that runs have.
    """
    return (*_shown(query), *_conditions(query, names))


def holds_somewhere(connection: sa.Connection, comparison: Comparison) -> bool:
    """See `trackboard.ports.RunStore.holds_somewhere`."""
    field = NamesInUse(connection).resolve(comparison.field)
    listed = (*_shown(RunQuery()),)
    if field.source in (Source.ATTRIBUTE, Source.METRIC_OR_PARAMETER):
        query = sa.select(run.c.id).where(*listed, clause_of(comparison))
    else:
        rows = rows_of(replace(comparison, field=field))
        if rows is None:
            return False
        (of_run,) = rows.selected_columns
        query = rows.join(run, run.c.id == of_run).where(*listed)
    return connection.execute(query.limit(1)).first() is not None


def _sorted_by(keys: Iterable[Key]) -> sa.Select[Any]:
    sorting = [(key.by.desc() if key.descending else key.by.asc()).nulls_last() for key in keys]
    return _PAGE.order_by(*sorting, *_NEWEST)


def _few(connection: sa.Connection, conditions: Sequence[Clause]) -> Rows | None:
    """Rows of all runs that match, the newest first; None when there are many.

    To look for few runs among everybody's values of a metric would take longest where least is found.
    """
    query = _BY_TIME[True].where(*conditions)
    found: Rows = connection.execute(query, {"limit": _FEW + 1, "offset": 0}).all()
    return found if len(found) <= _FEW else None


def _sorted(
    connection: sa.Connection,
    of_metric: _ByMetric,
    rows: Rows,
    metric: Mapping[str, str],
    *,
    descending: bool,
) -> tuple[Run, ...]:
    """Few runs by a metric; `rows` are sorted by what decides where they are equal."""
    values = {**metric, "runs": [row.id for row in rows]}
    numbers = {row.run: row.number for row in connection.execute(of_metric.numbers, values)}
    having = [row for row in rows if row.id in numbers]
    having.sort(key=lambda row: float(numbers[row.id]), reverse=descending)
    return tuple(map(run_of, [*having, *(row for row in rows if row.id not in numbers)]))


def _page(
    connection: sa.Connection,
    pages: sa.Select[Any],
    conditions: Sequence[Clause],
    values: Mapping[str, object],
    limit: int,
    offset: int,
) -> tuple[Run, ...]:
    if conditions:
        pages = pages.where(*conditions)
    found = connection.execute(pages, {**values, "limit": limit, "offset": offset})
    return tuple(map(run_of, found.all()))


def _shown(query: RunQuery) -> Iterator[Clause]:
    if query.deleted:
        at_s = query.deleted_s
        yield run.c.deleted_s.is_not(None) if at_s is None else run.c.deleted_s == at_s
        return
    yield IS_SHOWN
    if not query.archived:
        yield run.c.archived_s.is_(None)


def _conditions(query: RunQuery, names: NamesInUse) -> Iterator[Clause]:
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
    if query.where is not None:
        yield clause_of(names.resolve_all(query.where))


def _keyed(table: sa.Table, wanted: Mapping[str, str | None]) -> Iterator[Clause]:
    for key, value in wanted.items():
        found = sa.select(table.c.run).where(short(table.c.key) == key)
        yield run.c.id.in_(found if value is None else found.where(short(table.c.value) == value))
