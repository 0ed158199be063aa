"""A small HTTP/1.1 server for one WSGI application: a thread per connection, which is kept alive.

TensorBoard's own server (werkzeug's) closes every connection and lingers 10 ms on each; the page asks
for dozens of small answers. Only what a board needs is here: whole bodies, no access log.
"""

from __future__ import annotations

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

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

BODY_BYTES = 64 * 1024 * 1024  # a request may not be larger
_IDLE_S = 75  # an unused connection is closed
_SHUTDOWN_POLL_S = 0.1

_logger = logging.getLogger(__name__)


class WebServer(socketserver.ThreadingMixIn, socketserver.BaseServer):
    """Serves `app` at a socket that listens already."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, app: WSGIApplication) -> None:
        super().__init__(listener.getsockname(), _Handler)
        self.socket = listener
        self.app = app
        self._open: set[socket.socket] = set()  # connections; they outlive their requests
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
        return connection, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """End a connection."""
        assert isinstance(request, socket.socket)
        with self._guard:
            self._open.discard(request)
            _hang_up(request)
        request.close()

    def server_close(self) -> None:
        """Free the port and end the connections that are kept alive."""
        self.socket.close()
        with self._guard:
            for connection in self._open:
                _hang_up(connection)
        super().server_close()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """A browser that went away is no error; the rest is logged."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            _logger.error("connection of %s", client_address, exc_info=error)


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        _logger.debug("the other side was quicker: %s", error)


class _Handler(http.server.BaseHTTPRequestHandler):
    """One connection: requests one after the other."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024  # head and body leave together
    server: WebServer

    def __getattr__(self, name: str) -> Callable[[], None]:
        # http.server looks for do_GET, do_POST, ...: all methods are the application's business.
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """No access log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """What http.server has to say about bad requests."""
        _logger.info(format, *args)

    def _answer(self) -> None:
        body = self._read_body()
        if body is None:
            return
        status, headers, content = _call(self.server.app, self._environ(body))
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _read_body(self) -> bytes | None:
        """The whole body of the request, so that the next one begins where it should."""
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not (length.isascii() and length.isdecimal()):
            self.close_connection = True
            self.send_error(411, "A body needs a Content-Length")
            return None
        if int(length) > BODY_BYTES:
            self.close_connection = True
            self.send_error(413, f"A body may have {BODY_BYTES} bytes")
            return None
        return self.rfile.read(int(length))

    def _environ(self, body: bytes) -> WSGIEnvironment:
        path, _, query = self.path.partition("?")
        host, port = self.connection.getsockname()[:2]
        environ: WSGIEnvironment = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
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
        return environ


def _call(
    app: WSGIApplication, environ: WSGIEnvironment
) -> tuple[str, list[tuple[str, str]], bytes]:
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
    return status, headers, b"".join(written)
