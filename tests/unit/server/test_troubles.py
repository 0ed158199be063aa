"""Pages over a history that is locked or damaged, and over what is larger than a page."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from trackboard.layout import WorkspacePaths
from trackboard.model import RunId
from trackboard.record import Recorder
from trackboard.service import LocalService

PAGE = {"Accept": "text/html"}
PAGES = ("/", "/runs", "/runs/r0", "/runs/r0/files", "/compute", "/trash")


@pytest.fixture
def database(recorder: Recorder, service: LocalService) -> Path:
    """That of a workspace with a run that is stored, and another one that is not."""
    run = recorder.create_run("digits", run_id="r0", name="first")
    run.log("loss", 0.5)
    run.complete()
    service.now()
    recorder.create_run("digits", run_id="r1", name="second").log("loss", 0.25)
    return WorkspacePaths(Path(service.folder)).folder / "trackboard.db"


def test_what_is_stored_is_shown_while_another_process_holds_the_database(
    client: TestClient, database: Path
) -> None:
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        for address in PAGES:
            answer = client.get(address, headers=PAGE)
            assert answer.status_code == 200, answer.text
        answer = client.get("/api/v1/runs")
        assert [each["id"] for each in answer.json()["runs"]] == ["r0"]
        holder.execute("ROLLBACK")
    assert len(client.get("/api/v1/runs").json()["runs"]) == 2


def damage(database: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    with contextlib.closing(sqlite3.connect(database)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = opened.execute("PRAGMA page_size").fetchone()
        (page,) = opened.execute(
            "SELECT rootpage FROM sqlite_schema WHERE type='table' AND name = ?", [table]
        ).fetchone()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def test_what_can_be_read_of_a_damaged_history_is_shown(
    client: TestClient, database: Path, service: LocalService
) -> None:
    service.close()
    damage(database, "writer")
    before = database.read_bytes()
    answer = client.get("/runs", headers=PAGE)
    assert answer.status_code == 200, answer.text
    assert "first" in answer.text
    assert "is damaged" in answer.text
    assert "backup" in answer.text
    assert database.read_bytes() == before


def test_health_says_that_the_history_is_damaged(
    client: TestClient, database: Path, service: LocalService
) -> None:
    assert client.get("/health").status_code == 200
    service.close()
    damage(database, "writer")
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["status"] == "damaged"
    assert "is damaged" in answer.json()["error"]["message"]
    assert "backup" in answer.json()["error"]["hint"]
    shown = client.get("/health", headers=PAGE)
    assert (shown.status_code, "is damaged" in shown.text) == (503, True)


def test_a_page_shows_the_begin_of_the_largest_tag(
    client: TestClient, recorder: Recorder, service: LocalService
) -> None:
    run = recorder.create_run("digits", run_id="r0")
    refused = client.post("/runs/r0/tag", data={"key": "huge", "value": "x" * 50_000_000})
    assert refused.status_code == 413
    run.set_tag("huge", "x" * 15_000_000)
    run.complete()
    service.now()
    for address in ("/runs/r0", "/runs?column=tags.huge"):
        answer = client.get(address, headers=PAGE)
        assert "huge" in answer.text
        assert len(answer.content) < 100_000


def test_a_log_of_ten_gigabytes_is_a_page_as_any_other(
    client: TestClient, recorder: Recorder, service: LocalService
) -> None:
    run = recorder.create_run("digits", run_id="r0")
    run.append_bytes("user_logs/std_log.txt", 0, b"the first line\n")
    service.now()
    with (service.files.get_folder(RunId("r0")) / "user_logs/std_log.txt").open("r+b") as log:
        log.seek(10_000_000_000)
        log.write(b"\nthe last line\n")
    path = "path=user_logs/std_log.txt"
    for address, said in (
        ("/runs/r0", "std_log.txt"),
        ("/runs/r0/files", "std_log.txt"),
        ("/runs/r0/log", "the last line"),
        ("/runs/r0/log?from=0", "the first line"),
        (f"/runs/r0/file?{path}", "10.0 GB"),
    ):
        answer = client.get(address, headers=PAGE)
        assert (answer.status_code, said in answer.text) == (200, True), address
        assert len(answer.content) < 1_500_000
    end = client.get(f"/api/v1/runs/r0/file?{path}", headers={"Range": "bytes=-5"})
    assert end.content == b"line\n"
