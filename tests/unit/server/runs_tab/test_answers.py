"""What the tab shows: the runs of its TensorBoard, as the pages have them, and the way to these."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from trackboard.board.process.registry import UP, announced
from trackboard.board.tensorboard_internals import EXPERIMENT_KEY
from trackboard.board.view.source import View
from trackboard.layout import WorkspacePaths
from trackboard.model import RunId
from trackboard.server.middleware.root import mark_root
from trackboard.server.runs_tab.plugin import RunsTab
from trackboard.service import LocalService

HOSTILE = "<script>alert(1)</script>\u202e"


class Shown:
    """Stands for the data provider of a board, which shows a view."""

    def __init__(self, view: View) -> None:
        self.view = view

    def get_view(self, experiment_id: str) -> View:
        return View(experiment_id) if experiment_id else self.view


@pytest.fixture
def folder(service: LocalService) -> Path:
    for number, experiment in enumerate(("digits", "digits", "tb")):
        run = service.recorder().create_run(
            experiment, run_id=f"r{number}", name=f"{HOSTILE} {number}"
        )
        run.set_parameter("lr", 0.1)
        run.log("loss", number / 10)
        if number == 1:
            run.child("inner", run_id="child").complete()
        run.complete()
    service.now().runs.set_description(RunId("r1"), "**best**")
    return service.files.get_folder(RunId("r0")).parents[1]


def ask(folder: Path, query: str = "", view: View | None = None, **environ: Any) -> Any:
    app = RunsTab(folder, None if view is None else Shown(view)).get_plugin_apps()["/runs"]
    answer = Client(app).get(f"/?{query}", environ_overrides=environ)
    assert answer.status_code == (400 if "where=loss" in query and "%3C%3C" in query else 200)
    return json.loads(answer.data)


def ids(found: Mapping[str, Any]) -> list[str]:
    return [row["id"] for row in found["rows"]]


def test_the_table_is_that_of_the_pages(folder: Path) -> None:
    found = ask(folder, "order=-loss&limit=2")
    assert (ids(found), found["count"]) == (["r0", "r1"], 4)
    titles = [each["title"] for each in found["columns"]]
    assert titles == ["name", "state", "created", "duration", "loss", "lr"]
    assert [each["sort"] for each in found["columns"]][4] == "ascending"
    row = found["rows"][1]
    assert row["cells"][0] == "digits/<script>alert(1)</script>\N{REPLACEMENT CHARACTER} 1"
    assert (row["cells"][4:], row["note"], row["state"]) == (
        ["0.1", "0.1"],
        "**best**",
        "completed",
    )
    assert ids(ask(folder, f"order=-loss&limit=2&after={found['next']}"))[0] == "r2"
    assert ids(ask(folder, "where=loss+%3E+0.15")) == ["r2"]


def test_a_mistake_is_said_in_its_words(folder: Path) -> None:
    assert "no comparison" in ask(folder, "where=loss+%3C%3C")["error"]["message"]


def test_only_runs_that_this_tensorboard_shows_are_in_it(folder: Path) -> None:
    assert {*ids(ask(folder, view=View("digits")))} == {"r0", "r1", "child"}
    assert {*ids(ask(folder, view=View(runs=(RunId("r1"),))))} == {"r1", "child"}
    some = View(runs=(RunId("r1"), RunId("r2")))
    assert ids(ask(folder, "where=loss+%3E+0.15", view=some)) == ["r2"]
    assert ids(ask(folder, view=View(), **{EXPERIMENT_KEY: "tb"})) == ["r2"]


def test_where_the_pages_are_is_known(folder: Path) -> None:
    assert ask(folder)["pages"] is None
    with announced(WorkspacePaths(folder).boards, "http://localhost:6060/", kind=UP):
        assert ask(folder)["pages"] == "http://localhost:6060/"
        # Who asks a server that has them finds them there, and below what a proxy has before its addresses.
        for before in ("", "/lab/tb"):
            of_server: dict[str, Any] = {"asgi.scope": mark_root({"root_path": before})}
            assert ask(folder, **of_server)["pages"] == f"{before}/"


def test_its_script_and_style_are_sent(folder: Path) -> None:
    apps = RunsTab(folder, None).get_plugin_apps()
    script = Client(apps["/index.js"]).get("/")
    assert script.content_type.startswith("text/javascript")
    assert b"export function render" in script.data
    assert b"innerHTML" not in script.data
    assert Client(apps["/style.css"]).get("/").content_type.startswith("text/css")
