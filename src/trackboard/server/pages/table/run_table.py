"""The table of runs: as a page, as JSON, as CSV; grouped, where its address says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from trackboard.errors import NotFound, TrackboardError, UsageError
from trackboard.history.query.fields import heading
from trackboard.server.api.runs import RunPage, run_page
from trackboard.server.pages.csv_answer import answer_csv, stream_csv
from trackboard.server.pages.table import groups
from trackboard.server.pages.table.columns import (
    ALWAYS,
    Column,
    list_choices,
    read_columns,
    usual_fields,
)
from trackboard.server.pages.table.matching import MOST_COMPARED, say_change
from trackboard.server.pages.table.rows import Rows, iter_pages, read_rows, read_runs
from trackboard.server.pages.table.view import RunView
from trackboard.server.templates import render
from trackboard.service.run_columns import RunColumns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.requests import Request

    from trackboard.ports import Field
    from trackboard.service import RunFacts, Service


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


def show_json(service: Service, request: Request) -> Response:
    """Answer with the same runs as the API has them."""
    view = RunView.read(request.query_params)
    if view.group:
        return groups.show_json(service, view)
    return JSONResponse(run_page(read_view(service, view)))


def show_csv(service: Service, request: Request) -> Response:
    """Answer with the same rows and columns: numbers in full, times in seconds since the epoch."""
    view = RunView.read(request.query_params)
    if view.group:
        return groups.show_csv(service, view)
    page = read_view(service, view)
    fields = [*dict.fromkeys((*ALWAYS, *(view.fields() or usual_fields(view, page.runs))))]
    titles = ["id", *map(heading, fields)]
    if not request.query_params.get("all"):
        return answer_csv(titles, _csv_rows(service, page.runs, fields))
    pages = iter_pages(service, view)
    return stream_csv(titles, (_csv_rows(service, runs, fields) for runs in pages))


def _csv_rows(
    service: Service, runs: Sequence[RunFacts], fields: Sequence[Field]
) -> Iterable[Sequence[object]]:
    table = RunColumns(service, runs)
    values = [table.read(each) for each in fields]
    for number, facts in enumerate(runs):
        yield [facts.run.id, *(column[number] for column in values)]
