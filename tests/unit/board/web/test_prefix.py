from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient
from tests.unit.board.web.test_routes import PAGE, Provider, Recorded

from trackboard.board.process.key import make_key
from trackboard.board.web.access import Access
from trackboard.board.web.admission import Admission
from trackboard.board.web.prefix import parse_prefix
from trackboard.board.web.routes import Mount
from trackboard.board.web.serve import in_threads
from trackboard.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "prefix"),
    [
        ("", ""),
        ("/", ""),
        ("/keep", "/keep"),
        ("keep", "/keep"),
        ("/keep/", "/keep"),
        ("/node/host/6006", "/node/host/6006"),
        ("/user/a.b%40c/~x", "/user/a.b%40c/~x"),
    ],
)
def test_a_prefix_is_read_as_people_type_it(typed: str, prefix: str) -> None:
    assert parse_prefix(typed) == prefix


@pytest.mark.parametrize(
    "typed",
    ["http://host/keep", "/a//b", "//host", "/a b", "/a?b", "/a#b", "/../a", "/a/.", "/ä\n"],
)
def test_what_is_no_path_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(UsageError, match="is not the path of an address") as refused:
        parse_prefix(typed)
    assert repr(typed) in refused.value.message
    assert "--path-prefix /keep" in refused.value.hint


KEY = make_key()


def ask_below(prefix: str, app: Any) -> TestClient:
    """Ask an application below a prefix, as somebody who has the key."""
    admitted = Admission(in_threads(app), Access(KEY), parse_prefix(prefix))
    with_key = {"Authorization": f"Bearer {KEY.text}"}
    return TestClient(admitted, "http://localhost", headers=with_key, follow_redirects=False)


class Seen:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.places: list[tuple[str, str]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.places.append((environ["SCRIPT_NAME"], environ["PATH_INFO"]))
        start_response("200 OK", [])
        return []


@pytest.mark.parametrize(
    ("prefix", "headers", "path", "root", "rest"),
    [
        ("/keep", {}, "/keep/data/runs", "/keep", "/data/runs"),
        ("/keep", {}, "/data/runs", "", "/data/runs"),
        ("/keep", {}, "/keeper/data/runs", "", "/keeper/data/runs"),
        ("/tb", {}, "/tb/tb/digits/", "/tb", "/tb/digits/"),
        ("/a%40b", {}, "/a@b/-/", "/a@b", "/-/"),
        ("", {"X-Forwarded-Prefix": "/keep"}, "/keep/-/changes", "/keep", "/-/changes"),
        ("", {"X-Script-Name": "/keep/"}, "/keep/-/", "/keep", "/-/"),
        ("", {"X-Forwarded-Prefix": "/keep"}, "/-/", "", "/-/"),
        ("", {"X-Forwarded-Prefix": "/gone, /keep"}, "/keep/-/", "/keep", "/-/"),
        ("/a", {"X-Forwarded-Prefix": "/keep"}, "/keep/-/", "/keep", "/-/"),
        ("", {"X-Forwarded-Prefix": "//evil"}, "//evil/-/", "", "//evil/-/"),
        ("", {"X-Forwarded-Prefix": ""}, "/-/", "", "/-/"),
    ],
)
def test_a_prefix_goes_to_the_script_name_where_a_path_begins_with_it(
    prefix: str, headers: dict[str, str], path: str, root: str, rest: str
) -> None:
    seen = Seen()
    ask_below(prefix, seen).get(f"http://localhost{path}", headers=headers)
    assert seen.places == [(root, rest)]


def test_every_address_of_a_board_is_there_below_its_prefix() -> None:
    client = ask_below("/keep/it", Mount(Recorded(), Provider()))
    assert PAGE in client.get("/keep/it/").content
    assert PAGE in client.get("/keep/it/tb/digits/").content
    assert client.get("/keep/it/-/changes").json()["token"] == "a token"
    assert client.get("/keep/it/tb/digits/-/data/runs").json()["root"] == "/keep/it/tb/digits/-"
    for path in ("/keep/it", "/keep/it/-", "/keep/it/tb/digits"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert urljoin(f"http://proxy{path}", answer.headers["Location"]) == f"http://proxy{path}/"
