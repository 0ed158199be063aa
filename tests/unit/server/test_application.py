"""Whom the server answers, what it sends along, and how it tells what went wrong."""

from __future__ import annotations

import asyncio
import io
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

from trackboard.errors import Unavailable
from trackboard.service import LocalService

PAGE = {"Accept": "text/html"}


def test_it_says_that_it_answers(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok", "workspace": "default"}


def test_who_has_no_key_and_is_nobody_s_program_is_refused(client: TestClient) -> None:
    answer = client.get("/health", headers={"Authorization": ""})
    assert answer.status_code == 403
    assert "trackboard up --key" in answer.text


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost,evil", ""])
def test_without_the_key_only_names_of_this_machine_are_answered(
    client: TestClient, host: str
) -> None:
    answer = client.get("/health", headers={"Authorization": "", "Host": host})
    assert answer.status_code == 403
    assert "host name" in answer.text or "No Host" in answer.text


def test_a_write_from_a_page_of_others_is_refused(client: TestClient) -> None:
    answer = client.post(
        "/runs/r/name", headers={"Origin": "https://evil.example"}, data={"name": "x"}
    )
    assert (answer.status_code, "https://evil.example" in answer.text) == (403, True)


def test_the_key_becomes_a_cookie_and_leaves_the_address(client: TestClient) -> None:
    from tests.unit.server.conftest import KEY

    answer = client.get("/", params={"k": KEY.text, "a": "b"}, headers={"Authorization": ""})
    assert (answer.status_code, answer.headers["location"]) == (302, "./?a=b")
    assert "HttpOnly" in answer.headers["set-cookie"]


@pytest.mark.parametrize("path", ["/health", "/api/v1", "/nothing", "/api/v1/runs/none"])
def test_no_script_but_ours_may_run_on_our_pages(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=PAGE)
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_people_get_pages_and_programs_get_json_of_what_went_wrong(client: TestClient) -> None:
    program = client.get("/api/v1/runs/none")
    assert (program.status_code, program.json()["error"]["hint"]) == (
        404,
        "trackboard runs lists them.",
    )
    person = client.get("/api/v1/runs/<b>none", headers=PAGE)
    assert person.status_code == 404
    assert "<b>none" not in person.text
    assert "&lt;b&gt;none" in person.text
    assert client.get("/x").json()["error"]["message"] == "there is nothing at this address"


def test_what_nobody_expected_is_told_without_its_story(
    client: TestClient, service: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("of a test")

    monkeypatch.setattr(service, "read_on", fail)
    answer = client.get("/api/v1/runs")
    assert (answer.status_code, "ZeroDivisionError: of a test" in answer.text) == (500, True)
    assert "Traceback" not in answer.text


def test_a_workspace_that_does_not_answer_is_said_so(
    client: TestClient, service: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise Unavailable("the disk is away")

    monkeypatch.setattr(service, "read_on", fail)
    answer = client.get("/api/v1/runs")
    assert (answer.status_code, answer.json()["error"]["message"]) == (503, "the disk is away")


@pytest.mark.parametrize("size", ["2097153", "9" * 30])
def test_bodies_are_bounded(client: TestClient, size: str) -> None:
    answer = client.post("/runs/r/name", headers={"Content-Length": size}, content=b"")
    assert (answer.status_code, "2,097,152 bytes" in answer.text) == (413, True)


def test_a_body_says_how_long_it_is(client: TestClient) -> None:
    answer = client.post("/runs/r/name", content=iter([b"a"]))
    assert answer.status_code == 411


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/tb/", "/tb /"),
        ("/tb/-/", "/tb /-/"),
        ("/tb/-/data/runs", "/tb /-/data/runs"),
        ("/tb/data/plugins_listing", "/tb /data/plugins_listing"),
        ("/tb/digits/", " /tb/digits/"),
        ("/tb/digits/-/data/runs", " /tb/digits/-/data/runs"),
        ("/tb/a%2Fb/", " /tb/a/b/"),
        ("/tb/data/", " /tb/data/"),
        ("/tb/data/-/x", " /tb/data/-/x"),
    ],
)
def test_tensorboard_is_asked_for_all_runs_or_for_one_experiment(
    client: TestClient, asked: str, expected: str
) -> None:
    assert client.get(asked).text == expected


def test_below_a_prefix_that_a_proxy_says(client: TestClient) -> None:
    behind = {"X-Forwarded-Prefix": "/keep/it"}
    assert client.get("/keep/it/health", headers=behind).status_code == 200
    assert client.get("/health", headers=behind).status_code == 200
    assert client.get("/keep/it/tb/digits/", headers=behind).text == "/keep/it /tb/digits/"
    page = client.get("/keep/it/api/v1", headers=behind).text
    assert 'href="../assets/style.css"' in page
    assert client.get("/keep/it/health").status_code == 404


def test_who_is_gone_before_the_end_of_a_body_is_no_failure(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    messages = iter(
        [{"type": "http.request", "body": b"ha", "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> Any:
        return next(messages)

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = {**client.headers, "host": "localhost:6060", "content-length": "4"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/runs/r0/note",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(cast(Any, client.app)(scope, receive, send))
    assert next(messages, None) is None
    assert sent == []
    assert caplog.records == []


def test_what_is_long_is_compressed_but_for_files_and_streams(
    client: TestClient, service: LocalService
) -> None:
    run = service.recorder().create_run("digits", run_id="r0")
    run.add_file("a.txt", *run.put_file(io.BytesIO(b"x" * 5000)))
    service.now()
    for address in ("/runs", "/api/v1/openapi.json", "/assets/style.css"):
        answer = client.get(address, headers=PAGE)
        assert answer.headers["content-encoding"] == "gzip", address
        assert "Accept-Encoding" in answer.headers["vary"]
        plain = client.get(address, headers={**PAGE, "Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert len(plain.content) == len(answer.content) > int(answer.headers["content-length"])
    file = client.get("/api/v1/runs/r0/file?path=a.txt")
    assert ("content-encoding" in file.headers, file.headers["content-length"]) == (False, "5000")
    assert "content-encoding" not in client.get("/health").headers


def test_fonts_that_tensorboard_asks_for_at_the_root_are_found(client: TestClient) -> None:
    answer = client.get("/font-roboto/a.woff2")
    assert answer.headers["location"] == "../tb/-/font-roboto/a.woff2"
    found = client.get("/font-roboto/a.woff2", follow_redirects=True)
    assert found.text == "/tb /-/font-roboto/a.woff2"
