"""The table of runs for programs: the rows, columns and differences that its page shows at this address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from trackboard.history.query.fields import heading
from trackboard.server.pages.csv_answer import answer_csv, stream_csv
from trackboard.server.pages.table import groups
from trackboard.server.pages.table.columns import ALWAYS, Column, read_columns, usual_fields
from trackboard.server.pages.table.rows import Rows, iter_pages, read_rows
from trackboard.server.pages.table.run_table import read_view
from trackboard.server.pages.table.view import RunView
from trackboard.service import wire
from trackboard.service.run_columns import RunColumns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.requests import Request

    from trackboard.ports import Field
    from trackboard.server.api.runs import RunPage
    from trackboard.server.pages.table.rows import Row
    from trackboard.service import RunFacts, Service


@dataclass(frozen=True)
class Table:
    """What the page of a view shows.

    Attributes:
        page: The view's own runs.
        rows: The rows, those of pinned runs and of children too.
        columns: The columns, with a value for each row.
    """

    page: RunPage
    rows: Rows
    columns: Sequence[Column]


def show_json(service: Service, request: Request) -> Response:
    """Answer with the rows of the page: each is a run as the API has it, and where it stands."""
    view = RunView.read(request.query_params)
    if view.group:
        return groups.show_json(service, view)
    table = _read_table(service, view)
    return JSONResponse(
        {
            "runs": [_row(view, table, number) for number in range(len(table.rows.rows))],
            "count": table.page.count,
            "next": table.page.next,
            "baseline": view.baseline or None,
            "gone": list(table.rows.gone),
            "hidden": table.rows.hidden,
        }
    )


def show_csv(service: Service, request: Request) -> Response:
    """Answer with the rows and columns of the page: numbers in full, times in seconds since the epoch."""
    view = RunView.read(request.query_params)
    if view.group:
        return groups.show_csv(service, view)
    if request.query_params.get("all"):
        return _stream_matching(service, view)
    table = _read_table(service, view)
    titles = ["id"]
    cells: list[Sequence[object]] = [[row.facts.run.id for row in table.rows.rows]]
    if view.pin or view.open or view.baseline:
        titles += ["pinned", "level"]
        cells += [
            [int(row.is_pinned) for row in table.rows.rows],
            [row.level for row in table.rows.rows],
        ]
    for column in table.columns:
        titles.append(heading(column.field))
        cells.append(column.values)
        if column.is_number and _is_compared(view, table.rows.rows):
            titles.append(f"{heading(column.field)} difference")
            cells.append(column.differences)
    return answer_csv(titles, zip(*cells, strict=True))


def _stream_matching(service: Service, view: RunView) -> Response:
    """All runs that match, and nothing that stands between or above them."""
    page = read_view(service, view)
    fields = [*dict.fromkeys((*ALWAYS, *(view.fields() or usual_fields(view, page.runs))))]
    titles = ["id", *map(heading, fields)]
    pages = iter_pages(service, view)
    return stream_csv(titles, (_matching_rows(service, runs, fields) for runs in pages))


def _matching_rows(
    service: Service, runs: Sequence[RunFacts], fields: Sequence[Field]
) -> Iterable[Sequence[object]]:
    columns = RunColumns(service, runs)
    values = [columns.read(each) for each in fields]
    for number, facts in enumerate(runs):
        yield [facts.run.id, *(column[number] for column in values)]


def _read_table(service: Service, view: RunView) -> Table:
    page = read_view(service, view)
    rows = read_rows(service, view, page.runs)
    fields = view.fields() or usual_fields(view, page.runs)
    facts = [row.facts for row in rows.rows]
    return Table(page, rows, read_columns(service, view, facts, fields))


def _row(view: RunView, table: Table, number: int) -> wire.Json:
    row = table.rows.rows[number]
    said: wire.Json = {
        **wire.run_facts(row.facts),
        "pinned": row.is_pinned,
        "level": row.level,
        "children": row.children,
    }
    if _is_compared(view, table.rows.rows):
        said["differences"] = {
            heading(column.field): wire.number(column.differences[number])
            for column in table.columns
            if column.is_number and column.differences[number] is not None
        }
    return said


def _is_compared(view: RunView, rows: Sequence[Row]) -> bool:
    """Whether the run is there that the others are compared with."""
    return any(row.facts.run.id == view.baseline for row in rows)
