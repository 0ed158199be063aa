"""Questions about what was logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.errors import UsageError
from trackboard.model import RunId
from trackboard.server.api.operation import Given, Operation, Parameter
from trackboard.service import wire
from trackboard.service.wire import Json

if TYPE_CHECKING:
    from trackboard.service import Service

MOST_SERIES = 1000  # in one answer
_MOST_ROWS = 1_000_000  # of all series together


def read_series(service: Service, given: Given) -> Json:
    """Series of some runs, each in few buckets with their exact extremes."""
    runs = [RunId(each) for each in given.texts("run")]
    for run in runs:
        service.runs.get(run)
    names = given.texts("name") or None
    found = service.metrics.list(runs=runs, names=names, text=False)
    limit = given.number("points")
    if len(found) > MOST_SERIES or len(found) * limit > _MOST_ROWS:
        raise UsageError(
            f"{len(found):,} series of up to {limit:,} points are too many for one answer",
            hint=f"Ask for at most {MOST_SERIES:,} series, by run and name, and fewer points.",
        )
    buckets = service.metrics.read_buckets(
        found,
        limit,
        first_step=given.find_number("first_step"),
        last_step=given.find_number("last_step"),
    )
    return {
        "series": [wire.buckets(each, buckets[each.id]) for each in found if each.id in buckets]
    }


OPERATIONS = (
    Operation(
        "/series",
        "Metrics of runs as curves: equal parts of the steps, each with the exact least and greatest"
        " value of all its points. Where no more points were logged than asked for, these themselves.",
        "Series",
        read_series,
        [
            Parameter("run", "A run's id; repeatable.", is_required=True, is_repeatable=True),
            Parameter("name", "Only the metric of this name; repeatable.", is_repeatable=True),
            Parameter("points", "How many of each series at most, 1 to 10,000.", int, default=500),
            Parameter("first_step", "Only from this step on.", int),
            Parameter("last_step", "Only up to this step.", int),
        ],
    ),
)
