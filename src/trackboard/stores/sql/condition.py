"""A condition on runs in SQL: each part of it is true or false of a run, never NULL."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
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
INDEXED = (Aggregate.LAST, Aggregate.MIN, Aggregate.MAX)  # by metric; NULL for texts and NaN
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


def rows_of(condition: Comparison) -> sa.Select[Any] | None:
    """The keys of runs that a comparison of values, which are rows of their own, holds of; None: of none.

    Args:
        condition: Of anything but attributes, and of what may be a metric or a parameter.
    """
    if condition.field.source is Source.METRIC:
        return _metric_rows(condition)
    if condition.field.source is Source.PARAMETER:
        return _parameter_rows(condition)
    return _keyed_rows(condition)


def _metric_rows(condition: Comparison) -> sa.Select[Any] | None:
    field = condition.field
    named, is_number = _series(field)
    number = NUMBERS[field.aggregate]
    if isinstance(condition, HasValue):
        # what an index has comes first: a row is looked at where that is NULL alone
        return sa.select(series.c.run).where(
            named, sa.or_(series.c.last_number.is_not(None), is_number)
        )
    if isinstance(condition, OneOf):
        compared = _equal_numbers(number, condition.values)
        is_null = any(each != each for each in condition.values)
    elif isinstance(condition, Ordered):
        compared, is_null = _ordered(number, condition), False
    else:
        return None  # a number has no letters
    is_told = field.aggregate in INDEXED and not is_null
    return sa.select(series.c.run).where(named, *([] if is_told else [is_number]), compared)


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


def _parameter_rows(condition: Comparison) -> sa.Select[Any]:
    rows = sa.select(parameter.c.run).where(short(parameter.c.name) == condition.field.name)
    if isinstance(condition, HasValue):
        return rows
    if isinstance(condition, OneOf):
        equal = parameter.c.equal.in_([equal_text(value) for value in condition.values])
        return rows.where(equal)
    if isinstance(condition, Ordered):
        return rows.where(_ordered(json_number(parameter.c.value), condition))
    return rows.where(_matches(json_text(parameter.c.value), condition))


def _keyed_rows(condition: Comparison) -> sa.Select[Any] | None:
    table = KEYED[condition.field.source]
    rows = sa.select(table.c.run).where(short(table.c.key) == condition.field.name)
    if isinstance(condition, HasValue):
        return rows
    if isinstance(condition, OneOf):
        return rows.where(short(table.c.value).in_(_texts(condition.values)))
    if isinstance(condition, Ordered):
        return None  # text is neither less nor greater than a number
    return rows.where(_matches(table.c.value, condition))


def _among_rows(condition: Comparison) -> Clause:
    rows = rows_of(condition)
    return sa.false() if rows is None else run.c.id.in_(rows)


def _metric_or_parameter(condition: Comparison) -> Clause:
    field = condition.field
    metric, of_parameter = (
        replace(condition, field=replace(field, source=source))
        for source in (Source.METRIC, Source.PARAMETER)
    )
    logged = _among_rows(HasValue(metric.field))
    not_logged = sa.and_(sa.not_(logged), _among_rows(of_parameter))
    return sa.or_(_among_rows(metric), not_logged)


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
    return sa.and_(column.is_not(None), clause)  # a function around it would hide it from indexes


def _matches(column: sa.ColumnElement[Any], condition: Matches) -> Clause:
    compile_pattern(condition.pattern)  # a mistake in it is told before the database is asked
    return text_matches(column, sa.literal(condition.pattern, sa.Text()))


def _texts(values: Sequence[Value]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


_CLAUSES: Mapping[Source, Callable[[Comparison], Clause]] = {
    Source.METRIC: _among_rows,
    Source.PARAMETER: _among_rows,
    Source.METRIC_OR_PARAMETER: _metric_or_parameter,
    Source.TAG: _among_rows,
    Source.PROPERTY: _among_rows,
    Source.ATTRIBUTE: _attribute,
}
