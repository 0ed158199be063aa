"""A workspace that cannot be written is read: another user's, and one on a read-only disk."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.golden import expected as golden
from tests.other_users import User, folder_for_everybody, run_as, run_on_read_only_mount

from trackboard.launch.context.plan_file import load_plan, save_plan
from trackboard.layout import JobPaths
from trackboard.model import RunKind
from trackboard.workspace import Workspace

pytestmark = pytest.mark.requires("root")

READING = r"""
import contextlib, io, json, os, sys
from trackboard.cli.main import main

folder = sys.argv[1]
said = {}

def call(*words):
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    sys.argv = ["trackboard", *words]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main()
    out.flush()
    said[words[0]] = [code, out.buffer.getvalue().decode(), err.getvalue()]

call("runs", folder)
call("show", "exp/a", "--folder", folder)
call("logs", "exp/a", "--folder", folder)
call("where", folder, "--json")
call("stop", folder)
call("cancel", "exp/a", "--folder", folder)
said["job"] = [call("show", "exp/job", "--folder", folder), said["show"]][1]
call("show", "exp/a", "--folder", folder)

from trackboard import Workspace

workspace = Workspace.open(folder)
with workspace.open_file("exp/a", "logs/out.txt") as file:
    said["file"] = file.read().decode()
said["history"] = workspace.history("exp/a", "loss").values.tolist()
parts = workspace.service._workspace
said["refresh"] = parts.refresh()
for name, write in {
    "delete": lambda: workspace.delete_experiment("exp"),
    "new experiment": lambda: parts.store.add_experiment("new"),
}.items():
    try:
        write()
    except Exception as error:
        said[name] = [type(error).__name__, str(error)]
workspace.recorder().create_run("exp", name="c").log("loss", 1.0)

import threading, urllib.request
from pathlib import Path
from trackboard.board.process.options import Show
from trackboard.processes.board import Door, run_board

stop = threading.Event()

def ask(ready):
    try:
        with urllib.request.urlopen(f"{ready.url}data/runs", timeout=60) as answer:
            said["board"] = json.load(answer)
        with urllib.request.urlopen(f"{ready.url}-/changes", timeout=60) as answer:
            said["changes"] = json.load(answer)["unread_bytes"]
    finally:
        stop.set()

run_board(
    Show(workspace=Path(folder)),
    Door("127.0.0.1", 0),
    stop=stop,
    on_ready=lambda ready: threading.Thread(target=ask, args=[ready]).start(),
)

from azureml.core import Experiment
from azureml.core import Workspace as SdkWorkspace

os.chdir(folder)
ws = SdkWorkspace.from_config()
runs = {run.display_name or run.name: run for run in Experiment(ws, "exp").get_runs()}
said["sdk job"] = [runs["job"].get_status(), runs["job"].get_details()["runId"] == runs["job"].id]
run = runs["a"]
said["sdk"] = [run.get_status(), run.get_metrics(), run.get_file_names(), run.get_details()["status"]]
print(json.dumps(said))
"""


@pytest.fixture
def root() -> Iterator[Path]:
    with folder_for_everybody() as folder:
        yield folder


@pytest.fixture
def folder(root: Path) -> Iterator[Path]:
    """A workspace as an older trackboard made it: everybody may read. Something of it is not stored."""
    workspace = Workspace.open(root)
    run = workspace.recorder().create_run("exp", name="a")
    run.log("loss", 0.5)
    run.append_bytes("logs/out.txt", 0, b"printed\n")
    run.append_bytes("user_logs/std_log.txt", 0, b"printed\n")
    run.complete()
    job = workspace.recorder().create_run("exp", name="job", kind=RunKind.JOB)
    workspace.drain()
    old = JobPaths(next(golden.DATA.glob("workspace/jobs/*")))
    save_plan(workspace.paths.job(job.id), load_plan(old))
    workspace.close()
    workspace.recorder().create_run("exp", name="b").log("loss", 0.1)
    workspace.folder.chmod(0o755)
    yield workspace.folder
    workspace.recorder().close()


def look(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        os.path.join(inside, name): (
            os.stat(os.path.join(inside, name)).st_size,
            os.stat(inside).st_mtime_ns,
        )
        for inside, _, names in os.walk(folder)
        for name in names
    }


def as_another_user(folder: Path, root: Path) -> Any:
    return run_as(User(65534), READING, str(folder), cwd=root)


def on_a_read_only_disk(folder: Path, root: Path) -> Any:
    return run_on_read_only_mount(folder, READING, str(folder), cwd=root)


@pytest.mark.parametrize(
    ("read", "because"),
    [(as_another_user, "belongs to user root"), (on_a_read_only_disk, "mounted read-only")],
)
def test_all_that_reads_works(
    root: Path, folder: Path, read: Callable[[Path, Path], Any], because: str
) -> None:
    before = look(folder)
    said = read(folder, root)
    assert look(folder) == before
    code, out, err = said["runs"]
    assert (code, "exp/a" in out) == (0, True)
    assert "bytes are recorded" in err
    assert "not stored" in err
    assert because in err
    assert (said["show"][0], "loss" in said["show"][1]) == (0, True)
    assert said["logs"][:2] == [0, "printed\n"]
    assert said["stop"][0] == 0
    assert (said["where"][0], because in said["where"][1]) == (0, True)
    assert said["cancel"][0] != 0
    assert said["job"][0] == 0
    assert said["sdk job"] == ["Queued", True]
    assert {"exp/a", "exp/job"} <= set(said["board"])
    assert said["changes"] == 0  # nothing that this board is still going to read
    assert said["file"] == "printed\n"
    assert said["history"] == [0.5]
    assert said["refresh"] > 0
    for name in ("delete", "new experiment"):
        kind, words = said[name]
        assert kind == "Unavailable"
        assert str(folder) in words
        assert because in words
    assert said["sdk"] == [
        "Completed",
        {"loss": 0.5},
        ["logs/out.txt", "user_logs/std_log.txt"],
        "Completed",
    ]
