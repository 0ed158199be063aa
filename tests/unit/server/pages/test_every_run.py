"""Every page of a run answers, whatever state the run is in and however little is known of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.every_state import DELETED, RUNS, record_every_state

from trackboard.server.pages.routes import PAGES
from trackboard.service import LocalService

OF_A_RUN = [path for path, _ in PAGES if "{run}" in path]


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_no_page_of_a_run_fails(
    client: TestClient, service: LocalService, tmp_path: Path, kind: str
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    record_every_state(service, source)
    assert OF_A_RUN
    for run in (*RUNS, DELETED, "nobody"):
        for path in OF_A_RUN:
            answer = client.get(path.replace("{run}", run), headers={"Accept": kind})
            assert answer.status_code < 500, (run, path, answer.text)
            is_said = run == "nobody" or answer.status_code == 200 or path.endswith("/file")
            assert is_said or run == DELETED, (run, path, answer.text)
