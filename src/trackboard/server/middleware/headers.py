"""What every answer tells the browser: to run no script but ours, and to show us in no page of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"  # of files that a run left
_HEADERS: Mapping[bytes, bytes] = {
    b"cache-control": b"no-cache",
    b"content-security-policy": PAGE_POLICY.encode(),
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"same-origin",
    b"x-content-type-options": b"nosniff",
}


def route_of(scope: Scope) -> str:
    """The path of a request, without what a proxy has before it."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


class SafeHeaders:
    """Adds these headers to answers that do not say otherwise.

    Args:
        app: Answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = [*message.get("headers", ())]
                names = {name.lower() for name, _ in given}
                given += [each for each in _HEADERS.items() if each[0] not in names]
                message = {**message, "headers": given}
            await send(message)

        await self._app(scope, receive, send_with_headers)
