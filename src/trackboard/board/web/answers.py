"""Answers to requests, as values: pages, texts, redirects, and what went wrong in plain words."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

NO_CACHE = (
    ("Cache-Control", "no-cache, must-revalidate"),
    ("Expires", "0"),
    ("X-Content-Type-Options", "nosniff"),
)
BAD_REQUEST = "400 Bad Request"
FORBIDDEN = "403 Forbidden"
MISSING = "404 Not Found"
LENGTH_REQUIRED = "411 Length Required"
TOO_LARGE = "413 Content Too Large"
FAILED = "500 Internal Server Error"
UNAVAILABLE = "503 Service Unavailable"

_API = "/api/"  # in a path, which may begin with what a proxy has before ours
_PROBLEM_PAGE = """<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<title>trackboard</title>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 42em; margin: 15vh auto; padding: 0 1em">
<p style="font-size: 1.25em; white-space: pre-wrap">{message}</p>
<p style="white-space: pre-wrap">{hint}</p>
"""


@dataclass(frozen=True)
class Answer:
    """A whole answer; its length is said by who sends it."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def __call__(self, start_response: StartResponse) -> Iterable[bytes]:
        """Give it as a WSGI application does."""
        start_response(self.status, [*self.headers, ("Content-Length", str(len(self.body)))])
        return [self.body]


def problem(environ: Mapping[str, object], status: str, message: str, hint: str = "") -> Answer:
    """Say what went wrong: as a page to people, as JSON below /api/, else as text (to TensorBoard's page)."""
    if _API in str(environ.get("PATH_INFO", "")):
        said = {"error": {"message": message, "hint": hint}}
        kind, body = "application/json", json.dumps(said).encode()
    elif "text/html" in str(environ.get("HTTP_ACCEPT", "")):
        page = _PROBLEM_PAGE.format(message=html.escape(message), hint=html.escape(hint))
        kind, body = "text/html; charset=utf-8", page.encode()
    else:
        kind, body = "text/plain; charset=utf-8", f"{message}\n{hint}".strip().encode() + b"\n"
    return Answer(status, (("Content-Type", kind), *NO_CACHE), body)


def redirect(location: str, *headers: tuple[str, str]) -> Answer:
    """Send the browser to an address relative to where it is."""
    return Answer("302 Found", (("Location", location), *headers, *NO_CACHE))
