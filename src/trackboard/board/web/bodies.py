"""What a request may bring: who sends more is told so, and no more of it is read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from trackboard.board.web.admission import environ_of, send_answer
from trackboard.board.web.answers import LENGTH_REQUIRED, TOO_LARGE, UNAVAILABLE, Answer, problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES = 2 * 1024 * 1024  # TensorBoard's requests are some kilobytes
_LARGE_BYTES = 64 * 1024
_MOST_LARGE = 4
_ROOM_TIMEOUT_S = 5.0
_READS = frozenset(("GET", "HEAD", "OPTIONS"))


class WholeBodies:
    """Asks an application when a request is there as a whole; refuses what is too large.

    No thread of the application waits for who sends slowly. What strangers can make it hold is bounded.

    Args:
        app: Answers.
        most_bytes: How large a body may be.
        most_large: So many bodies beyond 64 KiB are held at once, from their first byte to their answer.
        room_timeout_s: How long a large body waits for its turn.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        most_bytes: int = BODY_BYTES,
        most_large: int = _MOST_LARGE,
        room_timeout_s: float = _ROOM_TIMEOUT_S,
    ) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._large = asyncio.Semaphore(most_large)
        self._room_timeout_s = room_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; servers see to it that a body is as long as it says."""
        headers = dict(scope["headers"])
        said = headers.get(b"content-length", b"").decode("latin-1")
        has_body = scope["method"] not in _READS or b"transfer-encoding" in headers
        if has_body and not said.isdecimal():
            refusal = problem(environ_of(scope), LENGTH_REQUIRED, "A body needs a Content-Length.")
            await send_answer(refusal, send)
        elif said and (not said.isdecimal() or int(said[:20]) > self._most_bytes):
            limit = f"A body may have {self._most_bytes:,} bytes."
            await send_answer(problem(environ_of(scope), TOO_LARGE, limit), send)
        elif int(said or 0) == 0:
            await self._app(scope, receive, send)
        else:
            await self._answer(scope, int(said), receive, send)

    async def _answer(self, scope: Scope, size_bytes: int, receive: Receive, send: Send) -> None:
        async with self._room(size_bytes) as has_room:
            if not has_room:
                await send_answer(_too_many(scope), send)
                return
            body = await _read(receive)
            if body is not None:
                await self._app(scope, _first(body, receive), send)

    @contextlib.asynccontextmanager
    async def _room(self, size_bytes: int) -> AsyncIterator[bool]:
        """Hold a place for a large body within the block; False where none becomes free in time."""
        if size_bytes <= _LARGE_BYTES:
            yield True
            return
        try:
            await asyncio.wait_for(self._large.acquire(), self._room_timeout_s)
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            self._large.release()


def _too_many(scope: Scope) -> Answer:
    return problem(environ_of(scope), UNAVAILABLE, "Too many large requests at once.")


async def _read(receive: Receive) -> bytes | None:
    """Read a body to its end; None when the other side is gone before."""
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(parts)


def _first(body: bytes, receive: Receive) -> Receive:
    """Give a body that was read already, and then what comes after it."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_after() -> Message:
        return pending.pop() if pending else await receive()

    return receive_after
