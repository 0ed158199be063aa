"""What a request may be at most: who sends more is told so, and no more of it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.board.web.answers import LENGTH_REQUIRED, TOO_LARGE, problem
from trackboard.board.web.wsgi_server import BODY_BYTES
from trackboard.server.admission.access import environ_of, send_answer

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_READS = frozenset(("GET", "HEAD", "OPTIONS"))


class BoundedBodies:
    """Refuses bodies that are too large, or do not say how large they are.

    Args:
        app: Answers all others.
        most_bytes: How large a body may be.
    """

    def __init__(self, app: ASGIApp, most_bytes: int = BODY_BYTES) -> None:
        self._app, self._most_bytes = app, most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Decide on one request; servers see to it that a body is as long as it says."""
        headers = dict(scope["headers"])
        said = headers.get(b"content-length", b"").decode("latin-1")
        has_body = scope["method"] not in _READS or b"transfer-encoding" in headers
        if has_body and not said.isdecimal():
            answer = problem(environ_of(scope), LENGTH_REQUIRED, "A body needs a Content-Length.")
            await send_answer(answer, send)
        elif said and (not said.isdecimal() or int(said[:20]) > self._most_bytes):
            limit = f"A body may have {self._most_bytes:,} bytes."
            await send_answer(problem(environ_of(scope), TOO_LARGE, limit), send)
        else:
            await self._app(scope, receive, send)
