"""Runs that are lost: their state is stored nowhere, and yet it is compared, shown and grouped by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from trackboard.model import LOST, RunId, Value
from trackboard.ports import (
    AllOf,
    AnyOf,
    Attribute,
    Condition,
    Field,
    HasValue,
    Matches,
    Not,
    OneOf,
    RunQuery,
    Store,
    attribute,
    iter_comparisons,
)
from trackboard.ports.store.pattern import compile_pattern

_STATE, _ID = attribute(Attribute.STATE), attribute(Attribute.ID)
LostRuns = Callable[[], Collection[RunId]]


def resolve_lost(query: RunQuery, list_lost: LostRuns) -> RunQuery:
    """Return a query that a store can answer: it knows the states that were recorded only.

    Args:
        query: Which runs.
        list_lost: Lists the runs that are lost; not called where no state is asked for.
    """
    compared = iter_comparisons(query.where) if query.where is not None else ()
    if query.states is None and all(each.field != _STATE for each in compared):
        return query
    lost = tuple(sorted(list_lost()))
    if not lost:
        return query
    is_lost = OneOf(_ID, lost)
    where = None if query.where is None else _resolve(query.where, is_lost)
    if query.states is not None:
        where = AllOf((Not(is_lost),) if where is None else (where, Not(is_lost)))
    return replace(query, where=where)


def read_columns(
    store: Store, query: RunQuery, fields: Sequence[Field], list_lost: LostRuns
) -> tuple[Sequence[Value | None], ...]:
    """Read what all runs that match have of some fields, of lost ones that they are lost.

    Args:
        store: Where the runs are.
        query: Which runs, as `resolve_lost` returns it.
        fields: What is read, a column each.
        list_lost: Lists the runs that are lost; not called where no state is read.
    """
    lost = list_lost() if _STATE in fields else ()
    if not lost:
        return store.read_columns(query, fields)
    *columns, ids = store.read_columns(query, [*fields, _ID])
    for at, field in enumerate(fields):
        if field == _STATE:
            pairs = zip(ids, columns[at], strict=True)
            columns[at] = [LOST if run in lost else state for run, state in pairs]
    return tuple(columns)


def _resolve(condition: Condition, is_lost: OneOf) -> Condition:
    if isinstance(condition, Not):
        return Not(_resolve(condition.condition, is_lost))
    if isinstance(condition, (AllOf, AnyOf)):
        parts = tuple(_resolve(each, is_lost) for each in condition.conditions)
        return type(condition)(parts)
    if condition.field != _STATE or isinstance(condition, HasValue):
        return condition
    if isinstance(condition, OneOf):
        holds = LOST in condition.values
    else:
        holds = isinstance(condition, Matches) and bool(compile_pattern(condition.pattern)(LOST))
    return AnyOf((condition, is_lost)) if holds else AllOf((condition, Not(is_lost)))
