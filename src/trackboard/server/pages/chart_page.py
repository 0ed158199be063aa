"""Charts of many runs over each other: of those that a table of runs shows, at the same conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from trackboard.model import RunId
from trackboard.server.api.runs import read_page
from trackboard.server.pages import charts
from trackboard.server.pages.table.view import RunView
from trackboard.server.templates import render

if TYPE_CHECKING:
    from starlette.requests import Request

    from trackboard.service import Service

MOST_CHARTS = 12  # that the server draws; with script there is one of each metric


def show_page(service: Service, request: Request) -> Response:
    """Answer with the page."""
    view = RunView.read(request.query_params)
    after = RunId(view.after) if view.after else None
    page = read_page(service, view.query(), view.orders(), limit=view.limit, after=after)
    names = charts.common_metrics(page.runs, MOST_CHARTS)
    return render(
        request,
        "charts.html",
        view=view,
        page=page,
        charts=charts.draw_charts(service, page.runs, names),
    )
