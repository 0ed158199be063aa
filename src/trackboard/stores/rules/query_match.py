"""What the conditions of a query mean: on values in memory, and as text that databases compare."""

from __future__ import annotations

import hashlib
import math
import operator
from collections.abc import Callable, Mapping
from typing import TypeVar

from trackboard.errors import UsageError
from trackboard.model import Run, Value
from trackboard.ports import RunQuery

OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_SHORT = 64  # characters; longer text is compared by its hash, which fits into any index

Text = TypeVar("Text", str, "str | None")


def check_query(query: RunQuery) -> None:
    """Raise UsageError when a condition means nothing."""
    for name, sign, _ in query.metrics:
        if sign not in OPERATORS:
            raise UsageError(
                f"metric {name!r} cannot be compared by {sign!r}",
                hint=f"Use one of {' '.join(OPERATORS)}",
            )


def equal_text(value: Value) -> str:
    """Text that two values share when they are equal: numbers of any kind by their amount, NaN to NaN."""
    if isinstance(value, str):
        text = "s" + value
    elif math.isfinite(value) and value == int(value):
        text = f"n{int(value)}"
    else:
        text = f"n{value!r}"
    if len(text) <= _SHORT and text.isascii() and "\0" not in text:
        return text
    return "h" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def matches(
    query: RunQuery,
    run: Run,
    tags: Mapping[str, str | None],
    properties: Mapping[str, str],
    parameters: Mapping[str, Value],
    last: Callable[[str], float | None],
) -> bool:
    """Whether a run matches; `last` tells the last number of a metric, None when there is none."""
    return (
        (query.experiment is None or run.experiment == query.experiment)
        and (query.parent is None or run.parent == query.parent)
        and not (query.top_level and run.parent is not None)
        and (query.kind is None or run.kind is query.kind)
        and (query.states is None or run.state in query.states)
        and _among(query.tags, tags)
        and _among(query.properties, properties)
        and all(
            name in parameters and equal_text(parameters[name]) == equal_text(value)
            for name, value in query.parameters.items()
        )
        and all(
            (found := last(name)) is not None and OPERATORS[sign](found, number)
            for name, sign, number in query.metrics
        )
    )


def _among(wanted: Mapping[str, str | None], found: Mapping[str, Text]) -> bool:
    return all(
        key in found and (value is None or found[key] == value) for key, value in wanted.items()
    )
