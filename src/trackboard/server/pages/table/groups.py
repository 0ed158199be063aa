"""The table of runs in groups: a row for runs that have the same, with statistics over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from trackboard.errors import NotFound, TrackboardError, UsageError
from trackboard.history.query.fields import heading
from trackboard.history.query.writing import write_all, write_equal
from trackboard.server.api.groups import group_page
from trackboard.server.pages import text
from trackboard.server.pages.csv_answer import answer_csv
from trackboard.server.pages.table.columns import title_of, usual_metrics
from trackboard.server.templates import render

if TYPE_CHECKING:
    from starlette.requests import Request

    from trackboard.history.groups import Group, GroupPage
    from trackboard.ports import Field
    from trackboard.server.pages.table.view import RunView
    from trackboard.service import Service

_LOOKED_AT = 50  # runs whose metrics are shown where no column was asked for


def show_page(service: Service, request: Request, view: RunView) -> Response:
    """Answer with the page; a mistake in the filter is shown above it, at its place."""
    problem: TrackboardError | None = None
    by: Sequence[Field] = ()
    fields: Sequence[Field] = ()
    page: GroupPage | None = None
    try:
        by, fields, page = _read(service, view)
    except (UsageError, NotFound) as error:
        problem = error
    groups = () if page is None else page.groups
    return render(
        request,
        "groups.html",
        200 if problem is None else problem.http_status,
        view=view,
        problem=problem,
        page=page,
        by=[heading(each) for each in by],
        columns=[
            {
                "title": title,
                "sort": view.direction(field),
                "address": view.sorted_by(field),
            }
            for field, title in title_of(fields).items()
        ],
        rows=[
            {
                "group": each,
                "key": [text.cell(*pair) for pair in zip(by, each.key, strict=True)],
                "address": _runs_of(view, by, each),
            }
            for each in groups
        ],
        experiments=[each.name for each in service.experiments.list()],
        views=service.views.list(),
        value=text.value,
    )


def show_json(service: Service, view: RunView) -> Response:
    """Answer with the same groups as the API has them."""
    by, fields, page = _read(service, view)
    return JSONResponse(group_page(page, by, fields))


def show_csv(service: Service, view: RunView) -> Response:
    """Answer with the same groups: numbers in full."""
    by, fields, page = _read(service, view)
    words = ("count", "mean", "deviation", "min", "max")
    titles = [f"{heading(field)} {word}" for field in fields for word in words]
    return answer_csv(
        [*map(heading, by), "runs", *titles],
        ([*each.key, each.count, *_numbers(each)] for each in page.groups),
    )


def _read(service: Service, view: RunView) -> tuple[Sequence[Field], Sequence[Field], GroupPage]:
    by, query = view.groups(), view.query()
    fields: Sequence[Field] = view.fields()
    if not fields:
        newest = service.runs.query(query, limit=_LOOKED_AT)
        fields = [each for each in usual_metrics(service.runs.describe(newest)) if each not in by]
    orders = view.orders() if view.order else ()
    order = next((each for each in orders if each.by in fields), None)
    page = service.runs.read_groups(query, by, fields, order, limit=view.limit, after=view.after)
    return by, fields, page


def _runs_of(view: RunView, by: Sequence[Field], group: Group) -> str:
    """The address of the table of a group's runs."""
    same = [write_equal(*pair) for pair in zip(by, group.key, strict=True)]
    return replace(view, where=write_all([view.where, *same])).address(group=())


def _numbers(group: Group) -> list[object]:
    found: list[object] = []
    for each in group.statistics:
        if each is None:
            found += [0, None, None, None, None]
        else:
            found += [each.count, each.mean, each.deviation, each.least, each.greatest]
    return found
