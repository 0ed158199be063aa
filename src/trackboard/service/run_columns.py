"""Columns of a table of runs: what each run has of a metric, a parameter, a tag, an attribute."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from trackboard.format.times import duration, moment, took_s
from trackboard.model import RunId, Series, Value
from trackboard.ports import Aggregate, Attribute, Field, Source
from trackboard.service.answers import RunFacts

if TYPE_CHECKING:
    from trackboard.service.contract.service import Service

TIMES = (Attribute.CREATED, Attribute.STARTED, Attribute.ENDED)

_ATTRIBUTES: Mapping[Attribute, Callable[[RunFacts], Value | None]] = {
    Attribute.ID: lambda facts: facts.run.id,
    Attribute.NAME: lambda facts: facts.name.removeprefix(f"{facts.run.experiment}/"),
    Attribute.EXPERIMENT: lambda facts: facts.run.experiment,
    Attribute.NUMBER: lambda facts: facts.run.number,
    Attribute.STATE: lambda facts: facts.word,
    Attribute.KIND: lambda facts: facts.run.kind.value,
    Attribute.PARENT: lambda facts: facts.run.parent,
    Attribute.DESCRIPTION: lambda facts: facts.run.description or None,
    Attribute.CREATED: lambda facts: facts.run.created_s,
    Attribute.STARTED: lambda facts: facts.run.started_s,
    Attribute.ENDED: lambda facts: facts.run.ended_s,
    Attribute.DURATION: lambda facts: took_s(facts.run),
}
_NUMBERS: Mapping[Aggregate, Callable[[Series], Value | None]] = {
    Aggregate.LAST: lambda series: series.last_value,
    Aggregate.MIN: lambda series: series.min_value,
    Aggregate.MAX: lambda series: series.max_value,
    Aggregate.STEP: lambda series: series.last_step,
    Aggregate.COUNT: lambda series: series.count,
    Aggregate.MIN_STEP: lambda series: series.min_value_step,
    Aggregate.MAX_STEP: lambda series: series.max_value_step,
}


class RunColumns:
    """The columns of some runs.

    Args:
        service: Answers for what the facts do not hold.
        runs: The runs, a row each.
    """

    def __init__(self, service: Service, runs: Sequence[RunFacts]) -> None:
        self._service, self._runs = service, runs

    def read(self, field: Field) -> list[Value | None]:
        """What each run has of a field: times in seconds since the epoch, durations in seconds."""
        return [self._value(facts, field) for facts in self._runs]

    def show(self, field: Field) -> list[Value | None]:
        """The same for people: times of this place's clock, durations in words."""
        found = self.read(field)
        if field.source is not Source.ATTRIBUTE:
            return found
        which = Attribute(field.name)
        if which is Attribute.DURATION:
            return [duration(each) if isinstance(each, float) else None for each in found]
        if which in TIMES:
            return [moment(each) if isinstance(each, float) else None for each in found]
        return found

    def _value(self, facts: RunFacts, field: Field) -> Value | None:
        name = field.name
        if field.source is Source.ATTRIBUTE:
            return _ATTRIBUTES[Attribute(name)](facts)
        if field.source is Source.TAG:
            return "" if facts.tags.get(name, "") is None else facts.tags.get(name)
        if field.source is Source.PROPERTY:
            return self._properties.get(facts.run.id, {}).get(name)
        series = facts.metrics.get(name) if field.is_of_metrics else None
        if series is not None:
            return _NUMBERS[field.aggregate](series)
        return None if field.source is Source.METRIC else facts.parameters.get(name)

    @cached_property
    def _properties(self) -> Mapping[RunId, Mapping[str, str]]:
        return self._service.runs.list_properties([facts.run.id for facts in self._runs])
