"""Questions about what was logged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.responses import Response

from trackboard.errors import UsageError
from trackboard.history.buckets import MOST_BUCKETS
from trackboard.server.api.curve_columns import KIND, pack_curves
from trackboard.server.api.operation import Given, Operation, Parameter
from trackboard.server.api.runs import check_runs
from trackboard.service import wire
from trackboard.service.wire import Json

if TYPE_CHECKING:
    from trackboard.model import Series
    from trackboard.service import Service

MOST_SERIES = 1000  # in one answer
_MOST_ROWS = 1_000_000  # of all series together


def list_metrics(service: Service, given: Given) -> Json:
    """Names of metrics that some runs have."""
    found = service.metrics.list(runs=check_runs(service, given.texts("run")), text=False)
    runs = Counter(each.name for each in found)
    points: Counter[str] = Counter()
    for each in found:
        points[each.name] += each.count
    return {
        "metrics": [
            {"name": name, "runs": runs[name], "points": points[name]} for name in sorted(runs)
        ]
    }


def read_series(service: Service, given: Given) -> Json:
    """Series of some runs, each in few buckets with their exact extremes."""
    found = _find_series(service, given)
    buckets = service.metrics.read_buckets(
        found,
        given.number("points"),
        first_step=given.find_number("first_step"),
        last_step=given.find_number("last_step"),
    )
    return {
        "series": [wire.buckets(each, buckets[each.id]) for each in found if each.id in buckets]
    }


def read_curves(service: Service, given: Given) -> Response:
    """The same as columns of numbers, over any x axis."""
    found = _find_series(service, given)
    curves = service.metrics.read_curves(
        found,
        given.number("points"),
        x=given.find_text("x") or "step",
        first=given.find_real("first"),
        last=given.find_real("last"),
    )
    packed = pack_curves([(each, curves[each.id]) for each in found if each.id in curves])
    return Response(packed, media_type=KIND)


def read_band(service: Service, given: Given) -> Json:
    """Mean, deviation and extremes of a metric over some runs."""
    name = given.text("name")
    found = service.metrics.list(
        runs=check_runs(service, given.texts("run")), names=[name], text=False
    )
    band = service.metrics.read_band(
        found,
        given.number("points"),
        x=given.find_text("x") or "step",
        first=given.find_real("first"),
        last=given.find_real("last"),
    )
    return wire.band(name, band)


def _find_series(service: Service, given: Given) -> Sequence[Series]:
    """The series that are asked for, by run and name, in the order of the runs."""
    runs = check_runs(service, given.texts("run"))
    found = service.metrics.list(runs=runs, names=given.texts("name") or None, text=False)
    limit = given.number("points")
    if len(found) > MOST_SERIES or len(found) * limit > _MOST_ROWS:
        raise UsageError(
            f"{len(found):,} series of up to {limit:,} points are too many for one answer",
            hint=f"Ask for at most {MOST_SERIES:,} series, by run and name, and fewer points.",
        )
    return found


_RUN = Parameter("run", "A run's id; repeatable.", is_required=True, is_repeatable=True)
_NAME = Parameter("name", "Only the metric of this name; repeatable.", is_repeatable=True)
_POINTS = Parameter(
    "points", "How many of each series at most.", int, default=500, least=1, most=MOST_BUCKETS
)
_X_AXIS = (
    Parameter(
        "x",
        "What is on the x axis: step (where nothing is said), time in seconds since the epoch, relative in"
        " seconds after the first point, or metric:NAME for the metric NAME of the same run.",
        pattern=r"^(step|time|relative|metric:[\s\S]+)?$",
    ),
    Parameter("first", "Only from this x on.", float),
    Parameter("last", "Only up to this x.", float),
)
OPERATIONS = (
    Operation(
        "/metrics",
        "Names of metrics that some runs have, in how many of them, and how many points.",
        "Metrics",
        list_metrics,
        [_RUN],
    ),
    Operation(
        "/series",
        "Metrics of runs as curves: nearly equal parts of the steps, each with the exact least and greatest"
        " value of all its points. Where no more points were logged than asked for, these themselves.",
        "Series",
        read_series,
        [
            _RUN,
            _NAME,
            _POINTS,
            Parameter("first_step", "Only from this step on.", int),
            Parameter("last_step", "Only up to this step.", int),
        ],
    ),
    Operation(
        "/curves",
        "The same for a browser, over any x axis: 4 bytes (little-endian) say how long the JSON is that"
        " follows, which names the columns of each curve; then these, little-endian float64.",
        "",
        read_curves,
        [_RUN, _NAME, _POINTS, *_X_AXIS],
        KIND,
    ),
    Operation(
        "/band",
        "A metric over several runs, as seeds are compared: equal parts of the x axis (each x by itself,"
        " where there are no more), with the mean and the standard deviation of the runs, each run by the"
        " mean of its points there, and the exact least and greatest value of all points.",
        "Band",
        read_band,
        [_RUN, Parameter("name", "The metric.", is_required=True), _POINTS, *_X_AXIS],
    ),
)
