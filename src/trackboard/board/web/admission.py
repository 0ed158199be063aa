"""Lets the rules of boards (`board.web.access`) decide about requests as ASGI servers give them."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trackboard.board.web.access import Access
from trackboard.board.web.answers import BAD_REQUEST, Answer, problem
from trackboard.board.web.peer import find_uid
from trackboard.board.web.prefix import find_prefix

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_HOST = b"host"


class Admission:
    """Passes on what may be asked, and answers the rest.

    Args:
        app: Answers what is admitted.
        access: Decides.
        prefix: What a proxy's addresses have before the server's, from `parse_prefix`.
    """

    def __init__(self, app: ASGIApp, access: Access, prefix: str = "") -> None:
        self._app, self._access, self._prefix = app, access, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Decide on one request before its body is read."""
        if scope["type"] != "http":  # there are no others: no websockets, no lifespan
            return
        found = _with_one_address(scope)
        if found is None:
            said = problem({}, BAD_REQUEST, "The address is not one of this server.")
            await send_answer(said, send)
            return
        environ = environ_of(found)
        refusal = self._access.check(environ, self._peer_uid(found))
        if refusal is not None:
            await send_answer(refusal, send)
            return
        prefix = find_prefix(environ, self._prefix)
        if prefix:
            before = prefix.encode("latin-1").decode("utf-8", "replace")
            found = {**found, "root_path": found.get("root_path", "") + before}
        await self._app(found, receive, send)

    def _peer_uid(self, scope: Scope) -> int | None:
        if self._access.is_open or not scope.get("client") or not scope.get("server"):
            return None
        return find_uid(tuple(scope["client"]), tuple(scope["server"]))


def environ_of(scope: Scope) -> Mapping[str, str]:
    """What WSGI would say of a request."""
    environ = {
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": urllib.parse.unquote_to_bytes(_raw_path(scope)).decode("latin-1"),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        key = f"HTTP_{name.upper().replace('-', '_')}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


async def send_answer(answer: Answer, send: Send) -> None:
    """Send a whole answer."""
    headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
    await send(
        {
            "type": "http.response.start",
            "status": int(answer.status.partition(" ")[0]),
            "headers": [
                (name.lower().encode(), value.encode("latin-1")) for name, value in headers
            ],
        }
    )
    await send({"type": "http.response.body", "body": answer.body})


def _with_one_address(scope: Scope) -> Scope | None:
    """Bring a request into the form that all others have; None where its address is none of ours.

    A proxy's form of an address (`GET http://localhost/a`) names a host as well: where the header names
    another one, the two stand beside each other, which is no host. A header with an underscore could
    pass for one with a hyphen, and is left out.
    """
    headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    raw_path = _raw_path(scope)
    if raw_path.startswith(b"/"):
        return {**scope, "headers": headers}
    scheme, _, rest = raw_path.partition(b"://")
    if scheme.lower() not in (b"http", b"https"):
        return None
    authority, _, behind = rest.partition(b"/")
    hosts = [value for name, value in headers if name == _HOST]
    if hosts != [authority]:
        headers.append((_HOST, authority))
    path: dict[str, Any] = {
        "raw_path": b"/" + behind,
        "path": urllib.parse.unquote(f"/{behind.decode('ascii')}"),
    }
    return {**scope, **path, "headers": headers}


def _raw_path(scope: Scope) -> bytes:
    return scope.get("raw_path") or urllib.parse.quote(scope["path"]).encode()
