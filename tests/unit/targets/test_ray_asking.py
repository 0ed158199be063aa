"""What is said when a dashboard does not answer as it should; real sockets on loopback answer here."""

from __future__ import annotations

import http.server
import json
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.prerequisites import require

from trackboard.errors import TrackboardError, Unavailable, UsageError
from trackboard.targets.ray.api import RayApi
from trackboard.targets.ray.settings import RaySettings

_VERSION = {"version": "4", "ray_version": "2.60.0", "session_name": "s"}
Serve = Callable[..., str]


class _Handler(http.server.BaseHTTPRequestHandler):
    token = ""
    status = 200
    body = json.dumps(_VERSION).encode()
    location = ""

    def do_GET(self) -> None:
        said = self.headers.get("Authorization", "")
        status, body = self.status, self.body
        if self.token and said != f"Bearer {self.token}":
            status = 403 if said else 401
            body = (
                b"Unauthorized: Missing authentication token" if not said else b"Forbidden: Invalid"
            )
        self.send_response(status)
        if self.location:
            self.send_header("Location", self.location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts a server, and gives its address without a scheme."""
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_ADDRESS", "RAY_API_SERVER_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    servers: list[http.server.HTTPServer] = []

    def serve(certificate: Path | None = None, **answers: object) -> str:
        handler = type("Handler", (_Handler,), answers)
        server = http.server.HTTPServer(("127.0.0.1", 0), handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, certificate.with_suffix(".key"))
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        servers.append(server)
        return f"127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "own.pem"
    words = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    words += ["-addext", "subjectAltName=IP:127.0.0.1"]
    words += ["-keyout", str(path.with_suffix(".key")), "-out", str(path)]
    subprocess.run([require("openssl"), *words], check=True, capture_output=True)
    return path


def _fails(kind: type[TrackboardError], said: str, address: str, **settings: object) -> None:
    with pytest.raises(kind, match=f"(?s){said}"):
        RayApi(RaySettings(address, **settings), "[compute.c] in t.toml").get_version()  # type: ignore[arg-type]


def test_who_answers(serve: Serve) -> None:
    found = RayApi(RaySettings(serve()), "w").get_version()
    assert (found.version, found.session) == ("2.60.0", "s")


def test_nobody(serve: Serve) -> None:
    serve()
    said = r"no Ray cluster answers at http://127\.0\.0\.1:9: Connection refused.*\[compute\.c\]"
    _fails(Unavailable, said, "http://127.0.0.1:9")


def test_a_name_that_nobody_has() -> None:
    _fails(
        Unavailable, "no Ray cluster answers at http://nobody.invalid:8265", "nobody.invalid:8265"
    )


def test_a_wrong_address_in_a_variable(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    serve()
    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    _fails(UsageError, r"RAY_ADDRESS = 'ray://head:10001' is not .*http://<head>:8265", "")
    monkeypatch.setenv("RAY_ADDRESS", "http://127.0.0.1:9")
    _fails(Unavailable, "comes from the environment variable RAY_ADDRESS", "")
    for word in ("auto", "local"):  # Ray's words for this machine's
        monkeypatch.setenv("RAY_ADDRESS", word)
        assert RayApi(RaySettings(), "w").address == "http://127.0.0.1:8265"


@pytest.mark.parametrize("address", ["head:6379", "auto:x", "ray://head:10001", "http://"])
def test_addresses_that_are_no_dashboards(address: str) -> None:
    _fails(UsageError, "is not the address of a Ray dashboard", address)


def test_another_program(serve: Serve) -> None:
    _fails(UsageError, r"not a Ray dashboard.*HTTP 404.*port", serve(status=404, body=b"<html>"))
    _fails(UsageError, "not a Ray dashboard", serve(body=b"hello"))


def test_a_proxy_that_sends_on(serve: Serve) -> None:
    to = serve(status=302, location="https://sign-in.example/")
    _fails(UsageError, r"sends on to https://sign-in\.example/", to)


def test_its_own_trouble(serve: Serve) -> None:
    body = b"Traceback (most recent call last):\nTimeoutError: no agent\n"
    _fails(Unavailable, "could not answer: TimeoutError: no agent", serve(status=500, body=body))


def test_tokens(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = serve(token="right")
    _fails(UsageError, r"wants a token.*export RAY_AUTH_TOKEN=.*token_file", address)
    monkeypatch.setenv("RAY_AUTH_TOKEN", "wrong")
    _fails(UsageError, "does not accept the token", address)
    (tmp_path / "token").write_text("right\n")
    settings = RaySettings(address, token_file=str(tmp_path / "token"))
    assert RayApi(settings, "w").get_version().session == "s"
    _fails(UsageError, "no token of the Ray cluster '/no/token'", address, token_file="/no/token")


def test_headers_for_what_is_in_between(serve: Serve) -> None:
    address = serve(token="right")
    settings = RaySettings(address, headers=(("Authorization", "Bearer right"),))
    assert RayApi(settings, "w").get_version().session == "s"


def test_tls_where_there_is_none(serve: Serve) -> None:
    _fails(UsageError, r"does not speak TLS.*address = 'http://127", f"https://{serve()}")


def test_no_tls_where_there_is(serve: Serve, certificate: Path) -> None:
    _fails(UsageError, r"does not speak HTTP.*address = 'https://127", serve(certificate))


def test_certificates(serve: Serve, certificate: Path, tmp_path: Path) -> None:
    address = f"https://{serve(certificate)}"
    _fails(UsageError, r"certificate of .* is not trusted: self.signed.*ca_file = ", address)
    for settings in ({"ca_file": str(certificate)}, {"verify": False}):
        api = RayApi(RaySettings(address, **settings), "w")
        assert api.get_version().session == "s"
    (tmp_path / "empty.pem").touch()
    for wrong in ("/no/such.pem", str(tmp_path / "empty.pem")):
        _fails(UsageError, "holds no certificates", address, ca_file=wrong)
