"""A target in a package of its own, found by its entry point, held against the contract."""

from __future__ import annotations

import ast
import importlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.waiting import until
from tests.workspaces import api

from trackboard.errors import UsageError
from trackboard.launch.request import Request
from trackboard.model import RunState
from trackboard.targets import list_engines
from trackboard.testing.target_contract import TargetContract
from trackboard.workspace import Workspace

PACKAGES = Path(__file__).parent / "third_party"
PUBLIC = {
    "trackboard.config",
    "trackboard.errors",
    "trackboard.layout",
    "trackboard.model",
    "trackboard.ports",
}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is where pip would have put it."""
    monkeypatch.syspath_prepend(str(PACKAGES))


@pytest.fixture
def queue(tmp_path: Path, installed: None, leaves_no_process: None) -> Iterator[Path]:  # noqa: ARG001
    """A folder that a shell loop watches."""
    loop_program = importlib.import_module("folder_queue").LOOP
    folder = tmp_path / "queue"
    folder.mkdir()
    with subprocess.Popen(["/bin/sh", "-c", loop_program, "sh", str(folder)]) as loop:
        yield folder
        (folder / "stop").touch()
        loop.wait(60)


class TestFolderQueue(TargetContract):
    @pytest.fixture
    def workspace(self, tmp_path: Path, queue: Path) -> Workspace:
        workspace = Workspace.open(tmp_path / "workspace")
        with workspace.paths.settings.open("a") as settings:
            settings.write(f"[compute.cluster]\nengine = 'folder-queue'\nqueue = '{queue}'\n")
        return workspace


def test_a_job_through_it_from_submit_to_end(tmp_path: Path, queue: Path) -> None:
    workspace = Workspace.open(tmp_path / "workspace")
    with workspace.paths.settings.open("a") as settings:
        settings.write(f"[compute.c]\nengine = 'folder-queue'\nqueue = '{queue}'\n")
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.py").write_text(
        "from azureml.core import Run\nRun.get_context().log('loss', 0.5)\n"
    )
    run = api(workspace).submit(Request("e", source, "train.py", [], compute="c"))

    def has_ended() -> bool:
        api(workspace).advance_queue()  # as every status call does
        return not workspace.store.list_jobs()

    until(has_ended)
    found = api(workspace).find_run(run)
    assert found is not None
    assert found.state is RunState.COMPLETED, found.cause
    assert workspace.paths.job(run).engine.read_text() == "folder-queue"


@pytest.mark.usefixtures("installed")
def test_it_is_known_by_its_entry_point(tmp_path: Path) -> None:
    assert list_engines() == ("folder-queue", "local", "ray")
    workspace = Workspace.open(tmp_path / "workspace")
    with workspace.paths.settings.open("a") as settings:
        settings.write("[compute.c]\nengine = 'folder-queue'\nqeue = '/q'\n")
    with pytest.raises(UsageError, match=r"(?s)'qeue' .*Did you mean queue"):
        workspace.launch_context.target_for("c")


def test_without_the_package_its_name_is_not_known(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "workspace")
    with workspace.paths.settings.open("a") as settings:
        settings.write("[compute.c]\nengine = 'folder-queue'\n")
    with pytest.raises(UsageError, match=r"(?s)'folder-queue' is not known.*local, ray"):
        workspace.launch_context.target_for("c")


def test_it_needs_nothing_but_what_the_ports_name() -> None:
    tree = ast.parse((PACKAGES / "folder_queue" / "__init__.py").read_text())
    imported = {
        str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("trackboard")
    }
    assert {".".join(name.split(".")[:2]) for name in imported} <= PUBLIC
