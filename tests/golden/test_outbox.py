"""A spool whose outbox nobody has emptied, of each version that wrote one, read by today's code."""

import shutil
from pathlib import Path

import pytest
from tests.golden import expected as golden
from tests.workspaces import api

from trackboard.layout import FileSystem
from trackboard.model import RunId, RunState
from trackboard.workspace import Workspace

TOLD = golden.load("spool-with-outbox.json")
SPOOLS = golden.DATA / "spool-with-outbox"
DIGITS = 64


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A new workspace with the golden spool in it, on a disk of this machine."""
    for module in ("spool.alive", "ingest.folder_spools"):
        monkeypatch.setattr(
            f"trackboard.{module}.find_file_system", lambda _folder: FileSystem.LOCAL
        )
    opened = Workspace.open(tmp_path)
    shutil.copytree(SPOOLS, opened.spool_folder)
    return opened


def test_the_files_are_what_they_say() -> None:
    outbox = SPOOLS / TOLD["writer"] / "outbox"
    assert len(list(outbox.iterdir())) == 4, "two have the same content"
    assert all(len(path.name) == DIGITS for path in outbox.iterdir())
    assert (outbox / TOLD["unnamed"]).exists()


def test_its_files_are_files_of_the_run(workspace: Workspace) -> None:
    workspace.drain()
    told = {**TOLD["files"], **TOLD["image"]}
    assert {file.path for file in workspace.store.list_files(RunId("r"))} == told.keys()
    for path, text in told.items():
        with api(workspace).open_file("r", path) as file:
            assert file.read() == text.encode("latin-1")
    (image,) = workspace.store.list_artifacts()
    assert (image.name, image.path, image.step) == ("plot", "plot.png", 0)


def test_nothing_else_is_left(workspace: Workspace) -> None:
    workspace.drain()
    workspace.drain()
    run = api(workspace).find_run(RunId("r"))
    assert run is not None
    assert (run.state, run.warnings) == (RunState.FAILED, ())
    assert list(workspace.spool_folder.iterdir()) == []
    blobs = [path.parent.name + path.name for path in workspace.paths.blobs.glob("*/*")]
    assert len(blobs) == 3
    assert TOLD["unnamed"] not in blobs
