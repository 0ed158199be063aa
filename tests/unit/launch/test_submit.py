"""What is decided, said and kept before anything starts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.workspaces import api

from trackboard.errors import UsageError
from trackboard.launch import submit as submit_module
from trackboard.launch.request import Request
from trackboard.launch.rerun import rerun
from trackboard.launch.submit import prepare, preview, submit
from trackboard.model import Compute, EnvironmentRequest, JobPlan, RunId
from trackboard.notice import say_once
from trackboard.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """One in which nothing is started."""
    monkeypatch.setattr(submit_module, "advance_queue", lambda *_told: ())
    monkeypatch.setattr("trackboard.launch.rerun.advance_queue", lambda *_told: ())
    workspace = Workspace.open(tmp_path / "history")
    yield workspace
    workspace.recorder().close()
    workspace.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "train.py").write_text("print()\n")
    return folder


def _properties(workspace: Workspace, run: RunId) -> dict[str, str]:
    workspace.drain()
    return dict(workspace.store.get_properties(run))


def _plan(workspace: Workspace, run: RunId) -> JobPlan:
    from trackboard.launch.context.plan_file import load_plan

    return load_plan(workspace.launch_context.paths.job(run))


def test_a_large_snapshot_is_said(
    workspace: Workspace,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    say_once.cache_clear()
    request = Request("e", source, "train.py")
    capsys.readouterr()
    prepare(workspace.launch_context, request)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("trackboard.launch.snapshot.size_warning.LARGE_BYTES", 7)
    prepare(workspace.launch_context, request)
    assert "train.py (8 B)" in capsys.readouterr().err


def test_a_preview_keeps_nothing(workspace: Workspace, source: Path) -> None:
    (source / "notes.txt").write_text("x")
    (source.parent / "shared").mkdir()
    (source.parent / "shared" / "code.py").write_text("")
    (source / "lib").symlink_to(source.parent / "shared")
    environment = EnvironmentRequest(python="3.7", pip_packages=("azureml-defaults",))
    request = Request("e", source, "train.py", environment=environment)
    workspace.drain()
    before = _files(workspace.folder)
    told = json.loads(preview(workspace.launch_context, request))

    assert _files(workspace.folder) == before
    assert told["snapshot_files"] == ["lib/code.py", "notes.txt", "train.py"]
    assert told["notes"][0] == "snapshot: 3 files, 9 B (3 new)"
    assert told["notes"][1].startswith("lib is a copy of ")
    assert any("Python 3.7 cannot record" in note for note in told["notes"])
    plan = _plan(workspace, submit(workspace.launch_context, request))
    assert told["snapshot"] == plan.snapshot
    assert told["notes"] == [*plan.notes]


@pytest.mark.parametrize(
    "wrong",
    [
        Request("e", Path(), "train.py", ["--rate", None]),
        Request("e", Path(), "train.py", variables={"A=B": "1"}),
        Request("e", Path(), command=["echo", None]),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_kept(
    workspace: Workspace, source: Path, wrong: Request
) -> None:
    workspace.drain()
    before = _files(workspace.folder)
    with pytest.raises(UsageError, match="cannot be"):
        submit(workspace.launch_context, replace(wrong, source=source))
    assert _files(workspace.folder) == before


def _files(folder: Path) -> dict[str, bytes]:
    """What lies in a folder, without locks and what an open database has beside itself."""
    return {
        str(path): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm", ".lock"))
    }


@pytest.mark.requires("git")
def test_what_a_run_keeps_of_its_code(workspace: Workspace, source: Path) -> None:
    def git(*words: str) -> None:
        who = ["-c", "user.name=me", "-c", "user.email=me@example.org"]
        subprocess.run(["git", *who, *words], cwd=source, check=True, capture_output=True)

    git("init", "-b", "topic")
    git("add", ".")
    git("commit", "-m", "first")
    (source / "train.py").write_text("print(1)\n")
    run = submit(workspace.launch_context, Request("e", source, "train.py"))
    kept = _properties(workspace, run)
    assert (kept["azureml.git.branch"], kept["azureml.git.dirty"]) == ("topic", "True")
    assert kept["azureml.git.commit"] == kept["mlflow.source.git.commit"]
    assert (kept["trackboard.snapshot_files"], kept["trackboard.snapshot_bytes"]) == ("1", "9")
    assert kept["trackboard.source"] == str(source)
    assert "trackboard.pid" not in kept, "that is the client's"
    diff = workspace.run_folder(run) / "system_logs" / "code.diff"
    assert "+print(1)" in diff.read_text()

    again = _properties(workspace, rerun(workspace.launch_context, run))
    same = ("azureml.git.commit", "ContentSnapshotId", "trackboard.source")
    assert [again[key] for key in same] == [kept[key] for key in same]
    assert again["trackboard.rerun_of"] == run


def test_the_environment_is_a_property(workspace: Workspace, source: Path) -> None:
    packages = ("numpy", "private @ https://me:geheim@example.org/private.whl", "azureml-defaults")
    environment = EnvironmentRequest(name="mine", python="3.11", pip_packages=packages)
    run = submit(
        workspace.launch_context, Request("e", source, "train.py", environment=environment)
    )
    said, *substitutions = _properties(workspace, run)["trackboard.environment"].splitlines()
    assert said.startswith("mine: Python 3.11, numpy, private @ https://***@example.org/")
    assert list(_plan(workspace, run).environment.substitutions) == substitutions
    notes = _plan(workspace, run).notes
    assert notes[0] == "snapshot: 1 file, 8 B (1 new)"
    assert set(substitutions) <= set(notes)


def test_a_rerun_changes_what_it_is_told_to(workspace: Workspace, source: Path) -> None:
    workspace.store.add_compute(Compute("one", "AmlCompute", "any", 0, 1, 1800, 0.0, {}))
    request = Request("e", source, "train.py", ["--lr", 0.1], variables={"COLOUR": "red"})
    old = submit(workspace.launch_context, request)
    arguments = ["--lr", 0.2, "x y"]
    new = rerun(
        workspace.launch_context, old, arguments=arguments, compute="one", name="n", tags={"a": "b"}
    )
    before, after = _plan(workspace, old), _plan(workspace, new)
    assert (after.script, after.compute) == (("train.py", "--lr", "0.2", "x y"), "one")
    assert after.variables["TRACKBOARD_RUN_ID"] == after.variables["AZUREML_RUN_ID"] == new
    assert after.variables["COLOUR"] == "red"
    assert new in after.variables["AZUREML_OUTPUT_DIRECTORY"]
    assert (after.snapshot, after.environment) == (before.snapshot, before.environment)
    assert after.notes[0] == f"snapshot: 1 file, 8 B, as it was of run {old}"
    found = api(workspace).find_run(new)
    assert found is not None
    assert (found.name, found.experiment) == ("n", "e")
    assert workspace.store.get_tags(new) == {"a": "b"}
    assert _plan(workspace, rerun(workspace.launch_context, new)).script == after.script
    other = rerun(workspace.launch_context, new, settings={"lr": "0.3", "epochs": "5"})
    words = ("train.py", "--lr", "0.3", "x y", "--epochs", "5")
    assert _plan(workspace, other).script == words
    workspace.drain()
    assert workspace.store.list_parameters([other])[other] == {"lr": 0.3, "epochs": 5}


def test_a_snapshot_that_is_gone(workspace: Workspace, source: Path) -> None:
    run = submit(workspace.launch_context, Request("e", source, "train.py"))
    (file,) = (path for path in (workspace.folder / "blobs").rglob("*") if path.is_file())
    file.unlink()
    with pytest.raises(LookupError, match=r"the code of run .* is gone: 'train\.py' was deleted"):
        rerun(workspace.launch_context, run)
    (workspace.folder / "snapshots" / f"{_plan(workspace, run).snapshot}.json").unlink()
    with pytest.raises(LookupError, match=r"the code of run .* is gone: there is no snapshot"):
        rerun(workspace.launch_context, run)
    assert len(workspace.store.list_jobs()) == 1
