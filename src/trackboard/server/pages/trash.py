"""What was deleted, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.server.templates import render

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from trackboard.service import Service

_MOST_RUNS = 500


def show_page(service: Service, request: Request) -> Response:
    """Answer with the page."""
    runs = sorted(service.trash.list(), key=lambda run: -(run.deleted_s or 0.0))
    return render(request, "trash.html", runs=runs[:_MOST_RUNS], count=len(runs))
