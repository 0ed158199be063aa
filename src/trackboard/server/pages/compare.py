"""Runs side by side: what differs first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from trackboard.errors import NotFound, UsageError
from trackboard.model import RunId
from trackboard.server.pages import charts, text
from trackboard.server.pages.table.matching import MOST_COMPARED, read_first
from trackboard.server.templates import render
from trackboard.service import wire

if TYPE_CHECKING:
    from starlette.requests import Request

    from trackboard.service import Comparison, FileChange, Service

_MOST_CHARTS = 12
_MOST_DIFF = 50_000  # characters of a file


def show_page(service: Service, request: Request) -> Response:
    """Answer with the page."""
    compared = _compare(service, request)
    runs = compared.runs
    is_all = bool(request.query_params.get("all"))
    rows = [
        {"fact": each, "changes": [text.change(one, each.values[0]) for one in each.values]}
        for each in compared.facts
        if is_all or not each.is_equal
    ]
    return render(
        request,
        "compare.html",
        runs=runs,
        rows=rows,
        equal_count=sum(each.is_equal for each in compared.facts),
        is_all=is_all,
        charts=charts.draw_charts(service, runs, charts.common_metrics(runs)[:_MOST_CHARTS]),
        changes=_diff(service, runs[0].run.id, runs[1].run.id) if len(runs) == 2 else (),
        most_diff=_MOST_DIFF,
        value=text.value,
    )


def show_json(service: Service, request: Request) -> Response:
    """Answer with the same as JSON."""
    return JSONResponse(wire.comparison(_compare(service, request)))


def _compare(service: Service, request: Request) -> Comparison:
    asked = request.query_params
    ids = [RunId(each) for each in dict.fromkeys(asked.getlist("run"))]
    first = asked.get("first", "")
    if first and not ids:
        if not (first.isascii() and first.isdecimal() and 2 <= int(first[:9]) <= MOST_COMPARED):
            raise UsageError(
                f"first={first[:40]!r} is no number of runs that can be compared",
                hint=f"2 to {MOST_COMPARED}.",
            )
        ids, _ = read_first(service, asked, int(first))
    if not 2 <= len(ids) <= MOST_COMPARED:
        raise UsageError(
            f"{len(ids)} runs are chosen",
            hint=f"Choose 2 to {MOST_COMPARED} in a table of runs, by the boxes in front of them.",
        )
    return service.runs.compare(ids)


def _diff(service: Service, old: RunId, new: RunId) -> tuple[FileChange, ...]:
    try:
        return service.runs.diff(old, new)
    except (NotFound, UsageError):  # no code was kept of one of them
        return ()
