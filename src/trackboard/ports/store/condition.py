"""A condition on runs, as a tree of frozen values: what `loss.min < 0.5 and tags.team = "vision"` means.

Each condition holds of a run or does not; there is nothing between. What a field has no value for, no
comparison holds of: `OneOf`, `Ordered` and `Matches` are false then, and what negates them is true.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from trackboard.model import Value

MOST_NESTED = (
    12  # pairs of `AllOf` and `AnyOf` within each other that every store takes; `Not` is free
)
MOST_COMPARISONS = 500  # in one condition
MOST_VALUES = 10_000  # of all its `OneOf` together


class Source(enum.Enum):
    """Where the value of a field is looked for."""

    METRIC = "metrics"
    PARAMETER = "params"
    METRIC_OR_PARAMETER = ""  # the metric of that name, of a run without one the parameter
    TAG = "tags"
    PROPERTY = "properties"
    ATTRIBUTE = "attributes"


class Aggregate(enum.Enum):
    """Which number of a metric; NaN is passed over by the least and the greatest."""

    LAST = "last"
    MIN = "min"
    MAX = "max"
    STEP = "step"  # of the last value
    COUNT = "count"  # how many values there are
    MIN_STEP = "min.step"  # of the first of the least values
    MAX_STEP = "max.step"


class Attribute(enum.Enum):
    """What every run has, or may have. Times are seconds since the Unix epoch (UTC)."""

    ID = "id"
    NAME = "name"  # as `Run.name`
    EXPERIMENT = "experiment"
    NUMBER = "number"
    STATE = "state"
    KIND = "kind"
    PARENT = "parent"  # its id
    DESCRIPTION = "description"
    CREATED = "created"
    STARTED = "started"
    ENDED = "ended"
    DURATION = "duration"  # from start to end in seconds, of runs that have ended


class Origin(NamedTuple):
    """The place in a text that something was read from."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Field:
    """A value of a run.

    Attributes:
        source: Where it is looked for.
        name: Of the metric, the parameter, the key; of an attribute its value in `Attribute`.
        aggregate: Which number of a metric.
        origin: Where somebody wrote it.
    """

    source: Source
    name: str
    aggregate: Aggregate = Aggregate.LAST
    origin: Origin | None = field(default=None, compare=False, repr=False)

    @property
    def is_of_metrics(self) -> bool:
        """Whether it may be a metric."""
        return self.source in (Source.METRIC, Source.METRIC_OR_PARAMETER)


def attribute(which: Attribute) -> Field:
    """The field of an attribute."""
    return Field(Source.ATTRIBUTE, which.value)


@dataclass(frozen=True)
class HasValue:
    """There is a value: the metric was logged, as a number; the tag is there, with or without a value."""

    field: Field


@dataclass(frozen=True)
class OneOf:
    """It equals one of these, a number a number of any kind, and NaN equals NaN.

    Numbers of metrics are compared as float64. Tags, properties and attributes that are text equal text.
    """

    field: Field
    values: tuple[Value, ...]


Sign = Literal["<", "<=", ">", ">="]


@dataclass(frozen=True)
class Ordered:
    """It is a number, and less or greater than another, both as float64; NaN is neither."""

    field: Field
    sign: Sign
    number: float


@dataclass(frozen=True)
class Matches:
    r"""It is text, and a regular expression is found in it.

    Only what RE2 and PostgreSQL agree on is the same everywhere: letters, `.` `*` `+` `?` `{m,n}` `[]` `()`
    `|` `^` `$` and, as a whole text's begin and end, `\A` and `\Z`. See `pattern`.
    """

    field: Field
    pattern: str


@dataclass(frozen=True)
class Not:
    """The condition does not hold."""

    condition: Condition


@dataclass(frozen=True)
class AllOf:
    """All of them hold; of none, always."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    """One of them holds; of none, never."""

    conditions: tuple[Condition, ...]


Comparison: TypeAlias = HasValue | OneOf | Ordered | Matches
Condition: TypeAlias = Comparison | Not | AllOf | AnyOf


def iter_comparisons(condition: Condition) -> Iterator[Comparison]:
    """What a condition compares, from left to right."""
    if isinstance(condition, Not):
        yield from iter_comparisons(condition.condition)
    elif isinstance(condition, (AllOf, AnyOf)):
        for each in condition.conditions:
            yield from iter_comparisons(each)
    else:
        yield condition
