"""Chosen runs as one HTML file, from the forms of pages."""

import re

from starlette.testclient import TestClient

from trackboard.record import Recorder
from trackboard.service import LocalService

PAGE = {"Accept": "text/html"}


def test_ten_runs_are_one_small_file_that_needs_nothing_else(
    client: TestClient, recorder: Recorder, service: LocalService
) -> None:
    for number in range(10):
        run = recorder.create_run("digits", run_id=f"r{number}", name=f"try {number}")
        for name in range(10):
            for step in range(500):
                run.log(f"metric {name}", number / (step + 1), step=step)
        run.complete()
    service.now()
    chosen = "&".join(f"run=r{number}" for number in range(10))
    for page in ("/runs", f"/compare?{chosen}"):
        assert "export.html" in client.get(page, headers=PAGE).text
    answer = client.get(f"/export.html?{chosen}", headers=PAGE)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="trackboard-report.html"'
    assert len(answer.content) <= 2_000_000
    assert {f"try {number}" for number in range(10)} <= {*re.findall(r"try \d", answer.text)}
    assert re.findall(r"<script|(?:src|href)=[\"']?(?:https?:)?//", answer.text) == []


def test_a_choice_that_is_none_is_told(client: TestClient, recorder: Recorder) -> None:
    recorder.create_run("digits", run_id="r0")
    assert client.get("/export.html", headers=PAGE).status_code == 400
    many = "&".join(f"run=r{number}" for number in range(101))
    assert client.get(f"/export.html?{many}", headers=PAGE).status_code == 400
    assert client.get("/export.html?run=none", headers=PAGE).status_code == 404
    assert client.get("/export.html?run=r0&run=none", headers=PAGE).status_code == 404
