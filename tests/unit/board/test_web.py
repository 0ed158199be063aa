"""The HTTP server, spoken to over real sockets."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from trackboard.board.port import listen
from trackboard.board.web import BODY_BYTES, WebServer


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


@pytest.fixture
def server() -> Iterator[WebServer]:
    server = WebServer(listen("127.0.0.1", 0), echo)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)
    assert not thread.is_alive()


@pytest.fixture
def connection(server: WebServer) -> Iterator[http.client.HTTPConnection]:
    host, port = server.socket.getsockname()
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
        ({"Content-Length": "many"}, 411),
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
    assert (answer.status, answer.getheader("Connection")) == (status, "close")


def test_a_failure_is_logged_and_ends_only_its_connection(
    connection: http.client.HTTPConnection, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(http.client.RemoteDisconnected), caplog.at_level(logging.ERROR):
        ask(connection, "GET", "/boom")
    assert "KeyError: 'boom'" in caplog.text
    assert ask(connection, "GET", "/")[0] == 201


def test_kept_connections_end_with_the_server_and_the_port_is_free() -> None:
    server = WebServer(listen("127.0.0.1", 0), echo)
    thread = threading.Thread(target=server.run)
    thread.start()
    host, port = server.socket.getsockname()
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        assert ask(connection, "GET", "/")[0] == 201
        server.shutdown()
        server.server_close()
        assert connection.sock.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, port), timeout=5)
    finally:
        connection.close()
        thread.join(timeout=5)
    listen(host, port).close()
