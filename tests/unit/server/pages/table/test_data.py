"""The table of runs for programs: what stands on its page, at the same address."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient
from tests.workspaces import parts, store_events

from trackboard.history.conditions import build_query
from trackboard.ingest.silence import Silence
from trackboard.model import RunState
from trackboard.record import Recorder
from trackboard.service import LocalService
from trackboard.spool import list_writers
from trackboard.testing.speaker import created, moved

PAGE = {"Accept": "text/html"}
VIEWS = (
    "limit=3&order=loss&column=loss",
    "limit=3&order=loss&column=loss&pin=r0&pin=r2",
    "limit=3&order=loss&column=loss&pin=r0&after=r3",
    "limit=2&column=loss&open=r4",
    "limit=2&column=loss&open=r4&open=c1&pin=r4&baseline=r1",
    "children=1&column=loss&open=r4&baseline=c0",
    "pin=gone&baseline=none&pin=r1",
    "where=loss+>+2&column=loss&column=tags.team&baseline=r1",
)


@pytest.fixture
def _runs(recorder: Recorder, service: LocalService) -> None:
    """Five runs, the last of which has two children, one of those a child; all go on."""
    for number in range(5):
        run = recorder.create_run("digits", run_id=f"r{number}", name=f"try {number}")
        run.log("loss", float(number))
        run.set_tag("team", f"t{number % 2}")
    for number in range(2):
        child = run.child(f"fold {number}", run_id=f"c{number}")
        child.log("loss", 0.5)
    child.child("epoch", run_id="g0")
    service.now()


def told(client: TestClient, view: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = client.get(f"/runs.json?{view}").json()
    return found


def table(client: TestClient, view: str) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(client.get(f"/runs.csv?{view}").text))]


@pytest.mark.usefixtures("_runs")
@pytest.mark.parametrize("view", VIEWS)
def test_the_rows_are_those_of_the_page(client: TestClient, view: str) -> None:
    page = client.get(f"/runs?{view}", headers=PAGE).text
    rows = re.findall(r'<tr id="run-(\w+)"( class="pinned")?', page)
    levels = [int(each) for each in re.findall(r'class="level-(\d)', page)]
    found = told(client, view)
    assert [(each["id"], each["pinned"]) for each in found["runs"]] == [
        (run, bool(pinned)) for run, pinned in rows
    ]
    assert [each["level"] for each in found["runs"]] == levels
    assert f"<strong>{found['count']}</strong>" in page
    in_csv = table(client, view)
    assert [each["id"] for each in in_csv] == [run for run, _ in rows]
    if "level" in in_csv[0]:
        assert [int(each["level"]) for each in in_csv] == levels
        assert [each["pinned"] == "1" for each in in_csv] == [bool(each) for _, each in rows]


@pytest.mark.usefixtures("_runs")
def test_differences_from_the_baseline_are_numbers(client: TestClient) -> None:
    view = "column=loss,tags.team&order=-loss&baseline=r1"
    found = told(client, view)
    assert found["baseline"] == "r1"
    assert {each["id"]: each["differences"] for each in found["runs"]} == {
        f"r{number}": {"loss": number - 1.0} for number in range(5)
    }
    rows = table(client, view)
    assert [*rows[0]] == [
        *("id", "pinned", "level", "name", "state", "loss", "loss difference", "tags.team"),
    ]
    assert {each["id"]: float(each["loss difference"]) for each in rows} == {
        f"r{number}": number - 1.0 for number in range(5)
    }


@pytest.mark.usefixtures("_runs")
def test_what_is_gone_or_hidden_is_told(client: TestClient) -> None:
    found = told(client, "pin=gone&baseline=none&pin=r1&column=loss")
    assert (found["gone"], found["hidden"]) == (["none", "gone"], 0)
    assert "differences" not in found["runs"][0]
    assert "loss difference" not in table(client, "baseline=none&column=loss")[0]
    assert [*table(client, "column=loss")[0]] == ["id", "name", "state", "loss"], "as ever"


def test_groups_conditions_and_rows_agree_on_every_state_and_on_lost(
    client: TestClient,
    service: LocalService,
    recorder: Recorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for state in RunState:
        recorder.create_run("digits", run_id=state.value).set_state(state)
    store_events(
        parts(service).store, created("elsewhere"), moved("elsewhere", RunState.RUNNING, 1)
    )
    service.now()
    writers = frozenset(list_writers(parts(service).spool_folder))
    monkeypatch.setattr(Silence, "list_lost", lambda _silence: writers)
    words = {each["id"]: each["state"] for each in told(client, "")["runs"]}
    assert words == {
        **{each.value: each.value if each.is_terminal else "lost" for each in RunState},
        "elsewhere": "running",
    }
    groups = told(client, "group=state")["groups"]
    assert {each["key"]["state"]: each["runs"] for each in groups} == Counter(words.values())
    for each in groups:
        assert told(client, urlencode({"where": each["where"]}))["count"] == each["runs"]
    page = client.get("/runs?group=state", headers=PAGE).text
    assert all(f">{each}</a>" in page for each in words.values())
    for word in (*(each.value for each in RunState), "lost"):
        for condition in (f"state = {word}", f"state ~ ^{word}$", f"not state != {word}"):
            found = {each["id"] for each in told(client, urlencode({"where": condition}))["runs"]}
            assert found == {run for run, each in words.items() if each == word}, condition
    changed = service.runs.tag_matching(build_query(where="state = lost"), {"seen": None})
    assert {*changed.runs} == {run for run, word in words.items() if word == "lost"}
    assert service.trash.delete_matching(build_query(where="state = running")).going_on == 1
    running = service.now().runs.query(build_query(state="running"))
    assert [run.id for run in running] == ["elsewhere"], "a filter says the same as a condition"
