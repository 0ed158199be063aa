"""Jobs on pages: why one waits, and how one is run again."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.unit.server.pages.test_pages import HOSTILE, show
from tests.workspaces import parts

from trackboard.launch.request import Request
from trackboard.model import Compute, RunId
from trackboard.service import LocalService
from trackboard.targets.slots import Slots

PAGE = {"Accept": "text/html"}
ARGUMENTS = ["--lr", "0.1", "--name", "x y", "--token", "secret", f"--words={HOSTILE}"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "train.py").write_text("print()\n")
    return folder


@pytest.fixture(autouse=True)
def _nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trackboard.launch.submit.advance_queue", lambda *_told: ())
    monkeypatch.setattr("trackboard.launch.rerun.advance_queue", lambda *_told: ())


@pytest.fixture
def job(service: LocalService, source: Path) -> RunId:
    service.compute.set(Compute("gpu", "AmlCompute", "any", 0, 1, 1800, 0.0, {}))
    request = Request("digits", source, "train.py", ARGUMENTS, compute="gpu", name="first")
    return service.jobs.submit(request)


def prefilled(client: TestClient, run: str) -> str:
    found = re.search(
        r"<textarea[^>]*id=\"arguments\"[^>]*>\n(.*?)</textarea>", page(client, run), re.S
    )
    assert found is not None
    return html.unescape(found[1])


def page(client: TestClient, run: str) -> str:
    return client.get(f"/runs/{run}", headers=PAGE).text


def script(service: LocalService, run: str) -> tuple[str, ...]:
    plan = service.jobs.find_plan(RunId(run))
    assert plan is not None
    return plan.script


def test_why_a_job_waits_and_who_has_what_it_waits_for(
    client: TestClient, service: LocalService, source: Path, job: RunId
) -> None:
    second = service.jobs.submit(
        Request("digits", source, "train.py", compute="gpu", name="second")
    )
    paths = parts(service).paths
    held = Slots(paths.slots("gpu"), 1).take()
    catalogue = parts(service).store
    claimed = catalogue.claim_job("gpu")
    assert claimed is not None
    assert claimed.run == job
    text = " ".join(show(client, f"/runs/{second}").text.split())
    assert "Waits as number 1 on gpu: 1 node to become free. Taken by digits/first." in text
    assert "Waits as number" not in show(client, f"/runs/{job}").text
    compute = " ".join(show(client, "/compute").text.split())
    assert "1 node to become free" in compute
    assert "11digits/first" in compute.replace(" ", "")
    assert client.get("/api/v1/compute").json()["compute"][0]["taken_by"] == [job]
    del held


def test_the_arguments_are_shown_as_in_a_shell_without_secrets(
    client: TestClient, job: RunId
) -> None:
    line = prefilled(client, job)
    assert line.startswith("--lr 0.1 --name 'x y' --token '***' ")
    assert "secret" not in page(client, job)
    (box,) = [
        each for each in show(client, f"/runs/{job}").all("select") if each["name"] == "compute"
    ]
    chosen = [
        each["value"] for each in show(client, f"/runs/{job}").all("option") if "selected" in each
    ]
    assert chosen == ["gpu"]
    del box


def test_a_job_is_run_again_as_it_was_or_with_changes(
    client: TestClient, service: LocalService, job: RunId
) -> None:
    line = prefilled(client, job)
    answer = client.post(
        f"/runs/{job}/rerun", data={"arguments": line, "compute": "gpu", "name": ""}
    )
    assert answer.status_code == 303
    again = answer.headers["location"].removeprefix("../")
    assert script(service, again) == script(service, job) == ("train.py", *ARGUMENTS)
    changed = line.replace("0.1", "0.01\r\n--more 'two\r\nlines'")
    answer = client.post(
        f"/runs/{job}/rerun", data={"arguments": changed, "compute": "local", "name": "small"}
    )
    other = answer.headers["location"].removeprefix("../")
    words = ("--lr", "0.01", "--more", "two\nlines", *ARGUMENTS[2:])
    assert script(service, other) == ("train.py", *words)
    assert "digits/small" in show(client, f"/runs/{other}").text
    plan = service.jobs.find_plan(RunId(other))
    assert plan is not None
    assert plan.compute == "local"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"arguments": "--name 'x"}, "cannot be split"),
        ({"compute": "nowhere"}, "nowhere"),
        ({"arguments": "--name a\0b"}, "cannot be passed to a script"),
        ({"name": "x" * 100_000}, "name"),
    ],
)
def test_what_cannot_be_run_is_said_and_queues_nothing(
    client: TestClient, service: LocalService, job: RunId, fields: dict[str, str], said: str
) -> None:
    answer = client.post(f"/runs/{job}/rerun", data=fields)
    assert answer.status_code in (400, 404)
    assert said in answer.json()["error"]["message"]
    assert [each.job.run for each in service.jobs.list_queue()] == [job]
    folder = parts(service).paths.job(job).folder
    assert [each.name for each in folder.parent.iterdir()] == [job], "no plan is left behind"


def test_a_command_has_no_arguments_and_what_is_no_job_no_form(
    client: TestClient, service: LocalService, source: Path
) -> None:
    run = service.jobs.submit(Request("digits", source, command="echo hello"))
    text = page(client, run)
    assert "Run again" in text
    assert 'id="arguments"' not in text
    answer = client.post(f"/runs/{run}/rerun", data={"compute": "local", "name": ""})
    assert answer.status_code == 303
    service.recorder().create_run("digits", run_id="own").complete()
    service.now()
    assert "Run again" not in page(client, "own")
    assert client.post("/runs/own/rerun", data={}).status_code == 404
