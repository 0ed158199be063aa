"""The first page: the experiments, and what runs in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from trackboard.server.api.operation import Given
from trackboard.server.api.runs import list_experiments
from trackboard.server.pages.csv_answer import answer_csv
from trackboard.server.templates import render

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

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
        views=service.views.list(),
        trash=len(service.trash.list()),
        is_all=bool(request.query_params.get("archived")),
    )


def show_json(service: Service, request: Request) -> Response:
    """Answer with the same as JSON."""
    return JSONResponse({"experiments": _facts(service, request)})


def show_csv(service: Service, request: Request) -> Response:
    """Answer with the same as CSV."""
    facts = _facts(service, request)
    return answer_csv(_TITLES, ([each[title] for title in _TITLES] for each in facts))


def _facts(service: Service, request: Request) -> list[dict[str, object]]:
    found = list_experiments(
        service, Given({"archived": bool(request.query_params.get("archived"))})
    )
    listed = found["experiments"]
    assert isinstance(listed, list)
    return listed
