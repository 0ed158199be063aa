"""The API as routes: each operation at its address, the document, and a page that shows it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from trackboard.server.api import compute, downloads, files, groups, metrics, names, runs
from trackboard.server.api.openapi import PREFIX, describe
from trackboard.server.api.operation import Operation, read
from trackboard.server.templates import render

if TYPE_CHECKING:
    from trackboard.server.live import Changes
    from trackboard.service import Service

Endpoint = Callable[[Request], Awaitable[Response]]
UNREAD = "Trackboard-Unread-Bytes"  # what was recorded and is not stored yet


def list_operations(changes: Changes) -> Sequence[Operation]:
    """All questions of the API."""
    return (
        *runs.OPERATIONS,
        *groups.OPERATIONS,
        *names.OPERATIONS,
        *metrics.OPERATIONS,
        *files.OPERATIONS,
        *downloads.OPERATIONS,
        *compute.OPERATIONS,
        changes.operation,
    )


def list_routes(service: Service, changes: Changes) -> list[Route]:
    """The routes of the API.

    Args:
        service: The workspace.
        changes: Tells of what changes.
    """
    operations = list_operations(changes)
    document = describe(operations)

    async def get_document(_: Request) -> Response:
        return JSONResponse(document)

    async def get_page(request: Request) -> Response:
        return render(request, "api.html", document=document)

    async def get_root(_: Request) -> Response:
        return RedirectResponse("v1", status_code=302)

    return [
        Route(PREFIX, get_page),
        Route(PREFIX.rpartition("/")[0] + "/", get_root),
        Route(f"{PREFIX}/openapi.json", get_document),
        *(Route(f"{PREFIX}{each.path}", _endpoint(service, each)) for each in operations),
    ]


def _endpoint(service: Service, operation: Operation) -> Endpoint:
    def answer(request: Request) -> Response:
        query = request.query_params.multi_items()
        given = read(operation.parameters, request.path_params, query, request.headers)
        stored, unread_bytes = service.read_on()
        found = operation.answering(stored, given)
        response = found if isinstance(found, Response) else JSONResponse(found)
        if unread_bytes:
            response.headers[UNREAD] = str(unread_bytes)
        return response

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(answer, request)

    return endpoint
