"""A garbage collection beside processes that record, killed at random moments: nothing named is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.workspaces import parts

import trackboard
from trackboard import Workspace

_PROGRAM = Path(__file__).parent / "programs" / "keep_flat_out.py"


@contextmanager
def writer(workspace: Workspace, experiment: str) -> Iterator[subprocess.Popen[str]]:
    """A process that begins runs with files until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-S", str(_PROGRAM), str(parts(workspace).paths.spool), experiment, "0"],
        env={**os.environ, "PYTHONPATH": str(Path(trackboard.__path__[0]).parent)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        os.set_blocking(process.stdout.fileno(), False)
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def collect_and_kill(workspace: Workspace, after_s: float) -> int:
    """Run a collection in a process of its own, and kill it after a while; its exit code."""
    process = subprocess.Popen(
        [sys.executable, "-m", "trackboard", "gc", "--older-than", "0", str(workspace.folder)],
        stdout=subprocess.DEVNULL,
    )
    try:
        return process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def check(workspace: Workspace) -> int:
    """Every file of every run can be read, in the trash too; how many there are."""
    now = parts(workspace)
    now.drain()
    count = 0
    for run in now.store.list_runs(deleted=None):
        for file in now.store.list_files(run.id):
            if not file.key:  # it grows, as a plain file
                continue
            assert now.blobs.locate(file.key).stat().st_size == file.size_bytes, (run.name, file)
            count += 1
    return count


def attack(workspace: Workspace, writers: int, rounds: int, seed: int) -> None:
    """Delete runs while others begin, and kill each collection but the last."""
    chance = random.Random(seed)
    with ExitStack() as stack:
        for number in range(writers):
            stack.enter_context(writer(workspace, f"w{number}"))
        for _ in range(rounds):
            ended = [run for run in workspace.runs() if run.state.is_terminal]
            gone = [run.id for run in ended if chance.random() < 0.5]
            workspace.service.trash.delete(gone)
            collect_and_kill(workspace, chance.uniform(0.3, 3.0))
            assert check(workspace) > 0
    trash = workspace.trash()
    if trash:
        workspace.restore(trash[0].id)
    report = workspace.service.trash.collect(older_than_s=-1.0)
    assert not [note for note in report.notes if "not all" in note]
    check(workspace)
    now = parts(workspace)
    assert {each.key for each in now.blobs.iter_blobs()} == now.store.list_keys()
    shown = {run.id for run in now.store.list_runs()}
    assert {path.name for path in now.paths.runs.glob("*")} <= shown


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(tmp_path / "history")
    yield opened
    opened.close()


def test_nothing_that_is_named_is_freed_beside_two_writers(workspace: Workspace) -> None:
    attack(workspace, writers=2, rounds=3, seed=time.time_ns())


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(5))
def test_nothing_that_is_named_is_freed_beside_four_writers(
    workspace: Workspace, seed: int
) -> None:
    attack(workspace, writers=4, rounds=12, seed=seed)
