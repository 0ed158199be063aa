"""Who is admitted: a table of who asks, by which name, with what."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import SimpleCookie
from types import MappingProxyType
from urllib.parse import urljoin

import pytest

from trackboard.board.process.key import make_key
from trackboard.board.web.access import Access
from trackboard.board.web.answers import Answer

ME, STRANGER, ROOT = 1000, 1001, 0
KEY = make_key()
LOCAL = Access(KEY, ME, frozenset({"board.example.org"}))
BLIND = Access(KEY, None)  # the system does not tell whose process asks
OPEN = Access(KEY, None, is_open=True)


def asked(
    access: Access,
    peer: int | None = ME,
    more: Mapping[str, str] = MappingProxyType({}),
    *,
    host: str | None = "localhost:6006",
    method: str = "GET",
    path: str = "/data/runs",
    query: str = "",
    **headers: str,
) -> Answer | None:
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        **headers,
        **more,
    }
    if host is not None:
        environ["HTTP_HOST"] = host
    return access.check(environ, peer)


def cookie_of(access: Access, peer: int | None, host: str = "localhost:6006") -> str:
    """What a browser sends after it opened the address with the key."""
    answer = asked(access, peer, host=host, path="/", query=f"k={KEY.text}")
    assert answer is not None
    jar = SimpleCookie(dict(answer.headers)["Set-Cookie"])
    return "; ".join(f"{name}={one.value}" for name, one in jar.items())


def test_a_process_of_ones_own_user_needs_nothing() -> None:
    assert asked(LOCAL) is None
    assert asked(LOCAL, method="POST") is None


@pytest.mark.parametrize("peer", [STRANGER, ROOT, None])
def test_everybody_else_is_refused_in_words(peer: int | None) -> None:
    answer = asked(LOCAL, peer)
    assert answer is not None
    assert answer.status.startswith("403")
    assert b"trackboard tb --key" in answer.body


@pytest.mark.parametrize(
    "host", ["evil.example", "169.254.169.254", "localhost.evil.example", None]
)
def test_a_name_that_leads_here_only_by_a_name_server_is_refused(host: str | None) -> None:
    for access in (LOCAL, BLIND):
        answer = asked(access, host=host)
        assert answer is not None
        assert answer.status.startswith("403")
        assert b"allowed_hosts" in answer.body
        assert b"--allow-host" in answer.body


def test_a_page_says_it_as_a_page_and_repeats_nothing_as_markup() -> None:
    answer = asked(LOCAL, host="<b>", HTTP_ACCEPT="text/html")
    assert answer is not None
    assert b"<b>" not in answer.body
    assert dict(answer.headers)["Content-Type"].startswith("text/html")


def test_an_allowed_name_is_as_good_as_localhost() -> None:
    assert asked(LOCAL, host="Board.example.org:443") is None
    assert asked(LOCAL, STRANGER, host="board.example.org") is not None


@pytest.mark.parametrize("access", [LOCAL, BLIND, OPEN])
@pytest.mark.parametrize("peer", [ME, STRANGER, ROOT, None])
def test_with_the_cookie_any_user_may_ask_by_any_name(access: Access, peer: int | None) -> None:
    for host in ("localhost:6006", "hub.example.org", "10.0.0.1:8080"):
        cookie = cookie_of(access, peer, host)
        assert asked(access, peer, host=host, HTTP_COOKIE=f"a=b; {cookie}; c=d") is None


def test_a_cookie_is_no_use_to_another_user() -> None:
    assert asked(LOCAL, STRANGER, HTTP_COOKIE=cookie_of(LOCAL, ROOT)) is not None


def test_each_port_of_a_name_has_a_cookie_of_its_own() -> None:
    names = {
        cookie_of(OPEN, None, host).partition("=")[0]
        for host in ("box:6006", "box:6007", "box", "[::1]:6008")
    }
    assert names == {"trackboard-6006", "trackboard-6007", "trackboard-80", "trackboard-6008"}


def test_programs_show_the_key_in_a_header_and_are_answered_at_once() -> None:
    for access in (LOCAL, BLIND, OPEN):
        assert asked(access, STRANGER, HTTP_AUTHORIZATION=f"Bearer {KEY.text}") is None
        assert asked(access, STRANGER, HTTP_AUTHORIZATION="Bearer wrong") is not None
        assert asked(access, STRANGER, HTTP_AUTHORIZATION=f"Basic {KEY.text}") is not None


@pytest.mark.parametrize("access", [LOCAL, BLIND, OPEN])
@pytest.mark.parametrize(
    ("path", "query", "goes_to"),
    [
        ("/", "k={}", "/"),
        ("/", "smoothing=0&k={}&x=a%26b", "/?smoothing=0&x=a%26b"),
        ("/tb/gr\u00c3\u00b6\u00c3\u009fe/", "k={}", "/tb/gr%C3%B6%C3%9Fe/"),
        ("/data/runs", "k={}", "/data/runs"),
    ],
)
def test_the_key_in_the_address_becomes_a_cookie(
    access: Access, path: str, query: str, goes_to: str
) -> None:
    answer = asked(access, STRANGER, path=path, query=query.format(KEY.text))
    assert answer is not None
    headers = dict(answer.headers)
    assert answer.status.startswith("302")
    raw = path.encode("latin-1").decode()
    for prefix in ("", "/user/ada/proxy/6006"):
        target = urljoin(f"http://hub{prefix}{raw}", headers["Location"])
        assert target == f"http://hub{prefix}{goes_to}".replace("gr%C3%B6%C3%9Fe", "größe")
    assert KEY.text not in str(answer)
    morsel = next(iter(SimpleCookie(headers["Set-Cookie"]).values()))
    assert morsel["httponly"]
    assert morsel["samesite"] == "Lax"
    assert morsel["path"] == ""  # the browser's default: the folder of the address, with its prefix
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "no-cache" in headers["Cache-Control"]


def test_a_wrong_key_in_the_address_opens_nothing() -> None:
    for access in (LOCAL, BLIND, OPEN):
        for query in ("k=", "k=wrong", f"K={KEY.text}", f"x=k%3D{KEY.text}"):
            answer = asked(access, STRANGER, query=query)
            assert answer is not None
            assert answer.status.startswith("403")
    assert asked(LOCAL, ME, query="k=wrong") is None


def test_where_nobody_is_told_apart_everybody_needs_the_key() -> None:
    for peer in (ME, ROOT, None):
        assert asked(BLIND, peer) is not None


def test_beyond_this_machine_nothing_but_the_token_counts() -> None:
    for host in ("localhost:6006", "127.0.0.1", "box.example.org"):
        answer = asked(OPEN, ME, host=host)
        assert answer is not None
        assert answer.status.startswith("403")
        assert b"--new-token" in answer.body


FOREIGN_PAGES: list[dict[str, str]] = [
    {"HTTP_ORIGIN": "http://evil.example"},
    {"HTTP_ORIGIN": "http://localhost:7777"},
    {"HTTP_ORIGIN": "null"},
    {"HTTP_SEC_FETCH_SITE": "cross-site"},
    {"HTTP_SEC_FETCH_SITE": "same-site"},
    {"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_ORIGIN": "http://localhost:6006"},
]
OWN_PAGES: list[dict[str, str]] = [
    {},
    {"HTTP_ORIGIN": "http://localhost:6006"},
    {"HTTP_ORIGIN": "https://board.example.org"},
    {"HTTP_SEC_FETCH_SITE": "same-origin"},
    {"HTTP_SEC_FETCH_SITE": "none"},
    # A proxy that changes the host, and so does not look like where the page came from.
    {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ORIGIN": "https://name-6006.app.github.dev"},
]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_has_to_come_from_a_page_of_the_board(method: str) -> None:
    with_cookie = {"HTTP_COOKIE": cookie_of(LOCAL, ME)}
    for headers in FOREIGN_PAGES:
        for more in ({}, with_cookie, {"HTTP_AUTHORIZATION": f"Bearer {KEY.text}"}):
            answer = asked(LOCAL, ME, {**headers, **more}, method=method)
            assert answer is not None, headers
            assert answer.status.startswith("403")
    for headers in OWN_PAGES:
        assert asked(LOCAL, ME, headers, method=method) is None, headers


def test_a_link_or_a_frame_of_another_page_may_lead_to_a_board() -> None:
    for headers in FOREIGN_PAGES:
        assert asked(LOCAL, ME, headers) is None
        assert asked(LOCAL, ME, headers | {"HTTP_SEC_FETCH_MODE": "navigate"}) is None


@pytest.mark.parametrize("mode", ["no-cors", "cors", "same-origin", "websocket"])
def test_no_other_page_loads_from_a_board(mode: str) -> None:
    """An image or a script whose address is a costly question."""
    loading = {"HTTP_SEC_FETCH_MODE": mode}
    for headers in FOREIGN_PAGES:
        assert asked(LOCAL, ME, headers | loading) is not None
    for headers in OWN_PAGES:
        assert asked(LOCAL, ME, headers | loading) is None
