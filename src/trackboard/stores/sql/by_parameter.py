"""Pages of runs by a parameter that has few different values: each of these in turn, found by an index.

To sort all runs by what a parameter is, each one's JSON would be looked up and read for a page of fifty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa

from trackboard.model import Run, RunId
from trackboard.stores.engine.json_values import number_of
from trackboard.stores.rules.short_text import short
from trackboard.stores.schema.tables import parameter, run
from trackboard.stores.sql.keyset import NEWEST, Clause, comes_after, get_keys

_MOST_VALUES = 1000  # that a parameter has in all runs
_MOST_TURNS = 8  # values whose runs are looked for, one after the other

ReadPage = Callable[[Sequence[Clause], int], tuple[Run, ...]]
Rank = Sequence[str]  # the equal texts of values that are sorted as one

_NAMED = short(parameter.c.name) == sa.bindparam("parameter")
_equals = (
    sa.select(parameter.c.equal, sa.func.count().label("runs"))
    .where(_NAMED)
    .group_by(parameter.c.equal)
    .limit(_MOST_VALUES + 1)
    .subquery()
)
_one = parameter.alias()
_VALUES = sa.select(
    _equals.c.equal,
    _equals.c.runs,
    sa.select(_one.c.value)
    .where(short(_one.c.name) == sa.bindparam("parameter"), _one.c.equal == _equals.c.equal)
    .limit(1)
    .correlate(_equals)
    .scalar_subquery()
    .label("value"),
)
_OF_RUN = (
    sa.select(parameter.c.equal)
    .join(run, run.c.id == parameter.c.run)
    .where(run.c.run_id == sa.bindparam("after"), _NAMED)
)


def query_by_parameter(
    connection: sa.Connection,
    read_newest: ReadPage,
    name: str,
    limit: int,
    after: RunId | None,
    *,
    descending: bool,
) -> tuple[Run, ...] | None:
    """A page of runs by a parameter, those without it last; None where to sort them all takes less.

    Args:
        connection: Of the store.
        read_newest: Reads the newest of the runs that match and of which clauses are true.
        name: The parameter.
        limit: How many runs at most.
        after: The run that the page comes after; None: it is the first page.
        descending: Whether the greatest value comes first.
    """
    values = connection.execute(_VALUES, {"parameter": name}).all()
    if len(values) > _MOST_VALUES:
        return None
    ranks = _ranked(((row.equal, row.value) for row in values), descending=descending)
    first = 0
    behind: tuple[Clause, ...] = ()
    if after is not None:
        behind = (comes_after(NEWEST, get_keys(connection, NEWEST, after)),)
        equal = connection.execute(_OF_RUN, {"parameter": name, "after": after}).scalar()
        first = next((at for at, rank in enumerate(ranks) if equal in rank), len(ranks))
    turns = ranks[first:]
    runs = {row.equal: int(row.runs) for row in values}
    soon = sum(runs[equal] for rank in turns[:_MOST_TURNS] for equal in rank)
    if len(turns) > _MOST_TURNS and soon < limit:
        return None
    found: tuple[Run, ...] = ()
    for rank in turns[:_MOST_TURNS]:
        found += read_newest((_has(name, rank), *behind), limit - len(found))
        behind = ()
        if len(found) == limit:
            return found
    if len(turns) > _MOST_TURNS:
        return None
    return found + read_newest((_has_none(name, ranks), *behind), limit - len(found))


def _ranked(values: Iterable[tuple[str, str]], *, descending: bool) -> list[Rank]:
    """The equal texts of values in the order of these: numbers, then texts; NaN is as nothing."""
    numbers: dict[float, list[str]] = {}
    texts: dict[str, list[str]] = {}
    for equal, json in values:
        number = number_of(json)
        if number is not None:
            numbers.setdefault(number, []).append(equal)
        elif json.startswith('"'):
            texts.setdefault(json, []).append(equal)
    return [
        *(numbers[each] for each in sorted(numbers, reverse=descending)),
        *(texts[each] for each in sorted(texts, reverse=descending)),
    ]


def _has(name: str, rank: Rank) -> Clause:
    named = short(parameter.c.name) == name
    return run.c.id.in_(sa.select(parameter.c.run).where(named, parameter.c.equal.in_(rank)))


def _has_none(name: str, ranks: Sequence[Rank]) -> Clause:
    named = short(parameter.c.name) == name
    equals = [equal for rank in ranks for equal in rank]
    of_run = (parameter.c.run == run.c.id, named, parameter.c.equal.in_(equals))
    return ~sa.exists().where(*of_run).correlate(run)
