"""Processes that keep files are killed with SIGKILL at random moments, and so are those that read them."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.e2e.programs.upload_flat_out import content
from tests.waiting import PATIENCE_S, until

import trackboard
from trackboard.model import RunState
from trackboard.workspace import Workspace

_PROGRAMS = Path(__file__).parent / "programs"


class Victim:
    """A process that keeps files flat out."""

    def __init__(self, workspace: Workspace, counter: Path) -> None:
        self.experiment = counter.name
        self._counter = counter
        counter.write_bytes(bytes(8))
        program = [sys.executable, "-S", str(_PROGRAMS / "upload_flat_out.py")]  # no site-packages
        self.process = subprocess.Popen(
            [*program, str(workspace.spool_folder), str(counter), self.experiment],
            env={**os.environ, "PYTHONPATH": str(Path(trackboard.__path__[0]).parent)},
        )

    @property
    def counted(self) -> int:
        return int(np.fromfile(self._counter, np.int64)[0])

    def wait_until_it_keeps(self) -> None:
        until(lambda: self.counted > 0 or self.process.poll() is not None, "it keeps nothing")
        assert self.process.poll() is None, f"it ended by itself: {self.process.returncode}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def started(workspace: Workspace, counter: Path) -> Iterator[Victim]:
    victim = Victim(workspace, counter)
    try:
        yield victim
    finally:
        victim.kill()


def check(workspace: Workspace, victim: Victim) -> set[str]:
    """Every counted file is there, and at most one that was not counted yet; the keys of all."""
    (run,) = workspace.store.list_runs(experiment=victim.experiment)
    assert run.warnings == ()
    files = workspace.store.list_files(run.id)
    assert {file.path for file in files} == {f"outputs/{number}" for number in range(len(files))}
    assert len(files) - victim.counted in (0, 1)
    for file in files:
        with workspace.blobs.open(file.key) as stream:
            assert stream.read() == content(int(file.path.partition("/")[2]))
    return {file.key for file in files}


def check_nothing_is_left(workspace: Workspace, keys: set[str]) -> None:
    """No spool, and no file that nothing names."""

    def is_empty() -> bool:
        workspace.drain()
        return not os.listdir(workspace.spool_folder)

    until(is_empty, "spools stay", pause_s=0.05)
    assert {run.state for run in workspace.store.list_runs()} == {RunState.FAILED}
    blobs = [path for path in workspace.paths.blobs.rglob("*") if path.is_file()]
    assert {f"sha256:{path.parent.name}{path.name}" for path in blobs} == keys
    assert len(blobs) == len(keys)


def test_every_file_that_a_killed_process_kept_is_there(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "workspace")
    chance = random.Random("uploads")
    victims, keys = [], set()
    for number in range(20):
        with started(workspace, tmp_path / f"victim-{number}") as victim:
            victim.wait_until_it_keeps()
            if number % 2:
                workspace.drain()
            time.sleep(chance.uniform(0, 0.03))
        victims.append(victim)
    workspace.drain()
    for victim in victims:
        keys |= check(workspace, victim)
    check_nothing_is_left(workspace, keys)
    workspace.close()


@pytest.mark.timeout(600)
def test_readers_killed_while_they_move_files(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "workspace")
    assert workspace.store.list_runs() == ()
    with started(workspace, tmp_path / "victim") as victim:
        victim.wait_until_it_keeps()
        told = (str(_PROGRAMS / "read_and_die.py"), str(workspace.folder), "15", "7")
        reader = subprocess.Popen(
            [sys.executable, *told], env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        )
        try:
            assert reader.wait(PATIENCE_S) == 0
        finally:
            reader.kill()
            reader.wait()
    workspace.drain()
    keys = check(workspace, victim)
    check_nothing_is_left(workspace, keys)
    workspace.close()
