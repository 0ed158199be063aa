"""A workspace on a network file system, one that is deleted, and processes that end without a word."""

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.waiting import PATIENCE_S, until
from tests.workspaces import api

import trackboard.errors
from trackboard.model import Run, RunState
from trackboard.workspace import Workspace

_PROGRAM = Path(__file__).parent / "programs" / "train_by_command.py"
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(trackboard.__path__[0]).parent)}


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(tmp_path)
    yield opened
    opened.close()


def train(workspace: Workspace, *commands: str) -> "subprocess.Popen[str]":
    """A process that has done what it was told and waits for more."""
    process = subprocess.Popen(
        [sys.executable, "-S", str(_PROGRAM), str(workspace.spool_folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_ENVIRONMENT,
    )
    for command in commands:
        tell(process, command)
    return process


def tell(process: "subprocess.Popen[str]", command: str) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{command}\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def the_run(workspace: Workspace) -> Run:
    workspace.drain()
    (run,) = workspace.store.list_runs()
    return run


def until_it_ended(workspace: Workspace) -> Run:
    until(lambda: the_run(workspace).state.is_terminal)
    return the_run(workspace)


class TestAProcessThatDoesNotComplete:
    def test_is_running_while_it_lives(self, workspace: Workspace) -> None:
        process = train(workspace, "log 10")
        try:
            assert the_run(workspace).state is RunState.RUNNING
            time.sleep(1.2)  # more than one look at its lock
            assert the_run(workspace).state is RunState.RUNNING
        finally:
            process.kill()
            process.communicate()

    def test_was_killed(self, workspace: Workspace) -> None:
        process = train(workspace, "log 10")
        assert the_run(workspace).state is RunState.RUNNING
        process.kill()
        process.communicate()
        run = until_it_ended(workspace)
        assert run.state is RunState.FAILED
        assert f"process {process.pid}" in run.cause
        assert "died before the run was completed" in run.cause

    def test_ended_by_itself(self, workspace: Workspace) -> None:
        process = train(workspace, "log 10")
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
        run = the_run(workspace)
        assert run.state is RunState.FAILED
        assert f"process {process.pid}" in run.cause
        assert "ended before the run was completed" in run.cause

    def test_ended_by_sigterm(self, workspace: Workspace) -> None:
        process = train(workspace, "log 10")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
        assert until_it_ended(workspace).state is RunState.FAILED

    def test_a_closed_recorder_that_goes_on(self, workspace: Workspace) -> None:
        """Wrongly taken for ended: the end that its process tells is the right one."""
        run = workspace.recorder().create_run("reopened")
        run.log("n", 1)
        workspace.recorder().close()
        assert the_run(workspace).state is RunState.FAILED
        run.log("n", 2)
        run.complete()
        assert the_run(workspace).state is RunState.COMPLETED
        assert the_run(workspace).cause == ""


class TestANetworkFileSystem:
    def test_is_warned_of_once_and_works(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        workspace = Workspace.open(tmp_path)
        with (workspace.folder / "trackboard.toml").open("a") as settings:
            settings.write("network_folder = true\n")
        capfd.readouterr()
        shared = [Workspace.open(tmp_path) for _ in range(3)]
        process = train(shared[0], "log 5000", "complete")
        process.communicate(timeout=PATIENCE_S)
        for each in shared:
            assert the_run(each).state is RunState.COMPLETED
            assert each.store.list_series()[0].count == 5000
        (line,) = capfd.readouterr().err.splitlines()
        assert "network file system" in line
        assert 'store = "' in line, "what to do about it"
        for each in shared:
            each.close()
        assert not list(workspace.folder.glob("trackboard.db-*"))
        connection = sqlite3.connect(workspace.folder / "trackboard.db")
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        connection.close()


class TestADeletedWorkspace:
    def test_training_goes_on_in_a_new_one(self, workspace: Workspace) -> None:
        process = train(workspace, "log 1000")
        workspace.drain()
        workspace.close()
        shutil.rmtree(workspace.folder)
        time.sleep(1.2)  # a writer looks whether its folder is there once a second
        assert tell(process, "log 5000") == "done"
        tell(process, "complete")
        _, said = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
        assert "recording begins anew there" in said
        again = Workspace.open(workspace.folder)
        run = the_run(again)
        assert (run.state, run.name) == (RunState.COMPLETED, "by command")
        assert again.store.get_tags(run.id) == {"lr": "0.1"}
        assert api(again).history(run.id, "n").values.tolist() == list(range(1000, 6000))
        assert stat.S_IMODE(again.folder.stat().st_mode) == 0o700
        again.close()

    def test_a_process_that_ends_soon_says_so_too(self, workspace: Workspace) -> None:
        """All of it fits into the segment that is open, which nobody sees any more."""
        process = train(workspace, "log 1000")
        shutil.rmtree(workspace.folder)
        tell(process, "log 10")
        tell(process, "complete")
        _, said = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
        assert "deleted or moved" in said

    def test_a_reader_says_so_and_is_not_held_up(self, workspace: Workspace) -> None:
        workspace.recorder().create_run("gone").log("n", 1)
        workspace.drain()
        shutil.rmtree(workspace.folder)
        with pytest.raises(trackboard.errors.Unavailable, match="is gone: it was deleted or moved"):
            workspace.drain()
        workspace.recorder().close()
