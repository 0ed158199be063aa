"""`tensorboard --logdir FOLDER` as everybody types it, with our plugin, over a folder with a history."""

from __future__ import annotations

import socket
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from tensorboardX import SummaryWriter
from tests.e2e.test_dashboards import add, picture
from tests.every_route import Page
from tests.other_users import User, folder_for_everybody, run_as, run_on_read_only_mount
from tests.plugin import path_with_plugin
from tests.same_as_stock import stock
from tests.waiting import until

from trackboard.board.plugin.server import ProviderServer
from trackboard.model import ArtifactKind
from trackboard.workspace import Workspace


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", path_with_plugin(tmp_path / "installed"))


@pytest.fixture
def workspace(empty_folder: Path) -> Iterator[Workspace]:
    """A history in an empty folder, with somebody's own logs beside it."""
    workspace = Workspace.open(empty_folder)
    write(empty_folder / "mine/train", "own")
    yield workspace
    workspace.close()


def write(folder: Path, tag: str) -> None:
    with SummaryWriter(str(folder)) as writer:
        for step in range(3):
            writer.add_scalar(tag, step / 4, step)


def said(logdir: Path) -> str:
    """What the TensorBoard over a folder printed."""
    return logdir.with_suffix(".stock").read_text()


def points(page: Page, run: str, tag: str) -> list[tuple[int, float]]:
    return [(step, value) for _, step, value in page.get("scalars/scalars", run=run, tag=tag)]


def test_history_native_logs_and_own_logs_are_shown_live(
    workspace: Workspace, empty_folder: Path
) -> None:
    run = workspace.recorder().create_run("digits", name="first")
    run.log("loss", 0.5)
    run.log("note", "**trained** on a laptop")
    run.set_parameter("rate", 0.25)
    add(workspace, run, "plot", ArtifactKind.IMAGE, picture(1), "plot.png", 1)
    workspace.drain()
    write(workspace.run_folder(run.id) / "logs/train", "native")
    with stock(empty_folder) as page:
        runs = {"digits/first", "digits/first/train", "mine/train"}
        until(lambda: {*page.runs()} == runs, lambda: f"{page.runs()} {said(empty_folder)}")
        assert points(page, "digits/first", "loss") == [(0, 0.5)]
        for name, tag in (("digits/first/train", "native"), ("mine/train", "own")):
            until(lambda n=name, t=tag: len(points(page, n, t)) == 3)  # type: ignore[misc]
        (text,) = page.get("text/text", run="digits/first", tag="note")
        assert "<strong>trained</strong>" in text["text"]
        (image,) = page.get("images/images", run="digits/first", tag="plot", sample=0)
        key = dict(urllib.parse.parse_qsl(image["query"]))
        assert page.get("images/individualImage", **key)[0] == "image/png"
        experiment = page.get("hparams/experiment", "{}")
        assert [column["name"] for column in experiment["hparamInfos"]] == ["rate"]

        assert page.get("/data/plugins_listing")["trackboard_runs"]["tab_name"] == "Runs"
        (row,) = page.get("trackboard_runs/runs")["rows"]
        assert row["cells"][:2] == ["digits/first", "running"]
        assert page.get("trackboard_runs/index.js")[0].startswith("text/javascript")

        run.log("loss", 0.25)
        assert until(lambda: points(page, "digits/first", "loss")[1:]) == [(1, 0.25)]
        write(empty_folder / "mine/later", "own")
        until(lambda: "mine/later" in page.runs())

        address = page.get("/data/environment")["debug"]["flags"]["grpc_data_provider"]
        where = Path(urllib.parse.unquote(address.removeprefix("unix:")))
        assert where.is_socket()
    assert not where.parent.exists()
    lines = [line for line in said(empty_folder).splitlines() if line.startswith("trackboard:")]
    (line,) = lines
    assert f"showing the history in {workspace.folder} " in line


def test_a_folder_below_has_no_history(workspace: Workspace, empty_folder: Path) -> None:
    workspace.recorder().create_run("digits").log("loss", 0.5)
    with stock(empty_folder / "mine") as page:
        until(lambda: page.runs() == ["train"], lambda: str(page.runs()))
        assert page.get("/data/environment")["data_location"] == str(empty_folder / "mine")
    assert "trackboard:" not in said(empty_folder / "mine")


def test_over_a_damaged_history_tensorboard_starts_as_always(
    workspace: Workspace, empty_folder: Path
) -> None:
    workspace.drain()
    workspace.close()
    workspace.parts.database_path.write_bytes(b"no database" * 1000)
    with stock(empty_folder) as page:
        until(lambda: page.runs() == ["mine/train"], lambda: str(page.runs()))
    lines = [line for line in said(empty_folder).splitlines() if "trackboard" in line]
    (line,) = lines
    assert line.startswith(f"trackboard: the history in {empty_folder} is not shown: ")
    assert "trackboard.db is damaged" in line


READING = """
import json, sys
from tensorboard import default, program
from trackboard.processes.tensorboard_plugin import HistoryLoader

board = program.TensorBoard(plugins=[*default.get_static_plugins(), HistoryLoader])
board.configure(logdir=sys.argv[1])
provider = board._make_data_ingester().data_provider
print(json.dumps([run.run_name for run in provider.list_runs(None, experiment_id="")]))
"""


@pytest.mark.requires("root")
def test_a_history_that_cannot_be_written_is_read(workspace: Workspace, empty_folder: Path) -> None:
    workspace.recorder().create_run("digits", name="first").complete()
    workspace.drain()
    workspace.close()
    runs = run_on_read_only_mount(empty_folder, READING, str(empty_folder), cwd=empty_folder)
    assert "digits/first" in runs


CONNECTING = """
import json, socket, sys
try:
    socket.socket(socket.AF_UNIX).connect(sys.argv[1])
    print(json.dumps("connected"))
except OSError as error:
    print(json.dumps(type(error).__name__))
"""


@pytest.mark.requires("root")
def test_another_user_cannot_ask_the_socket() -> None:
    server = ProviderServer(None)
    try:
        path = urllib.parse.unquote(server.address.removeprefix("unix:"))
        with socket.socket(socket.AF_UNIX) as own:
            own.connect(path)
        with folder_for_everybody() as folder:
            assert run_as(User(54321), CONNECTING, path, cwd=folder) == "PermissionError"
    finally:
        server.close()
