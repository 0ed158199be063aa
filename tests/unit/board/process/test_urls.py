from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest

from trackboard.board.private_folder import remove_around
from trackboard.board.process.urls import find_link, open_in_browser, proxy_hosts, with_key_shown

URL = "http://localhost:6007/"


def test_a_board_is_where_it_says() -> None:
    link = find_link(URL, 6007, "secret", {})
    assert (link.href, link.forward) == (URL, "")


def test_behind_jupyterhub_the_link_has_the_key_as_it_asks_in_its_own_name() -> None:
    link = find_link(URL, 6007, "secret", {"JUPYTERHUB_SERVICE_PREFIX": "/user/ada/"})
    assert link.href == "/user/ada/proxy/6007/?k=secret"


def test_a_proxys_name_is_allowed_so_that_its_link_needs_no_key() -> None:
    environ = {"TENSORBOARD_PROXY_URL": "https://example.org:8443/here/%PORT%/"}
    assert find_link(URL, 6007, "secret", environ).href == "https://example.org:8443/here/6007/"
    assert proxy_hosts(environ) == ("example.org",)
    with_key = with_key_shown(URL, "secret")
    assert find_link(with_key, 6007, "secret", environ).href.endswith("/here/6007/?k=secret")


@pytest.mark.parametrize("url", ["", "/proxy/%PORT%/", "%PORT%"])
def test_a_proxy_without_a_host_allows_none(url: str) -> None:
    assert proxy_hosts({"TENSORBOARD_PROXY_URL": url}) == ()


def test_a_browser_is_started_with_no_key_among_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    open_in_browser(URL)
    open_in_browser(with_key_shown(URL, "secret"))
    plain, page = opened
    assert plain == URL
    assert "secret" not in page
    path = Path(page.removeprefix("file://"))
    assert path.parent.stat().st_mode & 0o077 == 0
    assert 'url=http://localhost:6007/?k=secret"' in path.read_text()
    remove_around(path)
