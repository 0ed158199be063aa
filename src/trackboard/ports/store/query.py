"""Which runs to find in a store, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trackboard.model import RunId, RunKind, RunState, Value
from trackboard.ports.store.condition import Attribute, Condition, Field, attribute


@dataclass(frozen=True)
class Order:
    """By what runs are sorted, the greatest first or the least.

    Numbers come before text, and text in the order of its code points. Runs without a value, and those
    where it is NaN, come last either way. So do parameters that are text, sorted as their JSON.
    """

    by: Field
    descending: bool = True


Orders = tuple[Order, ...]  # what comes first decides first; ties: the newest created first

NEWEST_FIRST: Orders = (Order(attribute(Attribute.CREATED)),)
OLDEST_FIRST: Orders = (
    Order(attribute(Attribute.CREATED), descending=False),
)  # exactly the reverse


@dataclass(frozen=True)
class RunQuery:
    """Which runs: those that match every given condition.

    `tags` and `properties`: a value None means that the key exists. `parameters` compare exactly, a
    number with a number of any kind, NaN with NaN.
    """

    experiment: str | None = None
    parent: RunId | None = None
    top_level: bool = False  # leave out the runs that have a parent
    archived: bool = False  # archived runs too
    deleted: bool = False  # those in the trash instead, archived or not
    deleted_s: float | None = None  # of those in the trash only what came there at this very time
    kind: RunKind | None = None
    states: tuple[RunState, ...] | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)
    properties: Mapping[str, str | None] = field(default_factory=dict)
    parameters: Mapping[str, Value] = field(default_factory=dict)
    where: Condition | None = None
