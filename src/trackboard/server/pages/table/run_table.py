"""The page of the table of runs; grouped, where its address says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from trackboard.errors import NotFound, TrackboardError, UsageError
from trackboard.server.api.runs import RunPage
from trackboard.server.pages.table import groups
from trackboard.server.pages.table.columns import (
    ALWAYS,
    Column,
    list_choices,
    read_columns,
    usual_fields,
)
from trackboard.server.pages.table.matching import MOST_COMPARED, say_change
from trackboard.server.pages.table.rows import Rows, read_rows, read_runs
from trackboard.server.pages.table.view import RunView
from trackboard.server.templates import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from trackboard.ports import Field
    from trackboard.service import Service


def read_view(service: Service, view: RunView) -> RunPage:
    """Read the page of a view.

    Raises:
        UsageError, NotFound: Something in the view cannot be meant.
    """
    page = read_runs(service, view)
    if view.column:
        service.metrics.check_columns(view.column)
    return page


def show_page(service: Service, request: Request) -> Response:
    """Answer with the page; a mistake in the filter is shown above it, at its place."""
    view = RunView.read(request.query_params)
    if view.group:
        return groups.show_page(service, request, view)
    problem: TrackboardError | None = None
    page, rows = RunPage(), Rows()
    fields: Sequence[Field] = ()
    columns: list[Column] = []
    try:
        page = read_view(service, view)
        rows = read_rows(service, view, page.runs)
        fields = view.fields() or usual_fields(view, page.runs)
        columns = read_columns(service, view, [row.facts for row in rows.rows], fields)
    except (UsageError, NotFound) as error:
        problem = error
    return render(
        request,
        "runs.html",
        200 if problem is None else problem.http_status,
        view=view,
        problem=problem,
        page=page,
        rows=rows,
        columns=columns,
        choices=list_choices(view, [each for each in fields if each not in ALWAYS]),
        experiments=[each.name for each in service.experiments.list()],
        views=service.views.list(),
        undo=request.query_params.get("deleted", ""),
        said=say_change(request.query_params),
        most_compared=MOST_COMPARED,
    )
