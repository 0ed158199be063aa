"""What a condition means, on the values of one run."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trackboard.model import Run, Series, Value
from trackboard.ports import (
    Aggregate,
    AllOf,
    AnyOf,
    Attribute,
    Comparison,
    Condition,
    Field,
    HasValue,
    Not,
    OneOf,
    Ordered,
    Source,
)
from trackboard.ports.store.pattern import compile_pattern
from trackboard.stores.rules.equal_text import equal_text

SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_NUMBERS: Mapping[Aggregate, Callable[[Series], Value]] = {
    Aggregate.LAST: lambda series: float(series.last_value),
    Aggregate.MIN: lambda series: series.min_value,
    Aggregate.MAX: lambda series: series.max_value,
    Aggregate.STEP: lambda series: series.last_step,
    Aggregate.COUNT: lambda series: series.count,
    Aggregate.MIN_STEP: lambda series: _or_nan(series.min_value_step),
    Aggregate.MAX_STEP: lambda series: _or_nan(series.max_value_step),
}
_ATTRIBUTES: Mapping[Attribute, Callable[[Run], Value | None]] = {
    Attribute.ID: lambda run: run.id,
    Attribute.NAME: lambda run: run.name,
    Attribute.EXPERIMENT: lambda run: run.experiment,
    Attribute.NUMBER: lambda run: run.number,
    Attribute.STATE: lambda run: run.state.value,
    Attribute.KIND: lambda run: run.kind.value,
    Attribute.PARENT: lambda run: run.parent,
    Attribute.DESCRIPTION: lambda run: run.description or None,
    Attribute.CREATED: lambda run: run.created_s,
    Attribute.STARTED: lambda run: run.started_s,
    Attribute.ENDED: lambda run: run.ended_s,
    Attribute.DURATION: lambda run: _duration_s(run),
}


def _or_nan(step: int | None) -> float:
    return math.nan if step is None else step


def _duration_s(run: Run) -> float | None:
    if run.started_s is None or run.ended_s is None:
        return None
    return max(0.0, run.ended_s - run.started_s)


@dataclass(frozen=True)
class RunValues:
    """All that a condition may ask of one run.

    Attributes:
        run: The run.
        tags: Tags by key.
        properties: Properties by key.
        parameters: Parameters by name.
        find_series: Finds the summary of a metric that is numbers.
    """

    run: Run
    tags: Mapping[str, str | None]
    properties: Mapping[str, str]
    parameters: Mapping[str, Value]
    find_series: Callable[[str], Series | None]

    def has(self, field: Field) -> bool:
        """Whether a field is there, also without a value."""
        if field.source is Source.TAG:
            return field.name in self.tags
        return self.value(field) is not None

    def value(self, field: Field) -> Value | None:
        """The value of a field."""
        if field.source is Source.TAG:
            return self.tags.get(field.name)
        if field.source is Source.PROPERTY:
            return self.properties.get(field.name)
        if field.source is Source.ATTRIBUTE:
            return _ATTRIBUTES[Attribute(field.name)](self.run)
        series = self.find_series(field.name) if field.is_of_metrics else None
        if series is not None:
            return _NUMBERS[field.aggregate](series)
        return None if field.source is Source.METRIC else self.parameters.get(field.name)

    def shown(self, field: Field) -> Value | None:
        """The value of a field, an empty text for a tag without one."""
        return "" if self.value(field) is None and self.has(field) else self.value(field)


def holds(condition: Condition, values: RunValues) -> bool:
    """Whether a condition holds of a run."""
    if isinstance(condition, Not):
        return not holds(condition.condition, values)
    if isinstance(condition, AllOf):
        return all(holds(each, values) for each in condition.conditions)
    if isinstance(condition, AnyOf):
        return any(holds(each, values) for each in condition.conditions)
    return _compares(condition, values)


def _compares(condition: Comparison, values: RunValues) -> bool:
    if isinstance(condition, HasValue):
        return values.has(condition.field)
    value = values.value(condition.field)
    if value is None:
        return False
    if isinstance(condition, OneOf):
        return equal_text(value) in {equal_text(each) for each in condition.values}
    if isinstance(condition, Ordered):
        is_number = not isinstance(value, str)
        return is_number and SIGNS[condition.sign](float(value), condition.number)
    return isinstance(value, str) and compile_pattern(condition.pattern)(value)


def sort_key(value: Value | None, *, is_parameter: bool) -> tuple[int, float, str]:
    """What a value is sorted by among others; see `Order`. The first is 2 for what has none."""
    if isinstance(value, str):
        return 1, 0.0, json.dumps(value) if is_parameter else value
    if value is None or math.isnan(value):
        return 2, 0.0, ""
    return 0, float(value), ""
