"""Which runs to find in a store, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trackboard.model import RunId, RunKind, RunState, Value


@dataclass(frozen=True)
class Order:
    """How to sort runs: by when they were created, or by the last value of a metric.

    Runs without that metric, and those where it is NaN, come last either way.
    """

    metric: str | None = None
    descending: bool = True


NEWEST_FIRST = Order()


@dataclass(frozen=True)
class RunQuery:
    """Which runs: those that match every given condition.

    `tags` and `properties`: a value None means that the key exists. `parameters` compare exactly, a
    number with a number of any kind, NaN with NaN. `metrics` compare a metric's last number, as (name,
    one of `< <= > >= == !=`, number): NaN differs from every number, and a run without the metric
    matches nothing.
    """

    experiment: str | None = None
    parent: RunId | None = None
    top_level: bool = False  # leave out the runs that have a parent
    kind: RunKind | None = None
    states: tuple[RunState, ...] | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)
    properties: Mapping[str, str | None] = field(default_factory=dict)
    parameters: Mapping[str, Value] = field(default_factory=dict)
    metrics: tuple[tuple[str, str, float], ...] = ()
