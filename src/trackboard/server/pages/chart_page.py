"""Charts of many runs over each other: of those that a table of runs shows, at the same conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from trackboard.server.pages import charts
from trackboard.server.pages.table.rows import read_runs
from trackboard.server.pages.table.view import RunView
from trackboard.server.templates import render

if TYPE_CHECKING:
    from starlette.requests import Request

    from trackboard.service import Service

_MOST_CHARTS = 12  # that the server draws; with script there is one of each metric
_MOST_CURVES = 240  # in these together: what is drawn over them costs a browser nothing


def show_page(service: Service, request: Request) -> Response:
    """Answer with the page."""
    view = RunView.read(request.query_params)
    page = read_runs(service, view)
    asked = request.query_params.get("metric", "")
    names = charts.common_metrics(page.runs, asked)
    shown = names[: min(_MOST_CHARTS, max(1, _MOST_CURVES // max(1, len(page.runs))))]
    return render(
        request,
        "charts.html",
        view=view,
        asked=asked,
        metric_count=len(names),
        page=page,
        charts=charts.draw_charts(service, page.runs, shown),
    )
