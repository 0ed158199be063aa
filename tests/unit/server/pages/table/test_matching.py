"""All that match as one selection: forms above the table, which say how many they mean."""

from __future__ import annotations

import csv
import html
import io
import re

import pytest
from starlette.testclient import TestClient

from trackboard.model import RunId
from trackboard.record import Recorder
from trackboard.service import LocalService

PAGE = {"Accept": "text/html"}
SMALL = "/runs?where=lr+%3D+0.1&order=loss"


@pytest.fixture
def _runs(recorder: Recorder, service: LocalService) -> None:
    """Six runs, every second with a rate of 0.1; the last of these goes on."""
    for number in range(6):
        run = recorder.create_run("digits", run_id=f"r{number}", name=f"try {number}")
        run.set_parameter("lr", 0.2 if number % 2 else 0.1)
        run.log("loss", float(number))
        if number != 4:
            run.complete()
    service.now()


def text_of(client: TestClient, address: str) -> str:
    answer = client.get(address, headers=PAGE)
    assert answer.status_code == 200, answer.text
    return answer.text


def fields_of(page: str, action: str) -> dict[str, str]:
    """What a form sends that nobody fills in."""
    (form,) = re.findall(rf'<form[^>]* action="\./{action}"[^>]*>(.*?)</form>', page, re.S)
    found = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


def send(client: TestClient, page: str, action: str, **more: str) -> str:
    """Send a form of a page as it is, and return the page that it leads to."""
    answer = client.post(f"/{action}", data={**fields_of(page, action), **more}, headers=PAGE)
    assert answer.status_code == 303, answer.text
    return text_of(client, answer.headers["location"].removeprefix(".."))


def rows(page: str) -> list[str]:
    return re.findall(r'<tr id="run-(\w+)"', page)


def said(page: str) -> str:
    (text,) = re.findall(r'<span role="status">(.*?)</span>', page)
    return str(text)


@pytest.mark.usefixtures("_runs")
def test_all_that_match_are_tagged_and_archived(client: TestClient, service: LocalService) -> None:
    page = text_of(client, SMALL + "&limit=1")
    assert "All that match: 3 runs" in page, "also those on other pages"
    page = send(client, page, "matching/tag", key="stage", value="late")
    assert said(page) == "Tagged: 3 runs."
    page = send(client, page, "matching/archive")
    assert (said(page), rows(page)) == ("Archived: 3 runs.", [])
    tags = service.runs.list_tags([RunId(f"r{number}") for number in range(6)])
    assert [run for run, each in tags.items() if each == {"stage": "late"}] == ["r0", "r2", "r4"]
    assert rows(text_of(client, "/runs")) == ["r5", "r3", "r1"]


@pytest.mark.usefixtures("_runs")
def test_deleting_leaves_what_goes_on_and_has_one_undo(
    client: TestClient, service: LocalService
) -> None:
    client.post("/runs/r5/delete", data={"x": "y"}, headers=PAGE)
    page = send(client, text_of(client, SMALL), "matching/delete")
    assert said(page) == "In the trash: 2 runs. 1 run left as before: not ended."
    assert rows(page) == ["r4"], "the same view"
    page = send(client, page, "matching/restore")
    assert (said(page), rows(page)) == ("Back from the trash: 2 runs.", ["r4", "r2", "r0"])
    assert [run.id for run in service.trash.list()] == ["r5"], "deleted by somebody else"


@pytest.mark.usefixtures("_runs")
def test_where_others_match_by_now_nothing_is_changed(
    client: TestClient, recorder: Recorder
) -> None:
    page = text_of(client, SMALL)
    late = recorder.create_run("digits", run_id="late")
    late.set_parameter("lr", 0.1)
    late.complete()
    for action in ("archive", "delete", "tag"):
        sent = {**fields_of(page, f"matching/{action}"), "key": "stage"}
        refused = client.post(f"/matching/{action}", data=sent, headers=PAGE)
        assert refused.status_code == 409
        assert "4 runs match now, and not 3: nothing was changed" in refused.text
        (again,) = re.findall(r'<a href="([^"]*)">Look again', refused.text)
        assert client.post(f"/matching/{action}", data=sent).json()["error"]["message"]
    page = text_of(client, html.unescape(again).removeprefix(".."))
    assert rows(page) == ["r4", "r2", "r0", "late"], "as it was sorted"
    assert said(send(client, page, "matching/archive")) == "Archived: 4 runs."


@pytest.mark.parametrize(
    ("action", "sent"),
    [
        ("archive", {"address": "experiment=digits"}),
        ("archive", {"count": "-6"}),
        ("archive", {"count": "6", "address": "where=lr+<<"}),
        ("tag", {"count": "6", "key": ""}),
        ("tag", {"count": "6", "key": "x" * 100_000}),
        ("restore", {"at": "yesterday"}),
    ],
)
@pytest.mark.usefixtures("_runs")
def test_what_cannot_be_meant_changes_nothing(
    client: TestClient, service: LocalService, action: str, sent: dict[str, str]
) -> None:
    before = service.now().runs.list()
    assert client.post(f"/matching/{action}", data=sent, headers=PAGE).status_code == 400
    assert service.now().runs.list() == before


def test_another_origin_changes_nothing(client: TestClient) -> None:
    headers = {**PAGE, "Origin": "http://elsewhere.example"}
    assert client.post("/matching/delete", data={"count": "0"}, headers=headers).status_code == 403


@pytest.mark.parametrize("query", ["done=gone", "done=archive&changed=many", "changed=3"])
def test_an_address_says_nothing_that_was_not_done(client: TestClient, query: str) -> None:
    assert 'id="said"' not in text_of(client, f"/runs?{query}")


@pytest.mark.usefixtures("_runs")
def test_the_first_are_compared_and_all_are_saved(client: TestClient) -> None:
    assert [
        run["id"] for run in client.get(f"/compare.json?first=2&{SMALL[6:]}").json()["runs"]
    ] == [
        "r4",
        "r2",
    ]
    assert client.get(f"/compare?first=21&{SMALL[6:]}", headers=PAGE).status_code == 400
    report = client.get(f"/export.html?all=1&{SMALL[6:]}")
    assert (report.status_code, report.text.count("try 2") > 0, "try 3" in report.text) == (
        200,
        True,
        False,
    )


def test_a_table_of_any_length_is_saved_as_csv(
    client: TestClient, recorder: Recorder, service: LocalService
) -> None:
    for number in range(501):
        recorder.create_run("digits", run_id=f"r{number}").log("loss", float(number))
    service.now()
    answer = client.get("/runs.csv?all=1&order=-loss&column=loss&limit=5")
    lines = list(csv.reader(io.StringIO(answer.text)))
    assert lines[0] == ["id", "name", "state", "loss"]
    assert [line[0] for line in lines[1:]] == [f"r{number}" for number in range(501)]
    refused = client.get("/export.html?all=1")
    assert (refused.status_code, "501 runs match" in refused.text) == (400, True)
