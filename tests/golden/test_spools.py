"""Spools of every format so far, stored by today's code."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from tests.golden import expected as golden
from tests.workspaces import parts

from trackboard import Workspace
from trackboard.layout import FileSystem
from trackboard.model import RunId, RunState

TOLD = golden.load("spool-format-1.json")
SPOOLS = golden.DATA / "spool-format-1"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A new workspace with the golden spools in it, as on a disk that several machines share."""
    pretend(monkeypatch, FileSystem.NETWORK)
    opened = Workspace.open(tmp_path)
    shutil.copytree(SPOOLS, parts(opened).spool_folder)
    for segment in parts(opened).spool_folder.glob("*/*.seg"):  # nothing more will come from there
        os.utime(segment, (0, time.time() - 1000))
    return opened


def pretend(monkeypatch: pytest.MonkeyPatch, kind: FileSystem) -> None:
    for module in ("spool.alive", "ingest.folder_spools"):
        monkeypatch.setattr(f"trackboard.{module}.find_file_system", lambda _folder: kind)


def test_the_files_are_what_they_say() -> None:
    segments = {name: len(list((SPOOLS / w).glob("*.seg"))) for name, w in TOLD["writers"].items()}
    assert segments == {"whole": 8, "open-end": 1, "torn-end": 1, "torn-middle": 4}
    first = (SPOOLS / TOLD["writers"]["whole"] / "0.seg").read_bytes()
    assert b'{"k":"segment","format":1,' in first


def test_everything_that_was_recorded(workspace: Workspace) -> None:
    parts(workspace).drain()
    golden.check_said(parts(workspace).store, TOLD)
    growing = TOLD["growing"]
    copy = workspace.run_folder(growing["run"]) / growing["path"]
    assert copy.read_text("utf-8") == growing["text"]
    assert (workspace.run_folder(growing["run"]) / "logs/empty.txt").read_bytes() == b""


def test_the_states_of_runs(workspace: Workspace) -> None:
    states = {run.id: run.state.value for run in workspace.runs(experiment="states")}
    for run, state in TOLD["runs_in_every_state"]:  # who owned those that had not ended has ended
        assert states[run] == (state if RunState(state).is_terminal else "failed")
    family = workspace.runs(experiment="family")
    assert [(run.id, run.number, run.parent) for run in family] == [
        ("grandchild", 3, "child"),
        ("child", 2, "parent"),
        ("parent", 1, None),
    ]
    assert "process 4242 on golden-host" in family[2].cause
    assert parts(workspace).store.list_runs(experiment="unknown")[0].id == "never-created"


def test_a_spool_that_has_ended_goes_and_the_others_stay(workspace: Workspace) -> None:
    parts(workspace).drain()
    parts(workspace).drain()
    left = {path.name for path in parts(workspace).spool_folder.iterdir() if path.name[0] != "."}
    assert left == {TOLD["writers"][name] for name in ("open-end", "torn-end", "torn-middle")}


@pytest.mark.parametrize(
    ("run", "count"), [("open-end", 60), ("torn-end", 59), ("torn-middle", 59)]
)
def test_spools_without_an_end(workspace: Workspace, run: str, count: int) -> None:
    """Their writer may live on another host: its runs go on, and half a record is no record."""
    parts(workspace).drain()
    found = workspace.find_run(RunId(run))
    assert found is not None
    assert (found.state, found.name, found.experiment) == (RunState.RUNNING, run, "ends")
    history = workspace.history(run, "loss")
    steps = sorted({*range(60)} - missing(run))
    assert history.steps.tolist() == steps
    assert history.values.tolist() == [value(step) for step in steps]
    assert len(steps) == count
    assert [w for w in found.warnings if "damaged" in w] == (
        ["23 bytes of the stream were damaged and skipped"] if run == "torn-middle" else []
    )


def test_on_a_disk_of_this_machine_nobody_can_write_them_any_more(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, FileSystem.LOCAL)
    parts(workspace).drain()
    parts(workspace).drain()
    assert [
        path.name for path in parts(workspace).spool_folder.iterdir() if path.name[0] != "."
    ] == []
    assert {run.state for run in workspace.runs(experiment="ends")} == {RunState.FAILED}


def missing(run: str) -> set[int]:
    """The points whose record is torn."""
    return {"open-end": set(), "torn-end": {59}, "torn-middle": {13}}[run]


def value(step: int) -> float:
    return ((step * 7919) % 4099) / 64 - 7.25


def test_tags_and_names_of_the_stub(workspace: Workspace) -> None:
    parts(workspace).drain()
    told: dict[str, Any] = TOLD["tags"]
    assert parts(workspace).store.get_tags(RunId("never-created")) == told["never-created"]
