"""The API: every question, what it answers, and what it says to what cannot be meant."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from starlette.testclient import TestClient

from trackboard.errors import UsageError
from trackboard.model import RunId
from trackboard.record import Recorder
from trackboard.server.api.openapi import PREFIX
from trackboard.service import LocalService

GOLDEN = Path(__file__).parents[3] / "golden" / "data" / "wire-1.json"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def document(client: TestClient) -> Mapping[str, Any]:
    found: Mapping[str, Any] = client.get(f"{PREFIX}/openapi.json").json()
    return found


def check(document: Mapping[str, Any], shape: str, answer: object) -> None:
    """An answer is what the document says, and holds nothing that it does not name."""
    schema = {"$ref": f"#/components/schemas/{shape}", "components": document["components"]}
    jsonschema.validate(answer, schema)
    named = document["components"]["schemas"][shape]["properties"]
    assert isinstance(answer, dict)
    assert set(answer) - set(named) == set()


@pytest.fixture
def _runs(recorder: Recorder) -> None:
    for number in range(5):
        run = recorder.create_run("digits", run_id=f"r{number}", name=f"{HOSTILE} {number}")
        run.set_parameter("lr", 10.0**-number)
        for step in range(10):
            run.log("loss", number + 1 / (step + 1))
        run.log("odd", math.nan)
        run.set_tag("team", "vision")
        if number:
            run.complete()


def ask(client: TestClient, address: str, **parameters: Any) -> Any:
    answer = client.get(f"{PREFIX}{address}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_every_route_is_documented(document: Mapping[str, Any]) -> None:
    from trackboard.server.api.routes import list_routes
    from trackboard.server.live import Changes

    service: Any = None
    routes = {each.path for each in list_routes(service, Changes(service))}
    undocumented = {PREFIX, "/api/", f"{PREFIX}/openapi.json"}  # the document, and ways to it
    assert routes - undocumented == set(document["paths"])
    assert undocumented <= routes


def test_the_document_names_only_what_is_there(document: Mapping[str, Any]) -> None:
    shapes = document["components"]["schemas"]
    named = set(json.dumps(document).replace('"', " ").split())
    used = {name.rpartition("/")[2] for name in named if name.startswith("#/components/schemas/")}
    assert used == set(shapes)
    for schema in shapes.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    operations = [each["get"]["operationId"] for each in document["paths"].values()]
    assert len(operations) == len(set(operations))


@pytest.mark.usefixtures("_runs")
@pytest.mark.parametrize(
    ("path", "shape", "parameters"),
    [
        ("/workspace", "Workspace", {}),
        ("/experiments", "Experiments", {"archived": "true"}),
        ("/runs", "RunPage", {"where": ["loss < 9", "lr > 0"], "order": ["-loss.min", "created"]}),
        ("/groups", "GroupPage", {"group": ["lr", "tags.team"], "column": ["loss", "odd"]}),
        ("/names", "NamesFound", {"match": "o", "kind": ["metric", "tag"]}),
        ("/runs/r0", "RunDetails", {}),
        ("/compare", "Comparison", {"run": ["r0", "r1"]}),
        ("/series", "Series", {"run": ["r0", "r1"], "points": 3}),
        ("/metrics", "Metrics", {"run": ["r0", "r1"]}),
        ("/band", "Band", {"run": ["r0", "r1"], "name": "loss", "x": "metric:odd", "first": "1e3"}),
        ("/band", "Band", {"run": ["r0", "r1"], "name": "loss", "points": 3}),
        ("/runs/r0/logs", "Logs", {}),
        ("/runs/r0/log", "LogPiece", {"path": "logs/a.txt"}),
        ("/runs/r0/files", "Files", {}),
        ("/compute", "Computes", {}),
        ("/queue", "Queue", {}),
    ],
)
def test_answers_are_what_the_document_says(
    client: TestClient,
    document: Mapping[str, Any],
    recorder: Recorder,
    service: LocalService,
    path: str,
    shape: str,
    parameters: dict[str, Any],
) -> None:
    folder = service.files.get_folder(RunId("r0")) / "logs"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("a line\n")
    del recorder
    stated = document["paths"][PREFIX + path.replace("r0", "{run}")]["get"]["responses"]["200"]
    assert stated["content"]["application/json"]["schema"]["$ref"].endswith(f"/{shape}")
    check(document, shape, ask(client, path, **parameters))


def test_what_the_command_says_as_json_has_the_same_shapes(document: Mapping[str, Any]) -> None:
    golden = json.loads(GOLDEN.read_text("utf-8"))
    shapes = {
        "a run in a list": "Run",
        "a run with all that is known": "RunDetails",
        "an experiment": "Experiment",
    }
    assert set(shapes) <= set(golden)
    for sample, shape in shapes.items():
        schema = {"$ref": f"#/components/schemas/{shape}", "components": document["components"]}
        known = {"archived": None, "deleted": None}  # keys that were added since
        told = {**known, **golden[sample]}
        if "metrics" in told:
            places = {"min_step": None, "max_step": None}
            told["metrics"] = {name: {**places, **of} for name, of in told["metrics"].items()}
        jsonschema.validate(told, schema)


@pytest.mark.usefixtures("_runs")
def test_runs_come_in_pages(client: TestClient) -> None:
    seen, after = [], None
    while True:
        page = ask(client, "/runs", order="loss", limit=2, **({"after": after} if after else {}))
        assert page["count"] == 5
        seen += [each["id"] for each in page["runs"]]
        after = page["next"]
        if after is None:
            break
    assert seen == ["r4", "r3", "r2", "r1", "r0"]


@pytest.mark.usefixtures("_runs")
def test_a_mistake_in_a_condition_is_pointed_at(client: TestClient) -> None:
    answer = client.get(f"{PREFIX}/runs", params={"where": "loss << 3"})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].endswith("loss << 3\n         ^^")
    unknown = client.get(f"{PREFIX}/runs", params={"where": "los < 3"})
    assert (unknown.status_code, "loss" in unknown.json()["error"]["hint"]) == (404, True)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("lmit=1", "there is no parameter 'lmit' here"),
        ("limit=x", "limit='x' is no whole number"),
        ("limit=1&limit=2", "'limit' is said 2 times"),
        ("limit=" + "9" * 40, "is no whole number"),
        ("archived=maybe", "is no yes or no"),
        ("after=none", "there is no run 'none' to go on after"),
        ("order=%00", ""),
        ("where=%ff", ""),
        ("where=(((((", ""),
        ("where=" + "not%20" * 5000 + "a%20=%201", ""),
        ("experiment=%f0%9f", ""),
    ],
)
def test_what_cannot_be_meant_is_told(client: TestClient, query: str, said: str) -> None:
    answer = client.get(f"{PREFIX}/runs?{query}")
    assert answer.status_code in (200, 400, 404)
    assert said in answer.text.encode().decode("unicode_escape")


def test_what_is_required_is_asked_for(client: TestClient) -> None:
    assert "'run' is missing" in client.get(f"{PREFIX}/compare").text
    assert client.get(f"{PREFIX}/compare?run=").status_code == 400


@pytest.mark.usefixtures("_runs")
def test_a_curve_says_how_many_points_it_is_of(client: TestClient) -> None:
    (found,) = ask(client, "/series", run="r0", name="loss", points=2, first_step=2)["series"]
    assert (found["count"], found["points"], sum(found["counts"])) == (10, 8, 8)
    assert (min(found["min"]), max(found["max"])) == (1 / 10, 1 / 3)
    (odd,) = ask(client, "/series", run="r0", name="odd")["series"]
    assert (odd["last"], odd["nans"]) == (["NaN"], [1])
    assert client.get(f"{PREFIX}/series?run=r0&points=0").status_code == 400
    assert client.get(f"{PREFIX}/series?run=none").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["../../trackboard.db", "/etc/passwd", "a/../../b", "\0", "a\0b", "", ".", "..", "%2e%2e"],
)
def test_file_addresses_lead_nowhere_else(
    client: TestClient, service: LocalService, recorder: Recorder, path: str
) -> None:
    recorder.create_run("digits", run_id="r0")
    folder = service.files.get_folder(RunId("r0"))
    folder.mkdir(parents=True)
    (folder.parent / "secret").write_text("secret")
    (folder / "link").symlink_to(folder.parent / "secret")
    for address in ("file", "log"):
        answer = client.get(f"{PREFIX}/runs/r0/{address}", params={"path": path})
        assert answer.status_code in (400, 404), answer.text
    assert "secret" not in client.get(f"{PREFIX}/runs/r0/file?path=link").text
    assert client.get(f"{PREFIX}/runs/..%2Fr0/file?path=link").status_code == 404


def test_files_are_sent_in_ranges_and_never_as_pages(
    client: TestClient, recorder: Recorder
) -> None:
    run = recorder.create_run("digits", run_id="r0")
    for name in ("page.html", "picture.svg", "words.txt", "model.bin"):
        run.add_file(f"outputs/{name}", *run.put_file(io.BytesIO(b"0123456789")))
    address = f"{PREFIX}/runs/r0/file?path=outputs/"
    for name in ("page.html", "model.bin"):
        answer = client.get(address + name)
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["content-security-policy"]
    shown = client.get(address + "words.txt")
    assert (shown.content, shown.headers["content-type"]) == (
        b"0123456789",
        "text/plain; charset=utf-8",
    )
    assert (
        client.get(address + "words.txt&save=").headers["content-disposition"].startswith("attach")
    )
    for said, expected in (
        ("bytes=2-4", b"234"),
        ("bytes=7-", b"789"),
        ("bytes=-2", b"89"),
        ("bytes=8-99", b"89"),
    ):
        part = client.get(address + "model.bin", headers={"Range": said})
        assert (part.status_code, part.content) == (206, expected)
    assert client.get(address + "model.bin", headers={"Range": "bytes=10-"}).status_code == 416
    assert client.get(address + "model.bin", headers={"Range": "lines=1"}).content == b"0123456789"


def test_a_log_is_read_on_where_it_ended(
    client: TestClient, service: LocalService, recorder: Recorder
) -> None:
    recorder.create_run("digits", run_id="r0")
    folder = service.files.get_folder(RunId("r0")) / "logs"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"first\nsecond\xff\n")
    whole = ask(client, "/runs/r0/log", path="logs/a.txt")
    assert (whole["text"], whole["offset"], whole["end"]) == ("first\nsecond�\n", 0, 14)
    end = ask(client, "/runs/r0/log", path="logs/a.txt", limit_bytes=4)
    assert (end["text"], end["offset"]) == ("nd�\n", 10)
    more = ask(client, "/runs/r0/log", path="logs/a.txt", offset=14)
    assert (more["text"], more["end"], more["size_bytes"]) == ("", 14, 14)
    assert client.get(f"{PREFIX}/runs/r0/log").status_code == 404


def test_the_longest_tag_is_answered(
    client: TestClient, recorder: Recorder, service: LocalService
) -> None:
    run = recorder.create_run("digits", run_id="r0")
    with pytest.raises(UsageError, match="too long"):
        service.runs.set_tags(run.id, {"huge": "x" * 50_000_000})
    run.set_tag("huge", "x" * 15_000_000)
    answer = client.get(f"{PREFIX}/runs/r0")
    assert (answer.status_code, len(answer.content) > 15_000_000) == (200, True)


def test_the_page_shows_every_question(client: TestClient, document: Mapping[str, Any]) -> None:
    page = client.get(PREFIX, headers={"Accept": "text/html"}).text
    assert [path for path in document["paths"] if path not in page] == []
    assert "http" not in page.replace("https://json-schema", "")


@pytest.mark.usefixtures("_runs")
def test_metrics_of_runs_are_counted(client: TestClient) -> None:
    found = ask(client, "/metrics", run=["r0", "r1", "r2"])["metrics"]
    assert found == [
        {"name": "loss", "runs": 3, "points": 30},
        {"name": "odd", "runs": 3, "points": 3},
    ]


@pytest.mark.usefixtures("_runs")
def test_a_band_is_over_all_runs_that_are_asked_for(client: TestClient) -> None:
    runs = [f"r{number}" for number in range(5)]
    band = ask(client, "/band", run=runs, name="loss", first=2, last=2)
    assert band["runs"] == 5
    assert band["counts"] == [5]
    assert band["mean"] == [pytest.approx(2 + 1 / 3)]
    assert band["deviation"] == [pytest.approx(2**0.5)]
    assert (band["min"], band["max"]) == ([1 / 3], [4 + 1 / 3])


@pytest.mark.usefixtures("_runs")
@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"run": "none"}, "none"),
        ({"run": "r0", "x": "steps"}, "is no x axis"),
        ({"run": "r0", "first": "nan"}, "is no finite number"),
        ({"run": "r0", "last": "1e999"}, "is no finite number"),
        ({"run": "r0", "points": "0"}, "is no number of buckets"),
        ({}, "'run' is missing"),
    ],
)
def test_curves_that_cannot_be_meant_are_told(
    client: TestClient, parameters: dict[str, str], said: str
) -> None:
    for address in ("/curves", "/band"):
        answer = client.get(f"{PREFIX}{address}", params={"name": "loss", **parameters})
        assert answer.status_code in (400, 404)
        assert said in answer.json()["error"]["message"]
