"""The table of runs: what is pinned, compared, opened, grouped and arranged by its address alone."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from trackboard.model import RunId
from trackboard.record import Recorder
from trackboard.service import LocalService

PAGE = {"Accept": "text/html"}
RATES = [0.1, 0.01]


@pytest.fixture
def _runs(recorder: Recorder, service: LocalService) -> None:
    """Eight runs, the last of which has two children, one of those a child."""
    for number in range(8):
        run = recorder.create_run("digits", run_id=f"r{number}", name=f"try {number}")
        run.set_parameter("lr", RATES[number % 2])
        run.log("loss", float(number))
        if number % 4 < 3:
            run.set_tag("team", "vision" if number % 4 else 'a "b"')
    for number in range(2):
        child = run.child(f"fold {number}", run_id=f"c{number}")
        child.log("loss", 0.5)
    child.child("epoch", run_id="g0")
    service.now()


def text_of(client: TestClient, address: str, status: int = 200) -> str:
    answer = client.get(address, headers=PAGE)
    assert answer.status_code == status, answer.text
    return answer.text


def rows(page: str) -> list[str]:
    return re.findall(r'<tr id="run-(\w+)"', page)


def link(page: str, label: str) -> str:
    """The address of a link by what it is called."""
    for attributes, text in re.findall(r"<a ([^>]*)>([^<]*)", page):
        if label in (text, *re.findall(r'aria-label="([^"]*)"', attributes)):
            (address,) = re.findall(r'href="([^"]*)"', attributes)
            return str(address).replace("&amp;", "&").removeprefix(".")
    raise AssertionError(f"no link {label!r}")


def cell(page: str, run: str) -> str:
    (row,) = re.findall(rf'<tr id="run-{run}".*?</tr>', page, re.S)
    return " ".join(re.sub(r"<[^>]*>", " ", row).split())


@pytest.mark.usefixtures("_runs")
def test_pinned_runs_stand_on_top_of_every_page(client: TestClient) -> None:
    page = text_of(client, "/runs?limit=3&order=loss&column=loss")
    assert rows(page) == ["r7", "r6", "r5"]
    page = text_of(client, link(page, "Pin digits/try 5"))
    assert rows(page) == ["r5", "r7", "r6"]
    page = text_of(client, link(page, "Next page"))
    assert rows(page) == ["r5", "r4", "r3", "r2"]
    assert "<strong>8</strong>" in page, "what is pinned is not counted twice"
    page = text_of(client, link(page, "Unpin digits/try 5"))
    assert rows(page) == ["r4", "r3", "r2"], "the same page, without it"


@pytest.mark.usefixtures("_runs")
def test_all_are_compared_with_one_baseline(client: TestClient) -> None:
    page = text_of(client, "/runs?column=loss,tags.team&order=-loss")
    page = text_of(client, link(page, "Compare all with digits/try 2"))
    assert rows(page)[0] == "r2"
    assert "2 vision" in cell(page, "r2")
    assert "baseline" in cell(page, "r2")
    assert "3 +1 (+50.0%)" in cell(page, "r3")
    assert "1 -1 (-50.0%) vision" in cell(page, "r1")
    again = text_of(client, link(page, "Compare all with digits/try 0"))
    assert "+1 " in cell(again, "r1")
    assert "%" not in cell(again, "r1"), "nothing is so many percent more than nothing"
    assert "baseline" not in cell(again, "r2"), "there is one"


@pytest.mark.usefixtures("_runs")
def test_what_is_pinned_and_gone_is_told(client: TestClient) -> None:
    page = text_of(client, "/runs?pin=r1&pin=none&baseline=gone")
    assert "Not there any more, and so not on top: gone, none." in page
    assert rows(page)[0] == "r1"
    assert "gone" not in text_of(client, link(page, "Unpin all"))
    many = "&".join(f"pin=x{number}" for number in range(51))
    assert "pin= names 51 runs" in text_of(client, f"/runs?{many}", 400)


@pytest.mark.usefixtures("_runs")
def test_children_are_a_tree_by_the_address(client: TestClient) -> None:
    page = text_of(client, "/runs?limit=2")
    assert rows(page) == ["r7", "r6"]
    page = text_of(client, link(page, "2 children of digits/try 7"))
    assert rows(page) == ["r7", "c0", "c1", "r6"]
    assert 'aria-expanded="true"' in page
    page = text_of(client, link(page, "1 child of digits/try 7/fold 1"))
    assert rows(page) == ["r7", "c0", "c1", "g0", "r6"]
    assert re.findall(r'class="level-(\d)', page) == ["0", "1", "1", "2", "0"]
    closed = text_of(client, link(page, "2 children of digits/try 7"))
    assert rows(closed) == ["r7", "r6"]
    flat = text_of(client, "/runs?children=1&open=r7")
    assert sorted(rows(flat)) == sorted({*rows(flat)}), "each run is shown once"


@pytest.mark.usefixtures("_runs")
def test_columns_are_moved_removed_and_sized_by_the_address(client: TestClient) -> None:
    def titles(page: str) -> list[str]:
        head = page[page.index("<thead>") : page.index("</thead>")]
        return re.findall(r">([^<]+)</a></th>", head)

    page = text_of(client, "/runs?column=loss,lr,tags.team")
    assert titles(page) == ["name", "state", "loss", "lr", "tags.team"]
    page = text_of(client, link(page, "tags.team further to the left"))
    assert titles(page) == ["name", "state", "loss", "tags.team", "lr"]
    page = text_of(client, link(page, "without loss"))
    assert titles(page) == ["name", "state", "tags.team", "lr"]
    sized = text_of(client, "/runs?column=loss&column=tags.team&width:tags.team=20")
    assert '<col><col><col><col><col><col width="170">' in sized
    assert "width%3Atags.team=20" in link(sized, "name")
    for wrong in ("width:team=3", "width:team=x", "width:team=" + "9" * 400, "width:%22=9"):
        assert client.get(f"/runs?{wrong}", headers=PAGE).status_code == 400


@pytest.mark.usefixtures("_runs")
def test_groups_have_the_statistics_of_all_their_runs(client: TestClient) -> None:
    page = text_of(client, "/runs?group=params.lr&column=loss,loss.count")
    assert "2</strong> groups of 8 runs" in page
    found = client.get("/runs.json?group=params.lr&column=loss&order=loss").json()
    assert [each["key"] for each in found["groups"]] == [
        {"params.lr": 0.01},
        {"params.lr": 0.1},
    ]
    losses = np.array([7.0, 5.0, 3.0, 1.0])
    assert found["groups"][0]["statistics"]["loss"] == {
        "count": 4, "mean": losses.mean(), "deviation": losses.std(), "min": 1.0, "max": 7.0,
    }  # fmt: skip
    table = [*csv.reader(io.StringIO(client.get("/runs.csv?group=lr,tags.team&column=loss").text))]
    words = ("count", "mean", "deviation", "min", "max")
    assert table[0] == ["lr", "tags.team", "runs", *[f"loss {word}" for word in words]]
    assert len(table) == 1 + 4


@pytest.mark.usefixtures("_runs")
def test_a_group_leads_to_its_runs(client: TestClient) -> None:
    for team, ids in (('a "b"', ["r4", "r0"]), ("none", ["r7", "r3"])):
        page = text_of(client, "/runs?group=tags.team&column=loss&where=loss+<+9")
        address = link(page, team.replace('"', "&#34;"))
        assert rows(text_of(client, address)) == ids
        assert "group=" not in address


@pytest.mark.usefixtures("_runs")
def test_groups_come_in_pages(client: TestClient) -> None:
    seen = []
    address = "/runs?group=loss&limit=3"
    for _ in range(3):
        page = text_of(client, address)
        seen += re.findall(r'<th scope="row"><a class="cut" href="[^"]*">(\d)</a>', page)
        address = link(page, "Next page") if "Next page" in page else ""
    assert seen == [str(number) for number in range(8)]
    assert not address


@pytest.mark.usefixtures("_runs")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("group=created", "not grouped by created"),
        ("group=nothing", "no run has a metric or a parameter &#39;nothing&#39;"),
        ("group=lr&after=x", "is no group"),
        ("group=a,b,c,d,e,f", "by 6 names"),
        ("group=lr&where=loss+<<+3", "^^"),
    ],
)
def test_what_cannot_be_grouped_is_told(client: TestClient, query: str, said: str) -> None:
    answer = client.get(f"/runs?{query}", headers=PAGE)
    assert answer.status_code in (400, 404)
    assert said in answer.text


@pytest.fixture
def statements(service: LocalService) -> Iterator[list[str]]:
    """What the database is asked."""
    found: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        found.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield found
    sa.event.remove(sa.Engine, "before_cursor_execute", note)
    del service


def test_a_page_asks_as_much_of_many_runs_as_of_few(
    client: TestClient, recorder: Recorder, service: LocalService, statements: list[str]
) -> None:
    addresses = ["/runs?limit=5", "/runs?limit=5&pin=r1&open=r1&baseline=r2", "/runs?group=lr", "/"]
    counts: list[list[int]] = []
    for first in (0, 40):
        for number in range(first, first + 40):
            run = recorder.create_run("digits", run_id=f"r{number}")
            run.set_parameter("lr", number % 3)
            run.log("loss", 1.0)
            run.complete()
        service.now()
        for address in addresses:
            text_of(client, address)  # what is asked once for a process
        counts.append([])
        for address in addresses:
            statements.clear()
            text_of(client, address)
            counts[-1].append(len(statements))
    assert counts[0] == counts[1]
    assert RunId("r1") in rows(text_of(client, addresses[1]))
