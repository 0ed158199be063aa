"""Facts in words and in JSON: times, numbers, tables."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from trackboard.format.amounts import count as count
from trackboard.format.amounts import size as size
from trackboard.format.times import duration as duration
from trackboard.format.times import moment as moment
from trackboard.format.times import took_s as took_s
from trackboard.model import Run, RunId, Series

LOST = "lost"  # no state of a run, but what a reader has to call it


def clean(text: str) -> str:
    """Text from outside, without what a terminal would obey."""
    return "".join(c if c.isprintable() or c == " " else "\N{REPLACEMENT CHARACTER}" for c in text)


def value(number: object) -> str:
    """A metric's or a parameter's value, short enough for a column."""
    if isinstance(number, float):
        return f"{number:.6g}"
    return "" if number is None else clean(str(number))


def state(run: Run, lost: frozenset[RunId]) -> str:
    """The run's state, or that it is lost."""
    return LOST if run.id in lost else run.state.value


def facts(run: Run, run_name: str, lost: frozenset[RunId]) -> dict[str, Any]:
    """What is known of a run, for JSON. Times are ISO 8601 in UTC.

    Args:
        run: The run.
        run_name: What TensorBoard calls it: `experiment/name`, each name once.
        lost: The runs that are lost.
    """
    return {
        "id": run.id,
        "experiment": run.experiment,
        "number": run.number,
        "run_name": run_name,
        "name": run_name.removeprefix(f"{run.experiment}/"),
        "parent": run.parent,
        "kind": run.kind.value,
        "state": state(run, lost),
        "cause": run.cause,
        "description": run.description,
        "created": _iso(run.created_s),
        "started": _iso(run.started_s),
        "ended": _iso(run.ended_s),
        "duration_s": took_s(run),
        "warnings": list(run.warnings),
    }


def metric_facts(series: Series) -> dict[str, Any]:
    """What is known of a metric, for JSON."""
    return {
        "last": in_json(series.last_value),
        "step": series.last_step,
        "count": series.count,
        "min": in_json(series.min_value),
        "max": in_json(series.max_value),
    }


def in_json(number: object) -> object:
    """JSON has no NaN and no infinities: they are text."""
    if isinstance(number, float) and not math.isfinite(number):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(number, "NaN")
    return number


def plain(values: Mapping[str, object]) -> dict[str, object]:
    """The same for many."""
    return {key: in_json(number) for key, number in values.items()}


def aligned(rows: Sequence[Sequence[str]], head: Sequence[str] | None = None) -> list[str]:
    """Lines with aligned columns; a column of numbers is aligned to the right."""
    right = [any(column) and all(map(_is_number, column)) for column in zip(*rows, strict=True)]
    lines = [*([head] if head else []), *rows]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(map(_padded, line, widths, right or [False] * len(widths))).rstrip()
        for line in lines
    ]


def _padded(cell: str, width: int, is_right: bool) -> str:  # noqa: FBT001 - a column's
    spaces = " " * (width - _width(cell))
    return spaces + cell if is_right else cell + spaces


def _is_number(cell: str) -> bool:
    try:
        float(cell or "0")
    except ValueError:
        return False
    return True


def _width(text: str) -> int:
    """Columns that a terminal needs for it."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def _iso(time_s: float | None) -> str | None:
    return None if time_s is None else datetime.fromtimestamp(time_s, UTC).isoformat()
