"""Which runs are meant, in the words of people: `accuracy > 0.9`, `team=vision`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict, Unpack

from trackboard.errors import UsageError
from trackboard.model import Run, RunId, RunKind, RunState, Value
from trackboard.ports import NEWEST_FIRST, Order, RunQuery

MetricCondition = tuple[str, str, float]

_COMPARISON = re.compile(r"(<=|>=|==|!=|<|>)([^<>=!]+)\Z")


class Filters(TypedDict, total=False):
    """Which runs: those that match everything that is given; see `RunQuery`."""

    experiment: str
    parent: Run | RunId | str
    top_level: bool  # leave out the runs that have a parent
    kind: RunKind
    state: RunState | str | Sequence[RunState | str]  # one of these
    tags: Mapping[str, str | None]  # None: it has the tag
    properties: Mapping[str, str | None]
    parameters: Mapping[str, Value]
    metrics: str | Iterable[str | MetricCondition]  # of last values: "accuracy > 0.9"


def build_query(**filters: Unpack[Filters]) -> RunQuery:
    """The question that these filters put to a store.

    Raises:
        UsageError: A condition or a state is not one.
    """
    parent = filters.get("parent")
    return RunQuery(
        experiment=filters.get("experiment"),
        parent=parent.id if isinstance(parent, Run) else None if parent is None else RunId(parent),
        top_level=filters.get("top_level", False),
        kind=filters.get("kind"),
        states=parse_states(filters.get("state")),
        tags=filters.get("tags", {}),
        properties=filters.get("properties", {}),
        parameters=filters.get("parameters", {}),
        metrics=parse_metrics(filters.get("metrics", ())),
    )


def parse_metric(text: str) -> MetricCondition:
    """A condition on a metric's last value.

    Raises:
        UsageError: It is not a name, a comparison and a number.

    >>> parse_metric("val/accuracy >= 0.9")
    ('val/accuracy', '>=', 0.9)
    """
    match = _COMPARISON.search(text.strip())
    name = text.strip()[: match.start()].rstrip() if match else ""
    number = _number(match[2].strip()) if match else None
    if match is None or not name or number is None:
        raise UsageError(
            f"{text!r} is no condition on a metric",
            hint='Compare its last value with a number by < <= > >= == or !=: "accuracy > 0.9".',
        )
    return name, match[1], float(number)


def parse_metrics(given: str | Iterable[str | MetricCondition]) -> tuple[MetricCondition, ...]:
    """Conditions as text, or as they are, one or many."""
    each = [given] if isinstance(given, str) else given
    return tuple(parse_metric(one) if isinstance(one, str) else one for one in each)


def parse_value(text: str) -> Value:
    """A parameter's value as it was most likely meant; in quotes it is text.

    >>> parse_value("3"), parse_value("1e-3"), parse_value("true"), parse_value("adam")
    (3, 0.001, True, 'adam')
    >>> parse_value('"3"')
    '3'
    """
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    number = _number(text)
    return text if number is None else number


def parse_pairs(texts: Iterable[str]) -> dict[str, str | None]:
    """`key=value` as a pair, `key` alone with None.

    >>> parse_pairs(["team=vision", "draft"])
    {'team': 'vision', 'draft': None}
    """
    split = (text.partition("=") for text in texts)
    return {key: value if equals else None for key, equals, value in split}


def parse_states(
    given: RunState | str | Sequence[RunState | str] | None,
) -> tuple[RunState, ...] | None:
    """States by name, one or many.

    Raises:
        UsageError: There is no such state.
    """
    if given is None:
        return None
    each = [given] if isinstance(given, str) else given
    try:
        return tuple(RunState(state) for state in each)
    except ValueError as error:
        raise UsageError(
            f"there is no such state: {error}",
            hint=f"A run is one of {', '.join(state.value for state in RunState)}.",
        ) from None


def parse_order(given: Order | str) -> Order:
    """How to sort: an order as it is, or a metric's name, greatest first (`-name`: least first)."""
    if isinstance(given, Order):
        return given
    if not given:
        return NEWEST_FIRST
    return Order(given.removeprefix("-"), descending=not given.startswith("-"))


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None
