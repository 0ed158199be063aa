"""A condition on runs in SQL: each part of it is true or false of a run, never NULL."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from trackboard.model import Value
from trackboard.ports import (
    Aggregate,
    AllOf,
    AnyOf,
    Attribute,
    Comparison,
    Condition,
    Field,
    HasValue,
    Matches,
    Not,
    OneOf,
    Ordered,
    Source,
)
from trackboard.ports.store.pattern import compile_pattern
from trackboard.stores.engine.json_values import json_number, json_text
from trackboard.stores.engine.text_matches import text_matches
from trackboard.stores.rules.condition_match import SIGNS
from trackboard.stores.rules.equal_text import equal_text
from trackboard.stores.rules.run_transitions import UNKNOWN
from trackboard.stores.rules.short_text import Text, short
from trackboard.stores.schema.tables import (
    STEPS_ARE_KNOWN,
    experiment,
    parameter,
    property_,
    run,
    series,
    tag,
)

Clause = sa.ColumnElement[bool]

NUMBERS: Mapping[Aggregate, sa.ColumnElement[Any]] = {
    Aggregate.LAST: series.c.last_number,
    Aggregate.MIN: series.c.min_value,
    Aggregate.MAX: series.c.max_value,
    Aggregate.STEP: series.c.last_step,
    Aggregate.COUNT: series.c.points,
    Aggregate.MIN_STEP: sa.case((STEPS_ARE_KNOWN, series.c.min_value_step)),
    Aggregate.MAX_STEP: sa.case((STEPS_ARE_KNOWN, series.c.max_value_step)),
}
KEYED = {Source.TAG: tag, Source.PROPERTY: property_}
_OWN_NAME = sa.case(
    (run.c.name != "", run.c.name),
    (run.c.number > 0, sa.literal("run-", sa.Text()).concat(sa.cast(run.c.number, sa.Text()))),
    else_=run.c.run_id,
)
_ELAPSED_S = run.c.ended_s - run.c.started_s
ATTRIBUTES: Mapping[Attribute, sa.ColumnElement[Any]] = {
    Attribute.ID: run.c.run_id,
    Attribute.NAME: _OWN_NAME,
    Attribute.EXPERIMENT: sa.func.coalesce(
        sa.select(experiment.c.name)
        .where(experiment.c.id == run.c.experiment)
        .correlate(run)
        .scalar_subquery(),
        UNKNOWN,
    ),
    Attribute.NUMBER: run.c.number,
    Attribute.STATE: run.c.state,
    Attribute.KIND: run.c.kind,
    Attribute.PARENT: run.c.parent,
    Attribute.DESCRIPTION: sa.func.nullif(run.c.description, ""),
    Attribute.CREATED: sa.func.coalesce(run.c.created_s, 0.0),
    Attribute.STARTED: run.c.started_s,
    Attribute.ENDED: run.c.ended_s,
    Attribute.DURATION: sa.case((_ELAPSED_S < 0, 0.0), else_=_ELAPSED_S),
}
_TIMES = (Attribute.CREATED, Attribute.STARTED, Attribute.ENDED, Attribute.DURATION)
_NUMERIC = (*_TIMES, Attribute.NUMBER)


def clause_of(condition: Condition, *, negated: bool = False) -> Clause:
    """The clause that is true of the rows of `run` that a condition holds of.

    Negations are made where comparisons are: SQLite's parser nests no deeper than a hundred symbols.

    Args:
        condition: The condition.
        negated: Of those that it does not hold of.
    """
    if isinstance(condition, Not):
        return clause_of(condition.condition, negated=not negated)
    if isinstance(condition, (AllOf, AnyOf)):
        clauses = [clause_of(each, negated=negated) for each in condition.conditions]
        if isinstance(condition, AllOf) != negated:
            return sa.and_(sa.true(), *clauses)
        return sa.or_(sa.false(), *clauses)
    clause = _CLAUSES[condition.field.source](condition)
    return sa.not_(clause) if negated else clause


def sort_expressions(field: Field) -> Sequence[sa.ColumnElement[Any]]:
    """What runs are sorted by: numbers, then text; NULL comes last."""
    if field.source is Source.ATTRIBUTE:
        return [ATTRIBUTES[Attribute(field.name)]]
    if field.source in KEYED:
        table = KEYED[field.source]
        of_run = sa.select(table.c.value).where(short(table.c.key) == field.name)
        return [of_run.where(table.c.run == run.c.id).correlate(run).scalar_subquery()]
    number = _of_run(sa.select(NUMBERS[field.aggregate]).where(*_series(field)), series)
    if field.source is Source.METRIC:
        return [number]
    named = short(parameter.c.name) == field.name
    value = _of_run(sa.select(json_number(parameter.c.value)).where(named), parameter)
    is_text = parameter.c.value.startswith('"')
    json = _of_run(sa.select(sa.cast(parameter.c.value, Text())).where(named, is_text), parameter)
    if field.source is Source.PARAMETER:
        return [value, json]
    logged = sa.exists().where(series.c.run == run.c.id, *_series(field)).correlate(run)
    return [sa.case((logged, number), else_=value), sa.case((logged, None), else_=json)]


def _of_run(query: sa.Select[Any], table: sa.Table) -> sa.ColumnElement[Any]:
    return query.where(table.c.run == run.c.id).correlate(run).scalar_subquery()


def _series(field: Field) -> tuple[Clause, Clause]:
    return short(series.c.name) == field.name, series.c.is_text.is_(False)


def _metric(condition: Comparison) -> Clause:
    field = condition.field
    rows = sa.select(series.c.run).where(*_series(field))
    number = NUMBERS[field.aggregate]
    if isinstance(condition, HasValue):
        return run.c.id.in_(rows)
    if isinstance(condition, OneOf):
        return run.c.id.in_(rows.where(_equal_numbers(number, condition.values)))
    if isinstance(condition, Ordered):
        return run.c.id.in_(rows.where(_ordered(number, condition)))
    return sa.false()  # a number has no letters


def _equal_numbers(column: sa.ColumnElement[Any], values: Sequence[Value]) -> Clause:
    """NaN is NULL."""
    numbers = [float(value) for value in values if not isinstance(value, str)]
    finite = [number for number in numbers if not math.isnan(number)]
    equal: Clause = column.in_(finite)
    return sa.or_(equal, column.is_(None)) if len(finite) < len(numbers) else equal


def _ordered(column: sa.ColumnElement[Any], condition: Ordered) -> Clause:
    if math.isnan(condition.number):
        return sa.false()
    compared: Any = SIGNS[condition.sign](column, condition.number)  # type: ignore[arg-type]
    clause: Clause = compared
    return clause


def _parameter(condition: Comparison) -> Clause:
    rows = sa.select(parameter.c.run).where(short(parameter.c.name) == condition.field.name)
    if isinstance(condition, HasValue):
        return run.c.id.in_(rows)
    if isinstance(condition, OneOf):
        equal = parameter.c.equal.in_([equal_text(value) for value in condition.values])
        return run.c.id.in_(rows.where(equal))
    if isinstance(condition, Ordered):
        return run.c.id.in_(rows.where(_ordered(json_number(parameter.c.value), condition)))
    return run.c.id.in_(rows.where(_matches(json_text(parameter.c.value), condition)))


def _metric_or_parameter(condition: Comparison) -> Clause:
    logged = run.c.id.in_(sa.select(series.c.run).where(*_series(condition.field)))
    return sa.or_(_metric(condition), sa.and_(sa.not_(logged), _parameter(condition)))


def _keyed(condition: Comparison) -> Clause:
    table = KEYED[condition.field.source]
    rows = sa.select(table.c.run).where(short(table.c.key) == condition.field.name)
    if isinstance(condition, HasValue):
        return run.c.id.in_(rows)
    if isinstance(condition, OneOf):
        return run.c.id.in_(rows.where(short(table.c.value).in_(_texts(condition.values))))
    if isinstance(condition, Ordered):
        return sa.false()  # text is neither less nor greater than a number
    return run.c.id.in_(rows.where(_matches(table.c.value, condition)))


def _attribute(condition: Comparison) -> Clause:
    which = Attribute(condition.field.name)
    column = ATTRIBUTES[which]
    is_number = which in _NUMERIC
    if isinstance(condition, HasValue):
        return column.is_not(None)
    if isinstance(condition, OneOf) and is_number:
        clause = _equal_numbers(column, [each for each in condition.values if each == each])
    elif isinstance(condition, OneOf):
        clause = column.in_(_texts(condition.values))
    elif isinstance(condition, Ordered):
        clause = _ordered(column, condition) if is_number else sa.false()
    else:
        clause = sa.false() if is_number else _matches(column, condition)
    return sa.func.coalesce(clause, sa.false())


def _matches(column: sa.ColumnElement[Any], condition: Matches) -> Clause:
    compile_pattern(condition.pattern)  # a mistake in it is told before the database is asked
    return text_matches(column, sa.literal(condition.pattern, sa.Text()))


def _texts(values: Sequence[Value]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


_CLAUSES: Mapping[Source, Callable[[Comparison], Clause]] = {
    Source.METRIC: _metric,
    Source.PARAMETER: _parameter,
    Source.METRIC_OR_PARAMETER: _metric_or_parameter,
    Source.TAG: _keyed,
    Source.PROPERTY: _keyed,
    Source.ATTRIBUTE: _attribute,
}
