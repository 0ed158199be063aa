"""A small HTTP/1.1 server for one WSGI application: a thread per connection, which is kept alive.

TensorBoard's own server (werkzeug's) closes every connection and lingers 10 ms on each; the page asks
for dozens of small answers. Only what a board needs is here: whole bodies, no access log. What strangers
can make it hold is bounded: connections, the size of a request, and how many large ones there are.
"""

from __future__ import annotations

import contextlib
import http.server
import io
import logging
import socket
import socketserver
import sys
import threading
import urllib.parse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from trackboard.board.web.access import Access
from trackboard.board.web.answers import (
    LENGTH_REQUIRED,
    TOO_LARGE,
    UNAVAILABLE,
    Answer,
    problem,
)
from trackboard.board.web.incoming import IDLE_S, BadHead, Incoming

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

BODY_BYTES = 2 * 1024 * 1024  # a request may not be larger; TensorBoard's are some kilobytes
_MAX_CONNECTIONS = 256
_BODY_HEADERS = ("Content-Length", "Transfer-Encoding")
_LARGE_BYTES = 64 * 1024
_MAX_LARGE = 4
_ANSWERS_AT_ONCE = 8  # more would share the same core, and each may hold 100,000 points
_ROOM_TIMEOUT_S = 5.0
_SHUTDOWN_POLL_S = 0.1

_logger = logging.getLogger(__name__)


class WebServer(socketserver.ThreadingMixIn, socketserver.BaseServer):
    """Serves `app` to whom `access` admits.

    Args:
        listener: A socket that listens already.
        app: The application.
        access: Knows who may ask.
        max_connections: So many are open at once, and threads; one that waits makes room for the next.
        max_large: So many bodies beyond 64 KiB are held at once, from their first byte to their answer.
        room_timeout_s: How long a connection or a large body waits for its turn.
    """

    daemon_threads = True

    def __init__(
        self,
        listener: socket.socket,
        app: WSGIApplication,
        access: Access,
        *,
        max_connections: int = _MAX_CONNECTIONS,
        max_large: int = _MAX_LARGE,
        room_timeout_s: float = _ROOM_TIMEOUT_S,
    ) -> None:
        super().__init__(listener.getsockname(), _Handler)
        self.socket = listener
        self.app = app
        self.access = access
        self.large_bodies = threading.BoundedSemaphore(max_large)
        self.answers = threading.BoundedSemaphore(_ANSWERS_AT_ONCE)
        self.room_timeout_s = room_timeout_s
        self._room = threading.BoundedSemaphore(max_connections)
        self._open: set[socket.socket] = set()  # connections; they outlive their requests
        self._waiting: dict[socket.socket, None] = {}  # for a request, the longest first
        self._guard = threading.Lock()

    def run(self) -> None:
        """Serve until `shutdown` is called from another thread."""
        self.serve_forever(poll_interval=_SHUTDOWN_POLL_S)

    def fileno(self) -> int:
        """For the selector of `serve_forever`."""
        return self.socket.fileno()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take the next connection."""
        connection, address = self.socket.accept()
        with self._guard:
            self._open.add(connection)
            self._waiting[connection] = None
        return connection, address

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any
    ) -> None:
        """Begin a connection's thread; where there are too many, the longest idle one ends first."""
        if not self._room.acquire(blocking=False):
            self._end_longest_wait()
            if not self._room.acquire(timeout=self.room_timeout_s):
                self.shutdown_request(request)
                return
        try:
            super().process_request(request, client_address)
        except RuntimeError as error:  # the system gives no more threads
            self._room.release()
            self.shutdown_request(request)
            _logger.error("a connection was refused: %s", error)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any
    ) -> None:
        """Serve a connection in its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def set_waiting(self, connection: socket.socket, *, is_waiting: bool) -> None:
        """Note that a connection waits for a request, or has one to be answered."""
        with self._guard:
            self._waiting.pop(connection, None)
            if is_waiting and connection in self._open:
                self._waiting[connection] = None

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """End a connection."""
        assert isinstance(request, socket.socket)
        with self._guard:
            self._open.discard(request)
            self._waiting.pop(request, None)
            _shutdown(request)
        request.close()

    def server_close(self) -> None:
        """Free the port and end the connections that are kept alive."""
        self.socket.close()
        with self._guard:
            for connection in self._open:
                _shutdown(connection)
        super().server_close()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """A browser that went away is no error; the rest is logged."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            _logger.error("a connection failed", exc_info=error)

    def _end_longest_wait(self) -> None:
        """Hang up on the connection that has waited longest; its thread then closes it."""
        with self._guard:
            longest = next(iter(self._waiting), None)
            if longest is not None:
                del self._waiting[longest]
                _shutdown(longest)


def _shutdown(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        _logger.debug("the other side was quicker: %s", error)


class _Handler(http.server.BaseHTTPRequestHandler):
    """One connection: requests one after the other."""

    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # of a first line that says none: refused with a status
    timeout = IDLE_S
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024  # head and body leave together
    server: WebServer

    def setup(self) -> None:
        """Find out who is there, once: a connection has one other end."""
        super().setup()
        self.rfile.close()
        self._incoming = Incoming(self.connection)
        self._peer_uid = self.server.access.identify(self.connection)
        self._is_body_unread = False

    def finish(self) -> None:
        """Let a request that was refused before its end see the answer."""
        super().finish()
        if self._is_body_unread:
            self.server.set_waiting(self.connection, is_waiting=True)
            with contextlib.suppress(OSError):  # it is gone already
                self.connection.shutdown(socket.SHUT_WR)
                self._incoming.discard()

    def handle_one_request(self) -> None:
        """Wait for a request and answer it."""
        self.close_connection = True
        self.server.set_waiting(self.connection, is_waiting=True)
        try:
            head = self._incoming.read_head()
        except BadHead as error:
            if error.status is not None:
                self._refuse(error.status)
            return
        self.server.set_waiting(self.connection, is_waiting=False)
        if head is None:
            return
        self.connection.settimeout(IDLE_S)
        lines = io.BytesIO(head)
        self.raw_requestline = lines.readline()
        self.rfile = lines  # the headers, for `parse_request`
        self._is_body_awaited = False
        if self.parse_request():
            self._respond()
        self.wfile.flush()

    def handle_expect_100(self) -> bool:
        """The body is asked for when it is known that it is wanted."""
        self._is_body_awaited = True
        return True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """No access log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """What http.server has to say about bad requests: the peer was told it."""
        _logger.debug(format, *args)

    def _refuse(self, status: int) -> None:
        """Answer what could not be read."""
        self.requestline, self.request_version, self.command = "", self.protocol_version, ""
        self.send_error(status)
        self.wfile.flush()

    def _respond(self) -> None:
        environ = self._environ()
        if environ is None:
            self.close_connection = True
            self.send_error(400, "The address is not one of this server")
            return
        instead = self.server.access.check(environ, self._peer_uid)
        if instead is None:
            self._answer(environ)
        else:
            self._send_unread(instead)

    def _answer(self, environ: WSGIEnvironment) -> None:
        length = self._body_length(environ)
        if length is None:
            return
        is_large = length > _LARGE_BYTES
        room = self.server.large_bodies
        if is_large and not room.acquire(timeout=self.server.room_timeout_s):
            self._send_unread(problem(environ, UNAVAILABLE, "Too many large requests at once."))
            return
        with contextlib.ExitStack() as stack:
            if is_large:
                stack.callback(room.release)
            if self._is_body_awaited:
                self.send_response_only(100)
                self.end_headers()
                self.wfile.flush()
            body = self._incoming.read_body(length)
            if body is None:
                self.close_connection = True
                return
            self.connection.settimeout(IDLE_S)
            environ["wsgi.input"] = io.BytesIO(body)
            with self.server.answers:
                answer = _call(self.server.app, environ)
        self._send(answer)

    def _send_unread(self, answer: Answer) -> None:
        """Answer a request whose body is not read: the connection cannot go on."""
        self.close_connection = True
        self._is_body_unread = any(name in self.headers for name in _BODY_HEADERS)
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        code, _, reason = answer.status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in answer.headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in answer.headers):
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _body_length(self, environ: WSGIEnvironment) -> int | None:
        """How long the body is, so that the next request begins where it should; None: refused."""
        length = self.headers.get("Content-Length", "0")
        lengths = self.headers.get_all("Content-Length", [])
        if (
            self.headers.get("Transfer-Encoding")
            or len(lengths) > 1
            or not (length.isascii() and length.isdecimal())
        ):
            self._send_unread(
                problem(environ, LENGTH_REQUIRED, "A body needs exactly one Content-Length.")
            )
            return None
        if int(length[:20]) > BODY_BYTES:
            limit = f"A body may have {BODY_BYTES:,} bytes."
            self._send_unread(problem(environ, TOO_LARGE, limit))
            return None
        return int(length)

    def _environ(self) -> WSGIEnvironment | None:
        """What the head of the request says; None when its address is none."""
        target, authority = _split_target(self.path)
        if target is None:
            return None
        path, _, query = target.partition("?")
        host, port = self.connection.getsockname()[:2]
        environ: WSGIEnvironment = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": urllib.parse.unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            if "_" in name:
                continue  # it could pass for one with a hyphen
            key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        if authority is not None and authority != environ.get("HTTP_HOST"):
            environ["HTTP_HOST"] = f"{authority},{environ.get('HTTP_HOST', '')}"  # which is none
        return environ


def _split_target(target: str) -> tuple[str | None, str | None]:
    """The path with its query, and the host of an address in the form for proxies."""
    if target.startswith("/"):
        return target, None
    scheme, _, rest = target.partition("://")
    if scheme.lower() not in ("http", "https"):
        return None, None
    authority, _, path = rest.partition("/")
    return f"/{path}", authority


def _call(app: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Let the application answer, all at once."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _exc_info: object = None, /
    ) -> Callable[[bytes], None]:
        begun[:] = [(status, headers)]  # nothing was sent yet: the last word counts
        return written.append

    parts = app(environ, start_response)
    try:
        written.extend(parts)
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    status, headers = begun[-1]
    return Answer(status, tuple(headers), b"".join(written))
