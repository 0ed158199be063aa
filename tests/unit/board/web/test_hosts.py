from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trackboard.board.web.hosts import answers_to, is_same_origin, is_wildcard

OWN = [
    "localhost",
    "localhost:6006",
    "LocalHost:1",
    "localhost.",
    "localhost.:6006",
    "board.localhost",
    "a.b.localhost:80",
    "127.0.0.1",
    "127.0.0.1:6006",
    "127.1.2.3",
    "[::1]",
    "[::1]:6006",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]:6006",
    "[::FFFF:7f00:1]",
]
FOREIGN = [
    "",
    " ",
    ":6006",
    ".",
    "evil.example",
    "evil.example:6006",
    "localhost.evil.example",
    "evil-localhost",
    "127.0.0.1.evil.example",
    "127.0.0.1.nip.io",
    "localhost@evil.example",
    "evil.example@localhost",
    "localhost,evil.example",
    "localhost,localhost",
    "localhost evil.example",
    "localhost:6006:6006",
    "localhost:x",
    "localhost:",
    "localhost/",
    "localhost#",
    "169.254.169.254",
    "0.0.0.0",
    "10.0.0.1",
    "[::]",
    "[fe80::1]",
    "[::1",
    "::1",
    "[::1%lo]",
    "[::ffff:10.0.0.1]",
    # Other ways to write 127.0.0.1, which no browser sends.
    "127.1",
    "0177.0.0.1",
    "127.0.0.01",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "１２７.0.0.1",  # noqa: RUF001
    "ⓛocalhost",
    "localhost\x00",
]


@pytest.mark.parametrize("host", OWN)
def test_names_of_this_machines_loopback(host: str) -> None:
    assert answers_to(host, ())


@pytest.mark.parametrize("host", FOREIGN)
def test_every_other_name_is_foreign(host: str) -> None:
    assert not answers_to(host, ())


@settings(max_examples=50)
@given(st.text(), st.sampled_from([":", "@", ",", "/", "\\", " ", "\t", "?", "#", "%00", ""]))
def test_nothing_around_a_name_makes_it_ours(text: str, between: str) -> None:
    for host in (f"{text}{between}evil.example", f"evil.example{between}{text}"):
        assert not answers_to(host, ()) or host.lower().removesuffix(".").endswith(".localhost")


def test_allowed_names_hold_at_any_port_and_no_others() -> None:
    allowed = {"board.example.org", "10.0.0.1"}
    for host in ("board.example.org", "Board.Example.org.:443", "10.0.0.1:80"):
        assert answers_to(host, allowed)
    for host in ("a.board.example.org", "example.org", "board.example.org.evil.example"):
        assert not answers_to(host, allowed)


@pytest.mark.parametrize(
    ("origin", "host", "is_same"),
    [
        ("http://localhost:6006", "localhost:6006", True),
        ("http://LOCALHOST:6006", "localhost:6006", True),
        ("http://[::1]:6006", "[::1]:6006", True),
        ("https://hub.example.org", "hub.example.org", True),  # behind TLS the port is not said
        ("http://hub.example.org:80", "hub.example.org", True),
        ("https://proxy.example.org", "localhost:6006", True),  # allowed by name
        ("http://localhost:7777", "localhost:6006", False),
        ("http://127.0.0.1:6006", "localhost:6006", False),
        ("http://evil.example", "localhost:6006", False),
        ("http://localhost:6006.evil.example", "localhost:6006", False),
        ("null", "localhost:6006", False),
        ("", "localhost:6006", False),
        ("file://", "localhost:6006", False),
        ("http://[bad", "localhost:6006", False),
    ],
)
def test_a_page_is_ours_when_it_was_served_under_the_same_name(
    origin: str, host: str, *, is_same: bool
) -> None:
    assert is_same_origin(origin, host, {"proxy.example.org"}) is is_same


def test_listening_at_all_addresses() -> None:
    assert [is_wildcard(one) for one in ("0.0.0.0", "::", "127.0.0.1", "host")] == [
        True,
        True,
        False,
        False,
    ]
