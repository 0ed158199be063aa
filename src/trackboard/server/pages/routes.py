"""The addresses of the pages."""

from __future__ import annotations

import urllib.parse
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from trackboard.errors import Conflict, UsageError
from trackboard.model import RunId
from trackboard.server.live import cursor_of
from trackboard.server.pages import (
    chart_page,
    compare,
    compute,
    experiments,
    files,
    log,
    report,
    run,
    trash,
)
from trackboard.server.pages.actions import ACTIONS, Action
from trackboard.server.pages.table import data, matching, run_table
from trackboard.server.pages.table.saved_views import VIEW_ACTIONS
from trackboard.server.templates import report_refusal

if TYPE_CHECKING:
    from trackboard.service import Service

Show = Callable[["Service", Request], Response]
Endpoint = Callable[[Request], Awaitable[Response]]

PAGES: Sequence[tuple[str, Show]] = (
    ("/", experiments.show_page),
    ("/experiments", experiments.show_page),
    ("/experiments.json", experiments.show_json),
    ("/experiments.csv", experiments.show_csv),
    ("/runs", run_table.show_page),
    ("/runs.json", data.show_json),
    ("/runs.csv", data.show_csv),
    ("/runs/{run}.json", run.show_json),
    ("/runs/{run}", run.show_page),
    ("/runs/{run}/log", log.show_page),
    ("/runs/{run}/files", files.show_page),
    ("/runs/{run}/files.json", files.show_json),
    ("/runs/{run}/files.csv", files.show_csv),
    ("/runs/{run}/file", files.show_file),
    ("/compare", compare.show_page),
    ("/compare.json", compare.show_json),
    ("/charts", chart_page.show_page),
    ("/export.html", report.download),
    ("/compute", compute.show_page),
    ("/compute.json", compute.show_json),
    ("/trash", trash.show_page),
)
_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 100


def list_routes(service: Service) -> list[Route]:
    """The routes of the pages, and of what their forms change."""
    return [
        *(Route(path, _page(service, show), methods=["GET"]) for path, show in PAGES),
        *(
            Route(f"/runs/{{run}}/{name}", _form(service, action), methods=["POST"])
            for name, action in ACTIONS.items()
        ),
        *(
            Route(f"/views/{name}", _view_form(service, name), methods=["POST"])
            for name in VIEW_ACTIONS
        ),
        *(
            Route(f"/matching/{name}", _matching_form(service, name), methods=["POST"])
            for name in (*matching.ON_MATCHING, "restore")
        ),
    ]


def _page(service: Service, show: Show) -> Endpoint:
    def answer(request: Request) -> Response:
        stored, unread_bytes = service.read_on()
        request.state.damage = service.find_damage()
        request.state.cursor = cursor_of(
            service, unread_bytes
        )  # before: it is what is read at least
        return show(stored, request)

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(answer, request)

    return endpoint


def _form(service: Service, action: Action) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        fields = await _read_fields(request)
        run_id = RunId(request.path_params["run"])
        where = await run_in_threadpool(action, service, run_id, fields)
        return RedirectResponse(where or f"../{run_id}", status_code=303)

    return endpoint


def _view_form(service: Service, name: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        fields = await _read_fields(request)
        where = await run_in_threadpool(VIEW_ACTIONS[name], service, fields)
        return RedirectResponse(where, status_code=303)

    return endpoint


def _matching_form(service: Service, name: str) -> Endpoint:
    def answer(request: Request, fields: Mapping[str, str]) -> Response:
        try:
            where = (
                matching.restore(service, fields)
                if name == "restore"
                else matching.change(service, name, fields)
            )
        except Conflict as error:  # other runs match by now: nobody said what to do with those
            if "text/html" not in request.headers.get("accept", ""):
                raise
            again = matching.read_view(fields).address()
            return report_refusal(request, error, again)
        return RedirectResponse(where, status_code=303)

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(answer, request, await _read_fields(request))

    return endpoint


async def _read_fields(request: Request) -> Mapping[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0]
    body = (await request.body()).decode("utf-8", "replace")
    if kind != _FORM and (kind or body):
        raise UsageError(f"{kind[:80]!r} is no form", hint=f"Send it as {_FORM}.")
    try:
        return dict(
            urllib.parse.parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        )
    except ValueError as error:
        raise UsageError(f"this form cannot be read: {error}") from None
