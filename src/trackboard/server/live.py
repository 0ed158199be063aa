"""A stream of events for a browser: that something changed, and nothing of what; pages then ask for that.

A browser reads one, whose page tells all others (`assets/stream.js`). A stream holds the newest cursor only,
so that a browser that never reads costs nothing, and nothing at all is asked while nobody listens.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from trackboard.errors import TrackboardError, Unavailable
from trackboard.server.api.operation import Given, Operation, Parameter

if TYPE_CHECKING:
    from trackboard.service import Service

POLL_S = 0.1  # between two questions whether something was said
_QUIET = 100  # questions that found nothing, after which they are asked half as often
_KEEP_ALIVE_S = 15.0  # proxies close what is silent
_READ_S = 0.1
MOST_STREAMS = 500
_LAST = "last-event-id"  # what a browser says when it comes back

_logger = logging.getLogger(__name__)


def cursor_of(service: Service, unread_bytes: int) -> str:
    """A word that is another one when there is something new to show."""
    return f"{service.version()}.{unread_bytes}"


class Changes:
    """Watches a workspace while somebody listens.

    Args:
        service: The workspace.
        poll_s: How long to wait between two questions whether something changed; where nothing does, twice
            as long.
    """

    def __init__(self, service: Service, poll_s: float = POLL_S) -> None:
        self._service, self._poll_s = service, poll_s
        self._cursor = ""
        self._listeners: set[asyncio.Event] = set()
        self._watching: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def operation(self) -> Operation:
        """The stream as a question of the API."""
        return Operation(
            "/changes",
            "A stream of events (text/event-stream): one when something was recorded or changed, with a"
            " cursor that is another one then.",
            "",
            self._answer,
            [
                Parameter(
                    _LAST,
                    "The cursor that was heard last, which is not said again.",
                    source="header",
                )
            ],
            "text/event-stream",
        )

    @property
    def listeners(self) -> int:
        """How many streams there are."""
        return len(self._listeners)

    def close(self) -> None:
        """End all streams. The loop that serves them calls it."""
        self._is_closed = True
        for each in self._listeners:
            each.set()

    def _answer(self, _service: Service, given: Given) -> StreamingResponse:
        if len(self._listeners) >= MOST_STREAMS:
            raise Unavailable(f"{MOST_STREAMS} pages listen already", hint="Close some.")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(
            self._stream(given.find_text(_LAST)), 200, headers, "text/event-stream"
        )

    async def _stream(self, sent: str | None) -> AsyncIterator[str]:
        changed = asyncio.Event()
        self._listeners.add(changed)
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        try:
            yield "retry: 2000\n\n"
            while not self._is_closed:
                if self._cursor and self._cursor != sent:
                    sent = self._cursor
                    yield f"id: {sent}\nevent: change\ndata: {json.dumps({'cursor': sent})}\n\n"
                try:
                    await asyncio.wait_for(changed.wait(), _KEEP_ALIVE_S)
                except TimeoutError:
                    yield ": here\n\n"
                changed.clear()
        finally:
            self._listeners.discard(changed)

    async def _watch(self) -> None:
        """Ask for changes until nobody listens any more."""
        quiet = 0
        try:
            while self._listeners and not self._is_closed:
                cursor = await run_in_threadpool(self._read_cursor)
                quiet += 1
                if cursor != self._cursor:
                    self._cursor, quiet = cursor, 0
                    for each in self._listeners:
                        each.set()
                await asyncio.sleep(self._poll_s * (1 if quiet < _QUIET else 2))
        finally:
            self._watching, self._cursor = (
                None,
                "",
            )  # what is known now is old when somebody listens again

    def _read_cursor(self) -> str:
        try:
            _, unread_bytes = self._service.read_on(_READ_S)
            return cursor_of(self._service, unread_bytes)
        except TrackboardError as error:  # pages say it to people when they ask
            _logger.warning("the workspace does not answer: %s", error)
            return self._cursor
