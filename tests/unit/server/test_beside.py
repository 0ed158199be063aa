"""The pages beside a board, which has the root: nothing of either is hidden by the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from tests.unit.server.conftest import board

from trackboard.board.web.serve import Site, in_threads
from trackboard.model import RunId
from trackboard.server.api import routes as api
from trackboard.server.beside import PAGE_NAMES, with_pages
from trackboard.server.live import Changes
from trackboard.server.pages import routes as pages
from trackboard.service import LocalService


@pytest.fixture
def site(service: LocalService) -> Iterator[Site]:
    service.recorder().create_run("digits", run_id="r0").complete()
    with with_pages(service.files.get_folder(RunId("r0")).parents[1], in_threads(board)) as site:
        yield site


@pytest.fixture
def client(site: Site) -> TestClient:
    return TestClient(site.app, "http://localhost:6006", follow_redirects=False)


def test_each_address_of_a_page_is_known_before_the_pages_are_loaded(service: LocalService) -> None:
    routes = [*api.list_routes(service, Changes(service)), *pages.list_routes(service)]
    paths = [each.path for each in routes if isinstance(each, Route | Mount) and each.path != "/"]
    firsts = {path.split("/")[1].partition(".")[0] for path in paths}
    assert firsts | {"assets", "health"} == PAGE_NAMES


@pytest.mark.parametrize("path", ["/", "/-/", "/data/runs", "/tb/runs:r0/", "/index.js", "/runsx"])
def test_what_is_no_page_is_the_boards(client: TestClient, path: str) -> None:
    assert client.get(path).text == f" {path}"


@pytest.mark.parametrize(
    "path", ["/experiments", "/runs", "/runs/r0", "/runs.json", "/health", "/api/v1/runs"]
)
def test_pages_are_at_their_addresses(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_pages_lead_to_pages(client: TestClient) -> None:
    page = client.get("/runs/r0").text
    assert 'href="../experiments"' in page
    assert 'href="../"' not in page, "that is TensorBoard"


def test_an_error_of_a_page_is_told_as_everywhere(client: TestClient) -> None:
    assert client.get("/api/v1/runs/none").json()["error"]["message"]


def test_pages_that_nobody_asked_for_are_not_loaded(site: Site, tmp_path: Path) -> None:
    with with_pages(tmp_path / "nothing is here", in_threads(board)) as other:
        assert TestClient(other.app).get("/data/runs").status_code == 200
        other.before_end()
    site.before_end()
