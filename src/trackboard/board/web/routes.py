"""The addresses of a board: our live page around TensorBoard, and TensorBoard around everything else.

    /                        the live page: TensorBoard in a frame that reloads itself
    /-/...                   TensorBoard as it is, for that frame
    /-/changes               has anything changed? {"token": ..., "unread_bytes": ..., "left_out": ...}
    /tb/<view>/...           the same three for one view (an experiment); the rest of it as below
    anything else            as TensorBoard would answer at its own root: /data/runs, /index.html ...

Every link is relative, so that all of it works below any prefix (jupyter-server-proxy, SCRIPT_NAME).
"""

from __future__ import annotations

import gzip
import io
import json
import logging
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from trackboard.board.tensorboard_internals import EXPERIMENT_KEY, FIXED_ROUTE, is_not_found
from trackboard.board.web.answers import (
    BAD_REQUEST,
    FAILED,
    MISSING,
    NO_CACHE,
    Answer,
    problem,
    redirect,
)
from trackboard.board.web.parameters import check_parameters, is_misuse
from trackboard.errors import TrackboardError, UsageError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TIME_SERIES = "/data/plugin/timeseries/timeSeries"  # the one hot request

MOST_CHARTS = 500  # in one request
MOST_OTHER_CHARTS = 50  # of those that TensorBoard looks up one by one

_PAGE = Path(__file__).with_name("page")
_SCRIPTS = ("dom.js", "doing.js", "selecting.js", "live.js")
_GZIP_FROM_BYTES = 256 * 1024  # below it a loopback is quicker than the compression
_SAID_CHARACTERS = 1000  # of an error
_logger = logging.getLogger(__name__)


class BoardProvider(Protocol):
    """What the pages ask of a data provider beside what TensorBoard asks it."""

    @property
    def unread_bytes(self) -> int:
        """What has been logged but is not stored yet."""
        ...

    @property
    def left_out(self) -> Mapping[str, str]:
        """What is not shown of what was asked for until now, in words, by plugin."""
        ...

    def change_token(self) -> str:
        """A word that is another one when there is something new to show."""
        ...

    def experiment_metadata(self, ctx: Any = None, *, experiment_id: str) -> Any:
        """TensorBoard's question; raises its NotFoundError (or ours) for an unknown view."""
        ...


TimeSeriesAnswer = Callable[[str, Any], bytes | None]
"""Answer TensorBoard's time series requests of a view, or None to let TensorBoard do it."""


class Mount:
    """The WSGI application of a board."""

    def __init__(
        self,
        tensorboard: WSGIApplication,
        provider: BoardProvider,
        answer: TimeSeriesAnswer | None = None,
    ) -> None:
        self._tensorboard = tensorboard
        self._provider = provider
        self._answer = answer
        self._page = _read_page()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; what goes wrong is said in plain words and logged."""
        try:
            answer = self._route(environ)
            if answer is None:
                return self._tensorboard(environ, start_response)
        except TrackboardError as error:
            status = HTTPStatus(error.http_status)
            answer = problem(environ, f"{status} {status.phrase}", error.message, error.hint)
        except HTTPException as error:
            answer = problem(environ, f"{error.code or 400} {error.name}", error.description or "")
        except Exception as error:
            if is_not_found(error):
                answer = problem(environ, MISSING, str(error))
            else:
                _logger.exception("%s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
                answer = _failure(environ, error)
        return answer(start_response)

    def _route(self, environ: WSGIEnvironment) -> Answer | None:
        """Answer what is ours; None for TensorBoard, to which the environment then leads."""
        target = _redirect_target(environ)
        if target:
            query = environ.get("QUERY_STRING", "")
            return redirect(f"{target}?{query}" if query else target)
        view = _enter_view(environ)
        path = environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(FIXED_ROUTE)
        if path == "/":
            if view:
                self._provider.experiment_metadata(None, experiment_id=view)  # raises if unknown
            return _respond(environ, "text/html", self._page)
        if path == "/-/changes":
            return self._changes(environ)
        if path.startswith("/-/"):
            _descend(environ, "/-")
            environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(FIXED_ROUTE)
        if view:
            environ[EXPERIMENT_KEY] = view
        route = route_of(environ["PATH_INFO"])
        if route == TIME_SERIES:
            body = self._time_series(environ)
            if body is not None:
                return _respond(environ, "application/json", body)
        check_parameters(route, Request(environ).args)
        return None

    def _changes(self, environ: WSGIEnvironment) -> Answer:
        token = self._provider.change_token()  # first: it is what reads on
        changes = {
            "token": token,
            "unread_bytes": self._provider.unread_bytes,
            "left_out": dict(self._provider.left_out),
        }
        return _respond(environ, "application/json", json.dumps(changes).encode())

    def _time_series(self, environ: WSGIEnvironment) -> bytes | None:
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(raw)  # TensorBoard may want to read it again
        request = Request({**environ, "wsgi.input": io.BytesIO(raw)})
        fields = request.form if request.method == "POST" else request.args
        charts = _parse_charts(fields.get("requests", ""))
        body = self._answer(environ.get(EXPERIMENT_KEY, ""), charts) if self._answer else None
        if body is None:
            _check_count(charts, at_most=MOST_OTHER_CHARTS)
        return body


def _read_page() -> bytes:
    """The live page with its scripts in it: one answer, with the board's own version of each."""
    page = (_PAGE / "page.html").read_text("utf-8")
    for name in _SCRIPTS:
        page = page.replace(f"/* {name} */", (_PAGE / name).read_text("utf-8"))
    return page.encode()


def _parse_charts(text: str) -> list[Any]:
    """Read TensorBoard's list of charts; its page asks for one at a time."""
    try:
        charts = json.loads(text)
    except ValueError as error:
        raise UsageError(f"The field 'requests' is not JSON: {error}") from error
    if not isinstance(charts, list) or not all(isinstance(chart, dict) for chart in charts):
        raise UsageError("The field 'requests' is not a list of time series.")
    _check_count(charts, at_most=MOST_CHARTS)
    return charts


def _check_count(charts: list[Any], *, at_most: int) -> None:
    if len(charts) > at_most:
        raise UsageError(
            f"{len(charts):,} charts in one request.", hint=f"Ask for {at_most} at a time."
        )


def route_of(path: str) -> str:
    """What TensorBoard takes a path for: it leaves out a final slash, and what looks like a query."""
    route = urllib.parse.urlparse(path).path
    return route.removesuffix("/") or "/"


def _redirect_target(environ: WSGIEnvironment) -> str:
    """Where a path without its final slash belongs, relative to itself; empty when it is right."""
    path = environ.get("PATH_INFO", "")
    if path in ("/tb", "/tb/"):
        return "./" if path == "/tb" else "../"
    view_only = path.startswith("/tb/") and path.count("/") == 2
    if path == "" or view_only or (path.endswith("/-") and path.count("/") in (1, 3)):
        last = (environ.get("SCRIPT_NAME", "") + path).rpartition("/")[2]
        return f"./{urllib.parse.quote(last.encode('latin-1'), safe='')}/"
    return ""


def _enter_view(environ: WSGIEnvironment) -> str:
    """Move `/tb/<view>` from the path to the script name; returns the view, empty for all."""
    path = environ["PATH_INFO"]
    if not path.startswith("/tb/"):
        return ""
    view: str = path.split("/", 3)[2]
    _descend(environ, f"/tb/{view}")
    return view.encode("latin-1").decode("utf-8", "replace")


def _descend(environ: WSGIEnvironment, prefix: str) -> None:
    environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
    environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(prefix)


def _failure(environ: WSGIEnvironment, error: Exception) -> Answer:
    said = f"{type(error).__name__}: {error}"[:_SAID_CHARACTERS]
    hint = "The whole story is in the output of the process that serves this page."
    if is_misuse(error):
        if isinstance(error, RecursionError):
            return problem(environ, BAD_REQUEST, "This request is nested too deeply.")
        message = f"TensorBoard cannot make sense of this request: {said}"
        return problem(environ, BAD_REQUEST, message, hint)
    return problem(environ, FAILED, f"This could not be shown: {said}", hint)


def _respond(environ: WSGIEnvironment, kind: str, body: bytes) -> Answer:
    headers = [("Content-Type", f"{kind}; charset=utf-8" if kind != "application/json" else kind)]
    if len(body) >= _GZIP_FROM_BYTES and "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers.append(("Content-Encoding", "gzip"))
    return Answer("200 OK", (*headers, *NO_CACHE), body)
