"""What runs where, and why a job waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from trackboard.server.api import compute
from trackboard.server.api.operation import Given
from trackboard.server.templates import render

if TYPE_CHECKING:
    from starlette.requests import Request

    from trackboard.service import Service


def show_page(service: Service, request: Request) -> Response:
    """Answer with the page."""
    return render(request, "compute.html", 200, **_facts(service))


def show_json(service: Service, _: Request) -> Response:
    """Answer with the same as JSON."""
    return JSONResponse(_facts(service))


def _facts(service: Service) -> dict[str, object]:
    nothing = Given({})
    return {**compute.list_compute(service, nothing), **compute.list_queue(service, nothing)}
