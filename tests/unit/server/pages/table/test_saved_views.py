"""Views of the table of runs are saved under names, opened, renamed and deleted, without script."""

from __future__ import annotations

import html
import re

import pytest
from starlette.testclient import TestClient

from trackboard.model import RunId
from trackboard.record import Recorder
from trackboard.service import LocalService

PAGE = {"Accept": "text/html"}


def page(client: TestClient, address: str) -> str:
    return html.unescape(client.get(address, headers=PAGE).text)


def send(client: TestClient, what: str, **fields: str) -> str:
    answer = client.post(f"/views/{what}", data=fields, headers=PAGE)
    if answer.status_code == 303:
        return str(answer.headers["location"])
    return f"{answer.status_code} {html.unescape(answer.text)}"


def saved(client: TestClient) -> dict[str, str]:
    found = client.get("/api/v1/views").json()["views"]
    return {each["name"]: each["address"] for each in found}


def test_a_view_is_saved_opened_renamed_and_deleted(client: TestClient, recorder: Recorder) -> None:
    for number, loss in enumerate([2.0, 1.0, 3.0]):
        recorder.create_run("digits", run_id=f"r{number}").log("loss", loss)
    address = "order=-loss&pin=r2&where=loss+%3C+9+and+loss+%3E+1"
    field = re.search(r'name="address" value="([^"]*)"', page(client, f"/runs?{address}&after=r0"))
    assert field is not None
    assert field[1] == "where=loss+%3C+9+and+loss+%3E+1&order=-loss&pin=r2"  # at its first page
    assert send(client, "save", name=" best <b> ", address=field[1]) == f"../runs?{field[1]}"
    assert saved(client) == {"best <b>": field[1]}
    for where in ("/", "/runs", "/runs?group=experiment"):
        shown = page(client, where)
        assert f'runs?{field[1]}"' in shown
    assert "&lt;b&gt;" in client.get("/", headers=PAGE).text
    opened = page(client, f"/runs?{field[1]}")
    assert re.findall(r'<tr id="run-(\w+)"', opened) == ["r2", "r0"]
    assert send(client, "rename", view="best <b>", name="of June") == "../"
    assert saved(client) == {"of June": field[1]}
    assert send(client, "remove", view="of June") == "../"
    assert saved(client) == {}


def test_a_view_of_deleted_runs_says_so(
    client: TestClient, recorder: Recorder, service: LocalService
) -> None:
    recorder.create_run("digits", run_id="r0").complete()
    assert send(client, "save", name="mine", address="pin=r0").startswith("../runs")
    service.trash.delete([RunId("r0")])
    assert "Not there any more, and so not on top: r0" in page(
        client, f"/runs?{saved(client)['mine']}"
    )


VIEWS = (
    ("experiment=digits", "experiment 'digits'"),
    ("experiment=digits&order=loss&column=loss", "'digits'"),
    ("where=experiment+%3D+digits", "experiment 'digits'"),
    ("where=loss+%3C+9", "a metric or a parameter 'loss'"),
    ("where=params.lr+%3D+1", "a parameter 'lr'"),
    ("where=tags.team+%3D+a", "a tag 'team'"),
    ("order=loss", "a metric or a parameter 'loss'"),
    ("column=metrics.loss.min", "a metric 'loss'"),
    ("group=lr&column=loss", "a metric or a parameter 'lr'"),
    ("group=experiment&experiment=digits&column=loss", "'loss'"),
    ("pin=r0&baseline=r0&open=r0", "Not there any more, and so not on top: r0"),
    ("where=parent+%3D+r0&children=1", "No run matches."),
    ("after=r0&experiment=digits", ""),
)


@pytest.mark.parametrize(("address", "said"), VIEWS)
def test_a_view_of_what_was_deleted_or_freed_says_so_on_a_page(
    client: TestClient, recorder: Recorder, service: LocalService, address: str, said: str
) -> None:
    run = recorder.create_run("digits", run_id="r0")
    run.log("loss", 1.0)
    run.set_parameter("lr", 1)
    run.set_tag("team", "a")
    run.child("part").complete()
    run.complete()
    recorder.create_run("other", run_id="other").complete()
    assert send(client, "save", name="mine", address=address).startswith("../runs")
    service.now().trash.delete_experiment("digits")
    in_the_trash = page(client, f"/runs?{address}")
    assert said in in_the_trash
    assert "Did you mean 'loss'" not in in_the_trash, "it is what was asked for"
    if 'class="problem"' in in_the_trash:
        assert "in the trash" in in_the_trash
        assert "trackboard restore" in in_the_trash
    service.trash.collect(older_than_s=0.0)
    assert said in page(client, f"/runs?{address}")
    for what in ("runs?", "runs.json?", "runs.csv?", "charts?", "compare?first=2&"):
        answer = client.get(f"/{what}{address}", headers=PAGE)
        assert answer.status_code in (200, 400, 404), answer.text
    assert "Saved views (1)" in page(client, f"/runs?{address}"), "others are a click away"
    assert send(client, "remove", view="mine") == "../"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "400 "),
        ("  ", "needs a name"),
        ("x" * 101, "has 101 characters"),
        ("a\u202eb", "characters that are not seen"),
        ("taken", "409 "),
        ("taken", "saved as 'taken' already"),
    ],
)
def test_a_bad_name_is_refused_in_words(client: TestClient, name: str, said: str) -> None:
    send(client, "save", name="taken", address="limit=5")
    send(client, "save", name="other", address="limit=7")
    assert said in send(client, "save", name=name, address="limit=6")
    assert said in send(client, "rename", view="other", name=name)
    assert saved(client) == {"taken": "limit=5", "other": "limit=7"}


def test_what_is_not_there_and_what_is_too_long(client: TestClient) -> None:
    assert "no saved view 'nobody'" in send(client, "remove", view="nobody")
    assert "no saved view 'nobody'" in send(client, "rename", view="nobody", name="x")
    assert "Up to 20,000" in send(client, "save", name="x", address="pin=" + "r" * 20_000)
    assert saved(client) == {}
