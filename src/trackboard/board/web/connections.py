"""Connections of a server: requests come in time, answers are taken, and there are not too many of them."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_BYTES = 64 * 1024  # of a request: its first line and the headers

_METHODS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ", b"OPTIONS ")
_LONGEST_METHOD = max(len(method) for method in _METHODS)
_LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class Limits:
    """What a connection may take.

    Attributes:
        idle_s: How long an unused connection stays, and one whose other side takes nothing of an answer.
        head_s: A request's head has to come within this time of its first byte.
        body_s: And its body within this time of its head.
        linger_s: And the rest of a body that was refused: a connection that is closed with bytes unread is
            reset, and who sends them would not see the answer.
        connections: So many are open at once; one that waits for a request makes room for the next.
    """

    idle_s: float = 75.0
    head_s: float = 10.0
    body_s: float = 30.0
    linger_s: float = 3.0
    connections: int = 600  # streams, 500 at most, and what pages ask for beside them


def begins_request(received: bytes) -> bool:
    """Whether a request of HTTP begins with these bytes, or may when more of it is there."""
    return any(method.startswith(received[: len(method)]) for method in _METHODS)


def bounded(limits: Limits) -> type[asyncio.Protocol]:
    """Make the class of connections that uvicorn takes."""
    return cast("type[asyncio.Protocol]", functools.partial(_Connection, limits))


class _Connection(H11Protocol):
    """One connection."""

    def __init__(self, limits: Limits, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._limits = limits
        self._begin = b""  # of a request's head
        self._awaited = ""  # `head` or `body`
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self.waiting_since_s: float | None = None  # for a request's head; None: it is there

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections and not self._make_room():
            transport.abort()
            return
        self._wait("first byte", self._limits.idle_s, transport.abort)
        self.waiting_since_s = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait("", 0, None)
        self._note_stalled(is_stalled=False)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.conn.their_state is h11.IDLE:
            self._begin = (self._begin + data[:_LONGEST_METHOD])[:_LONGEST_METHOD]
            # Programs that look for servers of other kinds (X11 clients such as mpirun's hwloc ask at the
            # ports from 6000 on) wait for an answer: they are told at the first byte that is not HTTP's.
            if not begins_request(self._begin):
                self.transport.abort()
                return
        super().data_received(data)
        self._look_at_what_is_missing()

    def on_response_complete(self) -> None:
        self.waiting_since_s = self.loop.time()
        super().on_response_complete()
        self._look_at_what_is_missing()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._note_stalled(is_stalled=True)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._note_stalled(is_stalled=False)

    def timeout_keep_alive_handler(self) -> None:
        if self.transport.get_write_buffer_size():  # of an answer that nobody took
            self.transport.abort()
        super().timeout_keep_alive_handler()

    def _look_at_what_is_missing(self) -> None:
        theirs = self.conn.their_state
        if theirs is not h11.IDLE:
            self.waiting_since_s = None  # a head of which half is there is still waited for
        if self.transport.is_closing():
            self._wait("", 0, None)
        elif theirs is h11.IDLE and self.conn.trailing_data[0]:
            self._wait("head", self._limits.head_s, self._end_late)
        elif theirs is h11.SEND_BODY:
            self._begin = b""
            if self.conn.our_state is h11.DONE:
                self._wait("rest", self._limits.linger_s, self.transport.abort)
            else:
                self._wait("body", self._limits.body_s, self._end_without_body)
        else:
            self._begin = b""
            self._wait("", 0, None)

    def _wait(self, what: str, limit_s: float, then: Callable[[], None] | None) -> None:
        """Wait for something from now on; for what is awaited already, from when that began."""
        if what == self._awaited:
            return
        self._awaited = what
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if then is None else self.loop.call_later(limit_s, then)

    def _end_late(self) -> None:
        self.transport.write(_LATE)
        self.transport.close()

    def _end_without_body(self) -> None:
        if self.flow.read_paused:  # it comes; what answers has not taken it yet
            self._awaited = ""
            self._wait("body", self._limits.body_s, self._end_without_body)
        else:
            self.transport.abort()

    def _note_stalled(self, *, is_stalled: bool) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
        self._stalled = None
        if is_stalled:
            self._stalled = self.loop.call_later(self._limits.idle_s, self.transport.abort)

    def _make_room(self) -> bool:
        """End the connection that has waited longest for a request."""
        others = [each for each in self.connections if isinstance(each, _Connection)]
        waiting = {each: each.waiting_since_s for each in others}
        oldest = min(
            (each for each in others if waiting[each] is not None),
            key=lambda each: waiting[each] or 0.0,
            default=None,
        )
        if oldest is None:
            return False
        oldest.transport.abort()
        self.connections.discard(oldest)
        return True
