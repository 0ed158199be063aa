"""The first page: the experiments, and what runs in each."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from trackboard.server.api.operation import Given
from trackboard.server.api.runs import list_experiments
from trackboard.server.templates import render

if TYPE_CHECKING:
    from starlette.requests import Request

    from trackboard.service import Service

_TITLES = ("name", "runs", "active", "newest", "archived")


def show_page(service: Service, request: Request) -> Response:
    """Answer with the page."""
    facts = service.describe()
    return render(
        request,
        "experiments.html",
        experiments=_facts(service, request),
        workspace=facts,
        trash=len(service.trash.list()),
        is_all=bool(request.query_params.get("archived")),
    )


def show_json(service: Service, request: Request) -> Response:
    """Answer with the same as JSON."""
    return JSONResponse({"experiments": _facts(service, request)})


def show_csv(service: Service, request: Request) -> Response:
    """Answer with the same as CSV."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(_TITLES)
    rows.writerows([each[title] for title in _TITLES] for each in _facts(service, request))
    return Response(written.getvalue(), media_type="text/csv; charset=utf-8")


def _facts(service: Service, request: Request) -> list[dict[str, object]]:
    found = list_experiments(
        service, Given({"archived": bool(request.query_params.get("archived"))})
    )
    listed = found["experiments"]
    assert isinstance(listed, list)
    return listed
