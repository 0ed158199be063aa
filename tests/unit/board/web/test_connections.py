"""Connections of a real server: who sends slowly, reads nothing, or comes in crowds holds up nobody."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from tests.waiting import PATIENCE_S, until

from trackboard.board.web.connections import Limits
from trackboard.board.web.http_server import serving

Serve = Callable[..., AbstractContextManager["Served"]]
NEVER_S = 1000.0
PATIENT = {"idle_s": NEVER_S, "head_s": NEVER_S, "body_s": NEVER_S}


class Served:
    """A server with an application that says how long the body was, or sends without end."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams = 0
        self.sent_bytes = 0
        self.lost = 0

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.lost += 1
                return
            body, more = body + message.get("body", b""), message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/endless":
            while True:
                await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
                self.sent_bytes += 65536
                if (await self._is_gone(receive)) is True:
                    self.lost += 1
                    return
        if scope["path"] == "/stream":
            self.streams += 1
            await send({"type": "http.response.body", "body": b"begun", "more_body": True})
            while (await receive())["type"] != "http.disconnect":
                pass
            self.streams -= 1
            return
        await send({"type": "http.response.body", "body": b"%d bytes" % len(body)})

    async def _is_gone(self, receive: Any) -> bool:
        try:
            message = await asyncio.wait_for(receive(), 0.0001)
        except TimeoutError:
            return False
        return bool(message["type"] == "http.disconnect")

    def connect(self, sent: bytes = b"") -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        made.sendall(sent)
        return made

    def ask(self) -> bytes:
        with self.connect(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") as made:
            return rest(made)


def rest(connection: socket.socket) -> bytes:
    """All that still comes until the other side ends the connection."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            found += part
    return found


@pytest.fixture
def serve() -> Serve:
    @contextlib.contextmanager
    def serve(**limits: Any) -> Iterator[Served]:
        listener = socket.create_server(("127.0.0.1", 0))
        served = Served(listener.getsockname()[1])
        with listener, serving(served.app, listener, limits=Limits(**{**PATIENT, **limits})):
            yield served

    return serve


@pytest.mark.parametrize("begin", [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_request_that_does_not_come_is_not_waited_for(serve: Serve, begin: bytes) -> None:
    with serve(head_s=0.05, idle_s=0.05) as served, served.connect(begin) as slow:
        assert (b"408" in rest(slow)) == bool(begin)
        assert b"0 bytes" in served.ask()


def test_the_time_of_a_head_begins_with_its_first_byte(serve: Serve) -> None:
    """Who sends a byte now and then does not get more time by that."""
    with serve(head_s=0.05) as served, served.connect(b"GET /") as slow:
        dripping = True
        said = b""
        slow.settimeout(0.01)
        while dripping:
            with contextlib.suppress(TimeoutError):
                said += slow.recv(100)
                dripping = not said
            with contextlib.suppress(OSError):
                slow.sendall(b"x")
        assert b"408" in said


def test_a_body_that_does_not_come_is_not_waited_for(serve: Serve) -> None:
    with serve(body_s=0.05) as served:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12"
        with served.connect(head) as slow:
            assert rest(slow) == b""
        until(lambda: served.lost == 1, "who answers is not told that it will not come")
        assert b"0 bytes" in served.ask()


def test_a_connection_is_used_again_after_each_answer(serve: Serve) -> None:
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
    with serve() as served, served.connect() as kept:
        for _ in range(3):
            for part in (post[:10], post[10:], b"ab", b"c"):
                kept.sendall(part)
            said = b""
            while b"3 bytes" not in said:
                said += kept.recv(1000)
        kept.sendall((post + b"abc") * 2)  # both at once
        said = b""
        while said.count(b"3 bytes") < 2:
            said += kept.recv(1000)


def test_a_second_request_that_stops_in_its_head_is_not_waited_for(serve: Serve) -> None:
    with serve(head_s=0.05) as served, served.connect() as kept:
        kept.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT")
        assert b"0 bytes" in (said := rest(kept))
        assert b"408" in said


@pytest.mark.parametrize("first", [b"l", b"\x16\x03\x01", b"SSH-2.0-x\r\n", b"\r\n"])
def test_what_is_no_http_is_known_at_its_first_byte(serve: Serve, first: bytes) -> None:
    with serve() as served, served.connect(first) as other:
        assert rest(other) == b""


def test_who_reads_nothing_costs_a_buffer_and_is_given_up(serve: Serve) -> None:
    with serve(idle_s=0.3) as served:
        deaf = served.connect(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        with deaf:
            until(lambda: served.lost == 1, "it is still sent to")
            assert served.sent_bytes < 20_000_000  # what the kernel holds of a connection
            assert b"0 bytes" in served.ask()


def test_two_hundred_streams_hold_up_nobody(serve: Serve) -> None:
    with serve() as served, contextlib.ExitStack() as opened:
        for _ in range(200):
            opened.enter_context(served.connect(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"))
        until(lambda: served.streams == 200, "not all are served")
        assert b"0 bytes" in served.ask()
        opened.close()
        until(lambda: served.streams == 0, "what nobody reads any more goes on")


@pytest.mark.parametrize("begun", [b"", b"GET / HT"])
def test_in_a_crowd_who_waits_longest_makes_room(serve: Serve, begun: bytes) -> None:
    with serve(connections=3) as served, contextlib.ExitStack() as opened:
        busy = opened.enter_context(served.connect(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"))
        until(lambda: served.streams == 1, "not served")
        idle = [opened.enter_context(served.connect(begun)) for _ in range(2)]
        assert b"0 bytes" in served.ask()
        assert rest(idle[0]) == b"", "the first of them was ended"
        head = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        idle[1].sendall(head.removeprefix(begun))
        assert b"0 bytes" in rest(idle[1])
        busy.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            assert busy.recv(1000), "the stream goes on"


def test_in_a_crowd_that_is_all_busy_who_comes_last_is_refused(serve: Serve) -> None:
    with serve(connections=2) as served, contextlib.ExitStack() as opened:
        for _ in range(2):
            opened.enter_context(served.connect(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"))
        until(lambda: served.streams == 2, "not served")
        assert served.ask() == b""
        assert served.streams == 2
