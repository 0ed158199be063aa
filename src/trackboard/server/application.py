"""The application of the server: what each address is answered by, and how errors are told.

/                       pages, for people
/tb/                    TensorBoard, all runs; /tb/<experiment>/ one experiment
/api/v1/                the API, and a page that describes it; /api/v1/openapi.json
/health                 that it answers, and whether the history is damaged
"""

from __future__ import annotations

import logging
import urllib.parse
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles

from trackboard.board.web.admission import Admission
from trackboard.board.web.bodies import WholeBodies
from trackboard.board.web.serve import in_threads
from trackboard.errors import TrackboardError
from trackboard.server import tensorboard
from trackboard.server.api import routes as api
from trackboard.server.middleware.compression import Compression
from trackboard.server.middleware.headers import SafeHeaders
from trackboard.server.middleware.root import mark_root
from trackboard.server.pages import routes as pages
from trackboard.server.templates import ASSETS, render

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from starlette.types import ASGIApp, Receive, Scope, Send

    from trackboard.board.web.access import Access
    from trackboard.server.live import Changes
    from trackboard.service import Service

_SAID_CHARACTERS = 1000  # of an error that nobody expected
_READ_S = 0.1  # for the question whether all is well
_logger = logging.getLogger(__name__)


def build(
    service: Service,
    access: Access,
    board: WSGIApplication,
    changes: Changes,
    *,
    prefix: str = "",
) -> ASGIApp:
    """Build the application.

    Args:
        service: The workspace that it shows.
        access: Who may ask.
        board: TensorBoard, below `/tb/`.
        changes: Tells of what changes.
        prefix: What a proxy's addresses have before ours, from `parse_prefix`.
    """
    site = Starlette(
        routes=[
            Route(tensorboard.PATH, _to_tensorboard),
            Route("/font-roboto/{name}", _to_font),
            Mount(tensorboard.PATH, in_threads(board)),
            Mount("/", build_pages(service, changes)),
        ],
        exception_handlers=_list_handlers(),
    )

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await site(mark_root(scope), receive, send)

    return Admission(WholeBodies(answer), access, prefix)


def build_pages(service: Service, changes: Changes) -> ASGIApp:
    """Build the pages and the API, without TensorBoard and for whoever asks.

    Args:
        service: The workspace that they show.
        changes: Tells of what changes.
    """

    async def get_health(request: Request) -> Response:
        damage = await run_in_threadpool(_find_damage, service)
        if damage is None:
            return JSONResponse({"status": "ok", "workspace": service.name})
        if is_asked_by_browser(request):
            return report_problem(request, 503, damage.message, damage.hint)
        said = {"message": damage.message, "hint": damage.hint}
        return JSONResponse(
            {"status": "damaged", "workspace": service.name, "error": said}, status_code=503
        )

    routes = Router(
        [
            Route("/health", get_health),
            *api.list_routes(service, changes),
            *pages.list_routes(service),
            Mount("/assets", StaticFiles(directory=ASSETS)),
        ],
        redirect_slashes=False,
    )
    app = Starlette(
        routes=[Mount("/", Compression(routes))],
        exception_handlers=_list_handlers(),
    )
    return SafeHeaders(app)


def _list_handlers() -> dict[Any, Any]:
    return {
        TrackboardError: _tell_error,
        HTTPException: _tell_status,
        Exception: _tell_failure,
    }


def _find_damage(service: Service) -> TrackboardError | None:
    """Look at the history as a page does: damage is found by whoever reads."""
    service.read_on(_READ_S)
    return service.find_damage()


async def _to_tensorboard(_: Request) -> Response:
    return RedirectResponse("tb/", status_code=302)


async def _to_font(request: Request) -> Response:
    """Lead to a font of TensorBoard's, whose page asks for it at the root, wherever it is itself."""
    name = urllib.parse.quote(request.path_params["name"])
    return RedirectResponse(f"../tb/-/font-roboto/{name}", status_code=301)


async def _tell_error(request: Request, error: TrackboardError) -> Response:
    return report_problem(request, error.http_status, error.message, error.hint)


async def _tell_status(request: Request, error: HTTPException) -> Response:
    said = "there is nothing at this address" if error.status_code == 404 else error.detail
    answer = report_problem(request, error.status_code, said)
    answer.headers.update(error.headers or {})  # what is allowed instead
    return answer


async def _tell_failure(request: Request, error: Exception) -> Response:
    _logger.error("%s %s", request.method, request.url.path, exc_info=error)
    said = f"this could not be answered: {type(error).__name__}: {error}"[:_SAID_CHARACTERS]
    hint = "The whole story is in the output of the process that serves this page."
    return report_problem(request, 500, said, hint)


def is_asked_by_browser(request: Request) -> bool:
    """Whether a person looks at the answer."""
    return "text/html" in request.headers.get("accept", "")


def report_problem(request: Request, status: int, message: str, hint: str = "") -> Response:
    """Say what went wrong: to people as a page, to programs as JSON."""
    if is_asked_by_browser(request):
        phrase = HTTPStatus(status).phrase
        return render(request, "error.html", status, message=message, hint=hint, phrase=phrase)
    return JSONResponse({"error": {"message": message, "hint": hint}}, status)
