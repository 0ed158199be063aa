"""Runs of another workspace: copied whole, once, and never into their own."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.histories import describe_history
from tests.workspaces import parts

from trackboard import Workspace
from trackboard.errors import NotFound, UsageError
from trackboard.model import ArtifactKind, RunId, RunState

PARENT, CHILD, OTHER, GOING = RunId("parent"), RunId("child"), RunId("other"), RunId("going")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Workspace]:
    """A history with a run of every kind of content, its child, another run, and one that goes on."""
    workspace = Workspace.open(tmp_path / "here")
    recorder = workspace.recorder()
    parent = recorder.create_run("digits", run_id=PARENT, name="first")
    for step in range(5000):
        parent.log("loss", 1 / (step + 1), step)
    for value in (3, True, 2**60 + 1, 0.5, "text"):
        parent.log("mixed", value)
    parent.log("on", True)
    parent.log("count", 2**60 + 1, -4)
    parent.log_row("table", {"x": 1, "name": "a"})
    parent.set_tag("team", "vision")
    parent.set_tag("plain")
    parent.add_property("commit", "c0ffee")
    parent.set_parameter("lr", 0.1)
    parent.append_bytes("logs/grown.txt", 0, b"grown")
    key, size_bytes = parent.put_file(io.BytesIO(b"weights"))
    parent.add_file("outputs/model.pt", key, size_bytes)
    for step in (1, 2):
        key, size_bytes = parent.put_file(io.BytesIO(b"image%d" % step))
        parent.log_artifact("image", ArtifactKind.IMAGE, f"images/{step}", key, size_bytes, step)
    child = parent.child("part", run_id=CHILD)
    child.fail("it broke")
    parent.complete()
    recorder.create_run("digits", run_id=OTHER, name="other").complete()
    recorder.create_run("else", run_id=GOING).log("loss", 1.0, 0)
    yield workspace
    recorder.close()
    workspace.close()


@pytest.fixture
def there(tmp_path: Path) -> Path:
    return tmp_path / "there"


def described(workspace: Workspace) -> dict[RunId, dict[str, Any]]:
    of = parts(workspace)
    of.drain()
    return describe_history(of.store, of.blobs, of.run_files)


def test_a_selection_is_copied_with_all_below_it(here: Workspace, there: Path) -> None:
    report = here.copy([PARENT], there)
    assert (report.new, report.left_out) == (2, ())
    with_it = described(here)
    copied = described(Workspace.open(there))
    assert copied == {run: with_it[run] for run in (PARENT, CHILD)}
    version = parts(Workspace.open(there)).store.version()
    again = here.copy(["digits"], there)
    assert (again.new, again.changed, again.unchanged) == (1, 0, 2)
    assert parts(Workspace.open(there)).store.version() > version
    assert here.copy(["digits"], there).unchanged == 3


def test_a_whole_workspace_is_imported(here: Workspace, there: Path) -> None:
    other = Workspace.open(there)
    report = other.import_runs(here.folder)
    assert (report.new, report.kind) == (4, "trackboard")
    mine, copied = described(here), described(other)
    assert {run: copied[run] for run in (PARENT, CHILD, OTHER)} == {
        run: mine[run] for run in (PARENT, CHILD, OTHER)
    }
    going = other.find_run(GOING)
    assert going is not None
    assert (going.state, going.cause) == (
        RunState.FAILED,
        "it had not ended when it was imported",
    )
    recorder = here.recorder()
    run = next(each for each in [recorder.create_run("else", run_id="late")])
    run.log("loss", 2.0, 1)
    run.complete()
    assert (other.import_runs(str(here.folder)).new, other.import_runs(here.folder).unchanged) == (
        1,
        5,
    )


def test_what_came_from_there_is_left_alone_when_it_comes_back(
    here: Workspace, there: Path
) -> None:
    here.copy([OTHER], there)
    before = described(here)
    report = here.import_runs(there)
    assert report.left_out_count == 1
    assert "was not imported" in report.left_out[0].why
    assert described(here) == before


def test_into_itself_nothing_is_copied(here: Workspace, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(here.folder)
    for folder in (here.folder, here.folder.parent.parent, link):
        with pytest.raises(UsageError, match="is this very workspace"):
            here.copy([PARENT], folder)
    with pytest.raises(UsageError, match="is this very workspace"):
        here.import_runs(here.folder)
    for inside in (here.folder / "runs", here.folder / "new" / "folder", link / "runs"):
        with pytest.raises(UsageError, match="is inside of this workspace"):
            here.copy([PARENT], inside)
        assert not list(inside.glob(".trackboard"))


def test_a_dry_run_makes_no_workspace(here: Workspace, there: Path) -> None:
    with pytest.raises(NotFound, match="there is no history in"):
        here.copy([PARENT], there, dry_run=True)
    assert not there.exists()
    here.copy([OTHER], there)
    assert here.copy([PARENT], there, dry_run=True).new == 2
    assert set(described(Workspace.open(there))) == {OTHER}


def test_unknown_runs_are_told(here: Workspace, there: Path) -> None:
    with pytest.raises(NotFound):
        here.copy(["nobody"], there)
    assert not there.exists()
