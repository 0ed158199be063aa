"""The HTTP server, spoken to over real sockets."""

from __future__ import annotations

import collections
import contextlib
import http.client
import itertools
import json
import logging
import os
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from trackboard.board.process.key import make_key
from trackboard.board.process.listen import listen
from trackboard.board.web.access import Access
from trackboard.board.web.admission import Admission
from trackboard.board.web.answers import Answer
from trackboard.board.web.bodies import BODY_BYTES, WholeBodies
from trackboard.board.web.connections import Limits
from trackboard.board.web.http_server import serving as serving_app
from trackboard.board.web.serve import _ANSWERS_AT_ONCE, in_threads


class Anybody(Access):
    """Admits everybody: who may ask has tests of its own."""

    def check(self, environ: Mapping[str, str], peer_uid: int | None) -> Answer | None:
        del environ, peer_uid
        return None


ANYBODY = Anybody(make_key())
USUAL = Limits()


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Say what was asked; `/boom` fails, `/parts` comes in two parts without a length."""
    if environ["PATH_INFO"] == "/boom":
        raise KeyError("boom")
    if environ["PATH_INFO"] == "/parts":
        start_response("200 OK", [])
        return [b"one ", b"two"]
    keys = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_X_A", "CONTENT_TYPE")
    said = {key: environ.get(key) for key in keys}
    said["body"] = environ["wsgi.input"].read().decode()
    body = json.dumps(said).encode()
    start_response("201 Made", [("Content-Length", str(len(body))), ("X-Is", "here")])
    return [body]


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes:
        address: Where it listens.
        before: How many threads there were before it.
    """

    address: tuple[str, int]
    before: int


@contextlib.contextmanager
def serving(access: Access, limits: Limits = USUAL, **bounds: Any) -> Iterator[Server]:
    before = threading.active_count()
    listener = listen("127.0.0.1", 0)
    app = Admission(WholeBodies(in_threads(echo), **bounds), access)
    with listener, serving_app(app, listener, limits=limits):
        yield Server(listener.getsockname(), before)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(ANYBODY) as server:
        yield server


@pytest.fixture
def connection(server: Server) -> Iterator[http.client.HTTPConnection]:
    host, port = server.address
    connection = http.client.HTTPConnection(host, port, timeout=5)
    yield connection
    connection.close()


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, **more: Any
) -> tuple[int, bytes]:
    connection.request(method, path, **more)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_many_requests_share_one_connection(connection: http.client.HTTPConnection) -> None:
    connection.connect()
    ours = connection.sock.getsockname()
    for number in range(3):
        status, body = ask(connection, "POST", f"/a%20b?x={number}", body=f"body {number}")
        said = json.loads(body)
        assert (status, said["PATH_INFO"], said["QUERY_STRING"]) == (201, "/a b", f"x={number}")
        assert said["body"] == f"body {number}"
    assert connection.sock.getsockname() == ours


def test_headers_and_non_ascii_paths_arrive(connection: http.client.HTTPConnection) -> None:
    _, body = ask(connection, "PUT", "/gr%C3%B6%C3%9Fe", headers={"X-A": "1"})
    said = json.loads(body)
    assert (said["REQUEST_METHOD"], said["HTTP_X_A"]) == ("PUT", "1")
    assert said["PATH_INFO"].encode("latin-1").decode() == "/größe"


def test_a_header_with_an_underscore_cannot_pass_for_one_with_a_hyphen(
    connection: http.client.HTTPConnection,
) -> None:
    _, body = ask(connection, "GET", "/", headers={"X_A": "forged"})
    assert json.loads(body)["HTTP_X_A"] is None


def test_head_has_no_body_and_the_connection_goes_on(
    connection: http.client.HTTPConnection,
) -> None:
    assert ask(connection, "HEAD", "/") == (201, b"")
    assert ask(connection, "GET", "/")[0] == 201


def test_an_answer_without_a_length_gets_one(connection: http.client.HTTPConnection) -> None:
    assert ask(connection, "GET", "/parts") == (200, b"one two")
    assert ask(connection, "GET", "/")[0] == 201


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Length": str(BODY_BYTES + 1)}, 413),
        ({"Content-Length": "9" * 20}, 413),
        ({"Content-Length": "9" * 5000}, 400),
        ({"Content-Length": "many"}, 400),
        ({"Transfer-Encoding": "chunked"}, 411),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    connection: http.client.HTTPConnection, headers: dict[str, str], status: int
) -> None:
    connection.putrequest("POST", "/")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == status


def test_who_is_refused_is_not_asked_for_the_body() -> None:
    with serving(Access(make_key(), own_uid=None)) as server:
        talk = socket.create_connection(server.address, timeout=5)
        with talk:
            talk.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
            assert talk.makefile("rb").readline().startswith(b"HTTP/1.1 403 ")


@pytest.mark.requires("linux")  # which tells whose program asks
@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n", 201),
        (b"GET /a HTTP/1.0\r\nHost: localhost\r\n\r\n", 201),
        (b"GET http://localhost/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 201),
        (b"GET HTTP://LOCALHOST/a HTTP/1.1\r\nHost: LOCALHOST\r\n\r\n", 201),
        (b"GET http://localhost HTTP/1.1\r\nHost: localhost\r\n\r\n", 201),
        (b"GET //evil.example/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 201),
        (b"GET http://evil.example/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 403),
        (b"GET http://localhost/a HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
        (b"GET http://localhost@evil.example/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 403),
        (b"GET http:///a HTTP/1.1\r\nHost: localhost\r\n\r\n", 403),
        (b"GET /a HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\nHost:\r\n\r\n", 403),
        (b"GET /a HTTP/1.1\r\n\r\n", 400),
        (b"GET /a HTTP/1.0\r\n\r\n", 403),
        (b"GET /a HTTP/1.1\r\nX_Host: a\r\nHost : localhost\r\n\r\n", 400),
        (b"GET localhost/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    ],
)
def test_every_form_of_an_address_names_the_host_that_is_asked_for(
    head: bytes, status: int
) -> None:
    with serving(Access(make_key(), own_uid=os.geteuid())) as server:
        talk = socket.create_connection(server.address, timeout=5)
        with talk:
            talk.sendall(head)
            answer = talk.makefile("rb").readline()
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer


@pytest.mark.parametrize("first", [b"l\0\x0b\0\0\0\0\0\0\0\0\0", b"B", b"\x16\x03\x01"])
def test_who_does_not_speak_http_is_not_kept_waiting(server: Server, first: bytes) -> None:
    with socket.create_connection(server.address, timeout=30) as stranger:
        stranger.sendall(first)
        with contextlib.suppress(ConnectionResetError):  # the rest of it was not read
            assert stranger.recv(1) == b""


def test_too_many_connections_cost_those_that_wait_longest() -> None:
    """Neither silent ones nor those that have sent half a head keep others out."""
    with (
        serving(ANYBODY, Limits(connections=4)) as server,
        contextlib.ExitStack() as opened,
    ):
        host, port = server.address
        for number in range(20):
            idle = opened.enter_context(socket.create_connection((host, port), timeout=30))
            idle.sendall(b"GET / HT" if number % 2 else b"")
            connection = http.client.HTTPConnection(host, port, timeout=30)
            opened.callback(connection.close)
            assert ask(connection, "GET", "/")[0] == 201
            assert threading.active_count() <= server.before + 1 + _ANSWERS_AT_ONCE


def test_few_large_requests_are_held_at_once() -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
    limited = serving(ANYBODY, most_large=1, room_timeout_s=0.05)
    with limited as server, contextlib.ExitStack() as opened:
        address = server.address
        first, second = (
            opened.enter_context(socket.create_connection(address, timeout=30)) for _ in range(2)
        )
        first.sendall(head.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert first.recv(100).startswith(b"HTTP/1.1 100 "), "it is being read"
        second.sendall(head)
        assert second.makefile("rb").readline().startswith(b"HTTP/1.1 503 ")
        small = http.client.HTTPConnection(address[0], address[1], timeout=30)
        opened.callback(small.close)
        assert ask(small, "POST", "/", body="small")[0] == 201
        first.sendall(b"a" * 100_000)
        assert first.recv(12) == b"HTTP/1.1 201"


def test_a_body_is_asked_for_where_the_client_waits_for_that(server: Server) -> None:
    with socket.create_connection(server.address, timeout=30) as talk:
        talk.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
            b"Expect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        assert talk.recv(100).startswith(b"HTTP/1.1 100 ")
        talk.sendall(b"body")
        assert b'"body": "body"' in talk.makefile("rb").read()


def test_who_sends_too_much_sees_why_it_is_refused(
    connection: http.client.HTTPConnection,
) -> None:
    status, said = ask(connection, "POST", "/", body=b"a" * (20 * BODY_BYTES))
    assert (status, said) == (413, b"A body may have 2,097,152 bytes.\n")


def test_who_goes_on_sending_is_not_listened_to_for_ever() -> None:
    with (
        serving(ANYBODY, Limits(linger_s=0.1)) as server,
        socket.create_connection(server.address, timeout=30) as endless,
    ):
        endless.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"
        )
        with pytest.raises(ConnectionError):
            collections.deque(map(endless.sendall, itertools.repeat(b"a" * 65536)), maxlen=0)


def test_a_failure_is_logged_and_ends_only_its_connection(
    connection: http.client.HTTPConnection, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert ask(connection, "GET", "/boom")[0] == 500
    assert "KeyError: 'boom'" in caplog.text
    assert ask(connection, "GET", "/")[0] == 201


def test_kept_connections_end_with_the_server_and_the_port_is_free() -> None:
    with contextlib.ExitStack() as opened:
        server = opened.enter_context(serving(ANYBODY))
        host, port = server.address
        connection = http.client.HTTPConnection(host, port, timeout=5)
        assert ask(connection, "GET", "/")[0] == 201
        opened.close()
        assert connection.sock.recv(1) == b""
        connection.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, port), timeout=5)
    listen(host, port).close()
