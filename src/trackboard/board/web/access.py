"""Who may ask a board: its own user's processes, and whoever shows its key.

    of its own user, asked by a name of this machine's loopback or an allowed one     admitted
    with the cookie, or `Authorization: Bearer <key>`                                 admitted
    with `?k=<key>`                           gets the cookie, and is sent on without the key
    everybody else                            403, in words

The name that was asked for (Host) is what tells a person's browser from a web page that had its own name
lead to this machine (DNS rebinding): the page's name is neither loopback nor allowed. The cookie is
given to one name only, so that with it any name is good: a proxy's, a container's. Beyond loopback
nothing but the key counts. A write, and whatever a page loads by itself, has to come from a page of the
board; a link may lead here from anywhere.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trackboard.board.process.key import KEY_PARAMETER, Key
from trackboard.board.web.answers import FORBIDDEN, Answer, problem, redirect
from trackboard.board.web.hosts import answers_to, is_same_origin, split_host

_READS = frozenset(("GET", "HEAD", "OPTIONS"))
_OWN_PAGES = frozenset(("same-origin", "none"))  # none: a person typed the address
_BEARER = "bearer"

_ASK_WITH_KEY = (
    "Open it by an address with its key: on that machine, type `trackboard {} --key`, or as the user"
    " whose board it is. The address ends in ?k=…, and has to be opened once."
)
_ASK_WITH_TOKEN = (
    "Open the address that ends in ?k=<token> once. The token was shown when a board of this workspace"
    " first listened beyond its machine; `trackboard {} --host … --new-token` makes another one."
)


@dataclass(frozen=True)
class Access:
    """The rules of one board.

    Attributes:
        key: What opens it to everybody who has it.
        own_uid: The user whose processes need no key; None where nobody's are told apart, or count.
        allowed_hosts: Names beside loopback's, in lower case.
        is_open: Whether it listens beyond this machine.
        command: The verb of the command that was typed for it.
    """

    key: Key
    own_uid: int | None = None
    allowed_hosts: frozenset[str] = frozenset()
    is_open: bool = False
    command: str = "tb"

    def check(self, environ: Mapping[str, str], peer_uid: int | None) -> Answer | None:
        """Decide on one request before its body is read.

        Returns:
            None to admit it; otherwise what to answer instead.
        """
        method = environ["REQUEST_METHOD"]
        shown = dict(_parameters(environ)).get(KEY_PARAMETER)
        is_shown = shown is not None and self.key.opens(shown)
        if not (is_shown or self._has_bearer(environ) or self._has_cookie(environ, peer_uid)):
            refusal = self._check_stranger(environ, peer_uid)
            if refusal is not None:
                return refusal
        if _acts(environ) and not self._is_own_page(environ):
            return problem(environ, FORBIDDEN, *self._foreign_page(environ))
        if is_shown and method in ("GET", "HEAD"):
            return self._set_cookie(environ, peer_uid)
        return None

    def _check_stranger(self, environ: Mapping[str, str], peer_uid: int | None) -> Answer | None:
        """Decide on who shows no key."""
        if self.is_open:
            return problem(
                environ,
                FORBIDDEN,
                "This board asks for its token.",
                _ASK_WITH_TOKEN.format(self.command),
            )
        host = environ.get("HTTP_HOST", "")
        if not answers_to(host, self.allowed_hosts):
            name = (split_host(host) or ("NAME",))[0]
            said = f"This board does not answer to the host name {host!r}." if host else "No Host."
            hint = (
                "Ask for it as localhost. If the name is one of yours, a proxy's, allow it:"
                f" `trackboard {self.command} --allow-host {name}`, or, for all boards of a workspace,"
                f' allowed_hosts = ["{name}"] in its trackboard.toml.'
            )
            return problem(environ, FORBIDDEN, said, hint)
        if self.own_uid is None or peer_uid != self.own_uid:
            said = "This board answers programs of its own user, and those who show its key."
            return problem(environ, FORBIDDEN, said, _ASK_WITH_KEY.format(self.command))
        return None

    def _has_bearer(self, environ: Mapping[str, str]) -> bool:
        scheme, _, shown = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        return scheme.lower() == _BEARER and self.key.opens(shown.strip())

    def _has_cookie(self, environ: Mapping[str, str], peer_uid: int | None) -> bool:
        values = _cookies(environ, _cookie_name(environ))
        return any(self.key.is_cookie(value, peer_uid) for value in values)

    def _is_own_page(self, environ: Mapping[str, str]) -> bool:
        """Whether a write does not come from a page of somebody else. Programs say neither of these."""
        site = environ.get("HTTP_SEC_FETCH_SITE")
        if site is not None:  # no page can change it, and no proxy has a reason to
            return site in _OWN_PAGES
        origin = environ.get("HTTP_ORIGIN")
        host = environ.get("HTTP_HOST", "")
        return origin is None or is_same_origin(origin, host, self.allowed_hosts)

    def _foreign_page(self, environ: Mapping[str, str]) -> tuple[str, str]:
        origin = environ.get("HTTP_ORIGIN", "another site")
        return (
            f"A page of {origin} may not send this to a board.",
            f"If that is your proxy's name, allow it: trackboard {self.command} --allow-host NAME.",
        )

    def _set_cookie(self, environ: Mapping[str, str], peer_uid: int | None) -> Answer:
        """Give the cookie, and lead to the same address without the key."""
        rest = urllib.parse.urlencode(
            [(name, value) for name, value in _parameters(environ) if name != KEY_PARAMETER]
        )
        last = environ.get("PATH_INFO", "").rpartition("/")[2]
        here = "./" + urllib.parse.quote(last.encode("latin-1"), safe="")
        # Without Path it holds for the folder of this address, whatever prefix a proxy put before it.
        cookie = f"{_cookie_name(environ)}={self.key.cookie_for(peer_uid)}; HttpOnly; SameSite=Lax"
        return redirect(
            f"{here}?{rest}" if rest else here,
            ("Set-Cookie", cookie),
            ("Referrer-Policy", "no-referrer"),
        )


def _acts(environ: Mapping[str, str]) -> bool:
    """Whether a request does more than show something: a write, or what a page loads by itself."""
    mode = environ.get("HTTP_SEC_FETCH_MODE", "navigate")
    return environ["REQUEST_METHOD"] not in _READS or mode != "navigate"


def _parameters(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    try:
        return urllib.parse.parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    except ValueError:
        return []


def _cookie_name(environ: Mapping[str, str]) -> str:
    """The cookie's name: a browser shows it to all ports of a host name, so each has a name of its own."""
    found = split_host(environ.get("HTTP_HOST", ""))
    return f"trackboard-{found[1] if found and found[1] else 80}"


def _cookies(environ: Mapping[str, str], name: str) -> Iterator[str]:
    for part in environ.get("HTTP_COOKIE", "").split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            yield value
