"""The pages: each works without script, escapes what people wrote, and says what cannot be meant."""

from __future__ import annotations

import csv
import io
import re
import urllib.parse
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import trackboard.server.pages
from trackboard.model import RunId
from trackboard.ports import Experiment
from trackboard.record import LiveRun, Recorder
from trackboard.server.pages.routes import PAGES
from trackboard.service import LocalService

PAGE = {"Accept": "text/html"}
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"


class Parsed(HTMLParser):
    """The elements of a page, and the texts in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def show(client: TestClient, address: str, status: int = 200) -> Parsed:
    answer = client.get(address, headers=PAGE)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return Parsed(answer.text)


def recorded(recorder: Recorder, name: str, run_id: str, **parameters: object) -> LiveRun:
    run = recorder.create_run("digits", run_id=run_id, name=name)
    for key, value in parameters.items():
        run.set_parameter(key, value)
    return run


@pytest.fixture
def runs(recorder: Recorder, service: LocalService) -> list[str]:
    names = []
    for number in range(7):
        run = recorded(recorder, f"try {number}", f"r{number}", lr=10.0**-number, optimizer="adam")
        for step in range(1000):
            run.log("loss", number + 1 / (step + 1), step=step)
        run.set_tag("team", "vision")
        run.complete()
        names.append(f"try {number}")
    service.now()  # a page itself waits for a moment only
    return names


@pytest.fixture
def hostile(recorder: Recorder, service: LocalService) -> RunId:
    """A run whose every word is written by somebody who means harm."""
    run = recorder.create_run("digits", run_id="evil", name=HOSTILE)
    run.set_parameter(HOSTILE, HOSTILE)
    run.log(HOSTILE, 1.0)
    run.log("two", 2.0)
    run.set_tag(HOSTILE, HOSTILE)
    run.add_file(f"outputs/{HOSTILE}", *run.put_file(io.BytesIO(b"x")))
    run.append_bytes("logs/a.txt", 0, f"{HOSTILE}\n\x1b[31mred\x1b[0m\n".encode())
    child = run.child(HOSTILE, run_id="child")
    child.complete()
    service.now().runs.set_description(run.id, HOSTILE)
    run.fail(HOSTILE)
    service.now()
    return run.id


def test_every_page_has_only_what_the_policy_allows(
    client: TestClient, hostile: RunId, recorder: Recorder
) -> None:
    """No script, style or handler in a page, and no element of what people wrote."""
    recorded(recorder, "other", "other")
    addresses = addresses_of(hostile, "other")
    addresses += ["/runs?where=loss+<<+3", f"/runs?experiment={HOSTILE}", "/runs/none", "/nothing"]
    addresses += ["/runs/evil/log?path=logs/a.txt", "/api/v1", f"/runs?order={HOSTILE}"]
    for address in addresses:
        page = Parsed(client.get(address, headers=PAGE).text)
        scripts = [str(each.get("src")) for each in page.all("script")]
        assert scripts[0].endswith("assets/live.js")
        for script in scripts:
            assert client.get(f"/assets/{script.rpartition('assets/')[2]}").status_code == 200
        assert page.all("style") == []
        for _, attributes in page.elements:
            assert not any(name.startswith("on") or name == "style" for name in attributes), address
            for name in ("href", "src", "action"):
                assert not re.match(r"\s*(\w+:|//)", attributes.get(name) or ""), attributes
        assert "49" not in re.sub(r"\d{3,}|[-:]\d\d", "", page.text), address
    assert HOSTILE in show(client, "/runs/evil").text


NASTY = (
    ("end\u202egnp.exe", "turns what follows"),
    ("isolated\u2066x\u2069", "turns what is inside"),
    ("zero\u200bwidth", "passes for another name"),
    ("bell\x07\x1b[31mred", "is for terminals"),
    ("next\x85line\u2028and\u2029on", "ends a line for some"),
)


@pytest.mark.parametrize("name", [name for name, _ in NASTY], ids=[why for _, why in NASTY])
def test_no_page_lets_a_name_hide_or_turn_the_text_around_it(
    client: TestClient, recorder: Recorder, service: LocalService, name: str
) -> None:
    run = recorder.create_run("digits", run_id="r0", name=name)
    metric = re.sub(r"[\x00-\x1f\x80-\x9f]", "", name)  # controls are refused in one
    recorded(recorder, name, "r1").log(metric, 2.0)
    run.set_parameter(metric, name)
    run.log(metric, 1.0)
    run.set_tag(name, name)
    run.add_file(f"outputs/{metric}", *run.put_file(io.BytesIO(b"x")))
    run.append_bytes("logs/a.txt", 0, f"{name}\n".encode())
    run.child(name, run_id="child").complete()
    service.now().runs.set_description(run.id, name)
    run.fail(name)
    service.now().trash.delete([RunId("r1")], force=True)
    for path in addresses_of("r0", "child"):
        page = client.get(path, headers=PAGE).text
        unseen = {each for each in page if not each.isprintable()} - {"\n"}
        assert unseen == set(), path
    (field,) = [
        each for each in show(client, "/runs/r0").all("input") if each.get("name") == "name"
    ]
    if metric == name:  # Python's parser, unlike browsers, drops controls
        assert field["value"] == name, "what a form sends back is what is stored"


def test_a_form_of_the_table_sends_back_what_is_stored(
    client: TestClient, recorder: Recorder, service: LocalService
) -> None:
    name = "zero\u200bwidth \u202eend"
    recorded(recorder, name, "r0").set_tag(name, name)
    service.now()
    asked = {"column": f'tags."{name}"', "where": f'tags."{name}" = x'}
    asked["group"] = f'tags."{name}"'
    address = f"/runs?{urllib.parse.urlencode(asked)}"
    given = {each.get("value") for each in show(client, address).all("input")}
    assert given >= {*asked.values()}


def test_every_value_of_a_form_is_what_is_stored() -> None:
    """Pages show what is not seen as \ufffd; a field that did would send that."""
    folder = Path(trackboard.server.pages.__path__[0], "templates")
    forms = "".join(path.read_text() for path in folder.glob("*.html"))
    values = re.findall(r'<(?:input|option|button)[^>]* value="[^"]*?{{(.*?)}}', forms)
    names = re.findall(r'<(?:input|select|textarea)[^>]* name="[^"]*?{{(.*?)}}', forms)
    assert len(values) > 10
    assert [each for each in values + names if not each.strip().endswith("|stored")] == []


def addresses_of(run: str, other: str) -> list[str]:
    """The addresses of every page, as it is for a run and another."""
    return [
        path.replace("{run}", run)
        + (f"?run={run}&run={other}&all=1" if path.startswith("/compare") else "")
        + ("?path=logs/a.txt" if path.endswith("/file") else "")
        for path, _ in PAGES
        if "." not in path
    ]


def test_links_of_hostile_names_lead_back_to_them(client: TestClient, hostile: RunId) -> None:
    files = [each["href"] or "" for each in show(client, "/runs/evil").all("a")]
    (address,) = [each for each in files if "file?save=1&path=outputs" in each]
    assert client.get(address.removeprefix("..")).content == b"x"
    del hostile


def test_a_table_is_filtered_sorted_and_paged_by_its_address(
    client: TestClient, runs: list[str]
) -> None:
    page = show(client, "/runs?where=loss.min+>+1.5&order=-loss.min&limit=2")
    assert re.findall(r"try \d", page.text) == ["try 2", "try 3"]
    assert "5 runs" in " ".join(page.text.split())
    (following,) = {each["href"] for each in page.all("a") if each.get("rel") == "next"}
    assert re.findall(r"try \d", show(client, str(following).removeprefix(".")).text) == [
        "try 4",
        "try 5",
    ]
    assert runs == [f"try {number}" for number in range(7)]


@pytest.mark.usefixtures("runs")
def test_a_heading_sorts_and_then_the_other_way_round(client: TestClient) -> None:
    def heading(address: str, name: str) -> tuple[str, str | None]:
        page = client.get(address, headers=PAGE).text
        found = re.search(rf'<th[^>]*?(aria-sort="\w+")?><a href="([^"]+)">{name}', page)
        assert found is not None
        return found[2].replace("&amp;", "&").removeprefix("."), found[1]

    once, before = heading("/runs?column=loss,lr", "loss")
    twice, after = heading(once, "loss")
    assert (before, after) == (None, 'aria-sort="descending"')
    assert heading(twice, "loss")[1] == 'aria-sort="ascending"'
    both, _ = heading(twice, "lr")
    assert "order=lr&order=-loss" in both


def test_a_mistake_is_pointed_at_above_the_table(client: TestClient) -> None:
    page = show(client, "/runs?where=loss+<<+3", 400)
    assert "loss << 3\n         ^^" in page.text
    (field,) = [each for each in page.all("input") if each.get("name") == "where"]
    assert (field["value"], field["aria-invalid"]) == ("loss << 3", "true")
    assert "no run" in show(client, "/runs?where=los+<+3", 404).text.lower()


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=x",
        "limit=" + "9" * 400,
        "after=none",
        "order=%22",
        "column=%22",
        "where=" + "(" * 300,
    ],
)
def test_a_view_that_cannot_be_meant_is_told(client: TestClient, query: str) -> None:
    assert client.get(f"/runs?{query}", headers=PAGE).status_code in (400, 404)


@pytest.mark.usefixtures("runs")
def test_a_table_is_there_for_programs_at_the_same_address(client: TestClient) -> None:
    view = "?where=loss<3&order=lr&column=loss.max,lr,optimizer"
    found = client.get(f"/runs.json{view}").json()
    assert [each["id"] for each in found["runs"]] == ["r0", "r1", "r2"]
    rows = [*csv.reader(io.StringIO(client.get(f"/runs.csv{view}").text))]
    assert rows[0] == ["id", "name", "state", "loss.max", "lr", "optimizer"]
    assert rows[1] == ["r0", "try 0", "completed", "1.0", "1.0", "adam"]
    assert client.get("/experiments.json").json()["experiments"][0]["runs"] == 7
    assert client.get("/experiments.csv").text.startswith("name,runs,active,newest,archived\r\n")


def test_a_spreadsheet_calculates_nothing_of_what_people_wrote(
    client: TestClient, recorder: Recorder
) -> None:
    recorded(recorder, "=1+1", "r0", odd="@SUM(A1)")
    rows = [*csv.reader(io.StringIO(client.get("/runs.csv?column=odd").text))]
    assert rows[1] == ["r0", "'=1+1", "running", "'@SUM(A1)"]


def pictures(page: Parsed) -> int:
    """How many charts are drawn on a page."""
    return sum(each.get("role") == "img" for each in page.all("svg"))


@pytest.mark.usefixtures("runs")
def test_a_run_shows_its_curves_and_of_how_many_points(client: TestClient) -> None:
    page = show(client, "/runs/r3")
    assert "300 of 1,000 points, all peaks" in page.text
    assert pictures(page) == 1
    assert client.get("/runs/r3.json").json()["parameters"]["lr"] == 0.001
    assert pictures(show(client, "/runs/r3?metric=nothing")) == 0


def test_a_run_without_metrics_has_charts_as_soon_as_there_may_be_some(
    client: TestClient, recorder: Recorder
) -> None:
    run = recorded(recorder, "silent", "r0")
    page = show(client, "/runs/r0")
    assert [each for each in page.all("div") if each.get("id") == "charts"]
    assert len(page.all("script")) == 3
    run.complete()
    over = show(client, "/runs/r0")
    assert not [each for each in over.all("div") if each.get("id") == "charts"]
    assert len(over.all("script")) == 1, "nothing for charts is loaded where there are none"


def test_only_some_charts_are_drawn_of_many_metrics(client: TestClient, recorder: Recorder) -> None:
    run = recorded(recorder, "many", "r0")
    for number in range(60):
        run.log(f"m/{number:02}", 1.0)
    page = show(client, "/runs/r0")
    assert pictures(page) == 24
    (following,) = [each["href"] for each in page.all("a") if "after=" in (each["href"] or "")]
    second = show(client, str(following).removeprefix(".."))
    assert pictures(second) == 24
    assert "m/24" in second.text


def colors(page: Parsed) -> dict[str, str]:
    """The colour of each run in a page's legend."""
    return {
        str(each["data-run"]): str(each["class"]) for each in page.all("li") if "data-run" in each
    }


@pytest.mark.usefixtures("runs")
def test_a_run_has_its_colour_on_every_page_whatever_else_is_chosen(client: TestClient) -> None:
    every = colors(show(client, "/charts"))
    assert [every[f"r{number}"] for number in range(7)] == [
        f"run-color-{number}" for number in range(7)
    ]
    for address in ("/runs/r3", "/compare?run=r5&run=r3", "/charts?where=lr+<+0.01&order=loss"):
        page = show(client, address)
        found = colors(page)
        assert found["r3"] == "run-color-3"
        assert found.items() <= every.items()
        drawn = {each["class"] for each in page.all("g")}
        assert drawn == {*found.values()}


@pytest.mark.usefixtures("runs")
def test_charts_are_of_the_runs_that_a_table_shows(client: TestClient) -> None:
    page = show(client, "/charts?where=loss.min+>+1.5&order=-loss.min&limit=2")
    assert [*colors(page)] == ["r2", "r3"]
    assert "2 of 5 runs" in " ".join(page.text.split())
    assert "600 of 2,000 points, all peaks" in page.text
    assert pictures(show(client, "/charts?metric=LOS")) == 1
    assert pictures(show(client, "/charts?metric=nothing")) == 0
    (following,) = {each["href"] for each in page.all("a") if each.get("rel") == "next"}
    assert [*colors(show(client, str(following).removeprefix(".")))] == ["r4", "r5"]
    table = show(client, "/runs?where=loss.min+>+1.5")
    (charts,) = [each["href"] for each in table.all("a") if "/charts" in str(each["href"])]
    assert [*colors(show(client, str(charts).removeprefix(".")))] == ["r6", "r5", "r4", "r3", "r2"]
    assert "No run matches" in show(client, "/charts?where=loss+<+0").text
    assert client.get("/charts?where=los+<+3", headers=PAGE).status_code == 404


def test_a_log_is_shown_from_its_end_and_older_lines_behind_links(
    client: TestClient, recorder: Recorder
) -> None:
    run = recorded(recorder, "talks", "r0")
    text = "".join(f"line {number:06}\n" for number in range(20_000)) + "10%\r100%\n"
    run.append_bytes("logs/a.txt", 0, text.encode())
    seen: list[str] = []
    address = "/runs/r0/log"
    while address:
        page = show(client, address)
        lines = re.findall(r"line \d{6}", page.text)
        seen = lines + seen
        older = [each["href"] for each in page.all("a") if "before=" in (each["href"] or "")]
        address = str(older[0]).removeprefix("../..") if older else ""
    assert seen == text.split("\n")[:-2]
    end = show(client, "/runs/r0/log").text
    assert "100%" in end
    assert "10%\r" not in end
    assert client.get("/runs/r0/log?before=x", headers=PAGE).status_code == 400
    assert client.get("/runs/r0/log?path=../x", headers=PAGE).status_code in (400, 404)


@pytest.mark.usefixtures("runs")
def test_what_differs_comes_first_side_by_side(client: TestClient) -> None:
    page = show(client, "/compare?run=r0&run=r1")
    assert "lr" in page.text
    assert "adam" not in page.text
    assert "adam" in show(client, "/compare?run=r0&run=r1&all=1").text
    assert client.get("/compare.json?run=r0&run=r1").json()["runs"][1]["id"] == "r1"
    assert "0 runs are chosen" in show(client, "/compare", 400).text
    assert "1 runs are chosen" in show(client, "/compare?run=r0&run=r0", 400).text
    assert client.get("/compare?run=r0&run=none", headers=PAGE).status_code == 404


def post(client: TestClient, address: str, **fields: str) -> str:
    answer = client.post(address, data=fields, headers=PAGE)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


@pytest.mark.usefixtures("runs")
def test_forms_change_a_run_and_lead_back_to_it(client: TestClient, service: LocalService) -> None:
    assert post(client, "/runs/r0/name", name="better") == "../r0"
    post(client, "/runs/r0/tag", key="stage", value="late")
    post(client, "/runs/r0/tag", key="draft", value="")
    post(client, "/runs/r0/untag", key="team")
    post(client, "/runs/r0/note", note="two\r\nlines")
    post(client, "/runs/r0/archive")
    run = service.now().runs.get(RunId("r0"))
    assert (run.name, run.description, run.archived_s is not None) == ("better", "two\nlines", True)
    assert service.now().runs.get_tags(run.id) == {"draft": None, "stage": "late"}
    post(client, "/runs/r0/unarchive")
    assert service.now().runs.get(run.id).archived_s is None


@pytest.mark.usefixtures("runs")
def test_a_deleted_run_comes_back_by_one_button(client: TestClient) -> None:
    where = post(client, "/runs/r0/delete")
    assert where == "../../runs?experiment=digits&deleted=r0"
    page = show(client, where.removeprefix("../.."))
    (undo,) = [each["action"] for each in page.all("form") if "/restore" in str(each.get("action"))]
    assert "in the trash" in show(client, "/runs/r0").text
    assert "try 0" in show(client, "/trash").text
    post(client, str(undo).removeprefix("."))
    assert "in the trash" not in show(client, "/runs/r0").text


def test_a_run_that_goes_on_is_deleted_only_by_who_says_so(
    client: TestClient, recorder: Recorder
) -> None:
    recorded(recorder, "goes on", "r0")
    refused = client.post("/runs/r0/delete", data={}, headers=PAGE)
    assert refused.status_code in (409, 411)
    assert client.post("/runs/r0/delete", data={"x": "1"}, headers=PAGE).status_code == 409
    post(client, "/runs/r0/delete", force="1")


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/runs/none/name", {"name": "x"}),
        ("/runs/r0/name", {"name": "x" * 100_000}),
        ("/runs/r0/tag", {"key": "", "value": "x"}),
        ("/runs/r0/tag", {"key": "x" * 100_000}),
        ("/runs/r0/cancel", {"x": "y" * 10}),
        ("/runs/none/cancel", {"x": "y"}),
    ],
)
@pytest.mark.usefixtures("runs")
def test_what_a_form_cannot_mean_is_told_and_changes_nothing(
    client: TestClient, service: LocalService, address: str, fields: dict[str, str]
) -> None:
    before = service.now().runs.list()
    answer = client.post(address, data=fields, headers=PAGE)
    assert answer.status_code in (303, 400, 404, 409), answer.text
    assert service.now().runs.list() == before


def test_what_is_no_form_is_refused(client: TestClient) -> None:
    answer = client.post("/runs/r0/name", json={"name": "x"})
    assert (answer.status_code, "is no form" in answer.text) == (400, True)
    many = "&".join(f"a{number}=b" for number in range(1000))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/runs/r0/name", content=many, headers=kind).status_code == 400
    assert client.get("/runs/r0/name").status_code == 405


def test_an_empty_workspace_says_what_to_type(client: TestClient, service: LocalService) -> None:
    assert "start_run" in show(client, "/").text
    assert "No run matches" in show(client, "/runs").text
    assert "No jobs" in show(client, "/compute").text
    experiments: tuple[Experiment, ...] = service.experiments.list()
    assert experiments == ()
