"""The table of runs: as a page, as JSON, as CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from trackboard.errors import NotFound, TrackboardError, UsageError
from trackboard.history.query.fields import heading
from trackboard.model import RunId
from trackboard.ports import Aggregate, Attribute, Field, Source, attribute, iter_comparisons
from trackboard.server.api.runs import RunPage, read_page, run_page
from trackboard.server.pages import text
from trackboard.server.pages.csv_answer import answer_csv
from trackboard.server.pages.table.view import RunView
from trackboard.server.templates import render
from trackboard.service.run_columns import RunColumns

if TYPE_CHECKING:
    from starlette.requests import Request

    from trackboard.service import RunFacts, Service

_MOST_COLUMNS = 8  # of metrics, and of parameters, that nobody asked for
ALWAYS = (attribute(Attribute.NAME), attribute(Attribute.STATE))
_USUAL = (attribute(Attribute.CREATED), attribute(Attribute.DURATION))


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        field: What it shows.
        title: What stands above it.
        cells: A text for each run.
        is_number: Whether it is aligned to the right.
        sort: How the table is sorted by it, see `RunView.direction`.
        sorted_address: The address of the table sorted by it.
    """

    field: Field
    title: str
    cells: Sequence[str]
    is_number: bool
    sort: str
    sorted_address: str


def read_view(service: Service, view: RunView) -> RunPage:
    """Read the page of a view.

    Raises:
        UsageError, NotFound: Something in the view cannot be meant.
    """
    after = RunId(view.after) if view.after else None
    page = read_page(service, view.query(), view.orders(), limit=view.limit, after=after)
    if view.column:
        service.metrics.check_columns(view.column)
    return page


def columns_of(service: Service, view: RunView, page: RunPage) -> list[Column]:
    """The columns of a page: those that were asked for, or else those that most of its runs have."""
    table = RunColumns(service, page.runs)
    fields = view.fields() or usual_fields(view, page.runs)
    names = _titles((*ALWAYS, *fields))
    columns = []
    for field in dict.fromkeys((*ALWAYS, *fields)):
        values = table.read(field)
        columns.append(
            Column(
                field,
                names[field],
                [text.cell(field, each) for each in values],
                text.is_numeric(field, values),
                view.direction(field),
                view.sorted_by(field),
            )
        )
    return columns


def _titles(fields: Sequence[Field]) -> Mapping[Field, str]:
    """What stands above columns: the name alone where nobody wrote more and it is nobody else's."""
    known = Counter(each.name for each in dict.fromkeys(fields))
    return {
        each: each.name
        if each.origin is None and known[each.name] == 1 and each.aggregate is Aggregate.LAST
        else heading(each)
        for each in fields
    }


def usual_fields(view: RunView, runs: Sequence[RunFacts]) -> list[Field]:
    """What is shown where nothing was asked for: what is sorted by and compared, then what runs have."""
    query = view.query()
    compared = iter_comparisons(query.where) if query.where is not None else ()
    asked = [
        *(order.by for order in (view.orders() if view.order else ())),
        *(comparison.field for comparison in compared),
    ]
    metrics = Counter(name for facts in runs for name in facts.metrics)
    parameters = Counter(name for facts in runs for name in facts.parameters)
    found = [
        *_USUAL,
        *(each for each in asked if each not in ALWAYS),
        *(Field(Source.METRIC, name) for name, _ in metrics.most_common(_MOST_COLUMNS)),
        *(Field(Source.PARAMETER, name) for name, _ in parameters.most_common(_MOST_COLUMNS)),
    ]
    unique: dict[tuple[str, str, str], Field] = {}
    for each in found:
        source = Source.METRIC if each.source is Source.METRIC_OR_PARAMETER else each.source
        unique.setdefault((source.value, each.name, each.aggregate.value), each)
    return [*unique.values()]


def show_page(service: Service, request: Request) -> Response:
    """Answer with the page; a mistake in the filter is shown above it, at its place."""
    view = RunView.read(request.query_params)
    problem: TrackboardError | None = None
    page = RunPage()
    columns: list[Column] = []
    try:
        page = read_view(service, view)
        columns = columns_of(service, view, page)
    except (UsageError, NotFound) as error:
        problem = error
    rows = [
        {"facts": facts, "cells": [column.cells[number] for column in columns]}
        for number, facts in enumerate(page.runs)
    ]
    return render(
        request,
        "runs.html",
        200 if problem is None else problem.http_status,
        view=view,
        problem=problem,
        page=page,
        columns=columns,
        rows=rows,
        experiments=[each.name for each in service.experiments.list()],
        undo=request.query_params.get("deleted", ""),
    )


def show_json(service: Service, request: Request) -> Response:
    """Answer with the same runs as the API has them."""
    return JSONResponse(run_page(read_view(service, RunView.read(request.query_params))))


def show_csv(service: Service, request: Request) -> Response:
    """Answer with the same rows and columns: numbers in full, times in seconds since the epoch."""
    view = RunView.read(request.query_params)
    page = read_view(service, view)
    table = RunColumns(service, page.runs)
    fields = [*dict.fromkeys((*ALWAYS, *(view.fields() or usual_fields(view, page.runs))))]
    values = [table.read(each) for each in fields]
    return answer_csv(
        ["id", *map(heading, fields)],
        (
            [facts.run.id, *(column[number] for column in values)]
            for number, facts in enumerate(page.runs)
        ),
    )
