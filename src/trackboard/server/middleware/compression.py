"""Sends answers compressed to who reads that; files of runs, which are asked for in ranges, as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware.gzip import GZipMiddleware

from trackboard.server.middleware.headers import route_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_SMALL_BYTES = 1024  # are sent as they are
_LEVEL = 4  # a page of 100 rows in half a millisecond, to an eighth
_FILES = "/file"  # the end of their addresses


class Compression:
    """Compresses pages, scripts and data; pictures and streams of events stay as they are.

    Args:
        app: Answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressing = GZipMiddleware(app, minimum_size=_SMALL_BYTES, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_file = route_of(scope).endswith(_FILES)
        await (self._app if is_file else self._compressing)(scope, receive, send)
