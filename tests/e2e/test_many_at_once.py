"""Many processes, forks and runs at once, and more than a pass can take."""

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from tests.waiting import PATIENCE_S, until
from tests.workspaces import api

import trackboard
from trackboard.model import Run, RunId, RunState
from trackboard.record import LiveRun
from trackboard.spool import SpoolWriter
from trackboard.workspace import Workspace

_PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path)


def values_of(workspace: Workspace, run: RunId, name: str) -> list[float]:
    """What is stored under a name; never twice the same name."""
    series = [each.id for each in workspace.store.list_series(runs=[run], names=[name])]
    found = list(workspace.store.read_points(series).values())
    assert len(found) <= 1
    values: list[float] = found[0].values.tolist() if found else []
    return values


def the_run(workspace: Workspace, run: RunId) -> Run:
    found = api(workspace).find_run(run)
    assert found is not None
    return found


@pytest.mark.long
def test_sixteen_processes_make_one_workspace(empty_folder: Path, tmp_path: Path) -> None:
    ready, go = tmp_path / "ready", tmp_path / "go"
    ready.mkdir()
    program = [sys.executable, str(_PROGRAMS / "first_of_many.py"), str(ready), str(go)]
    processes = [
        subprocess.Popen([*program, str(number)], stderr=subprocess.PIPE, text=True)
        for number in range(16)
    ]
    try:
        until(lambda: len(os.listdir(ready)) == len(processes))
        assert not (empty_folder / ".trackboard").exists()
        go.touch()
        said = [process.communicate(timeout=PATIENCE_S)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [process.returncode for process in processes] == [0] * 16, "\n".join(said)
    lines = [line for text in said for line in text.splitlines()]
    assert len(lines) == 1, lines
    assert str(empty_folder / ".trackboard" / "default") in lines[0]
    workspace = Workspace.open()
    workspace.drain()
    runs = workspace.store.list_runs(experiment="together")
    assert sorted(run.number for run in runs) == list(range(1, 17))
    assert {run.state for run in runs} == {RunState.COMPLETED}
    stored = sorted(values_of(workspace, run.id, "value") for run in runs)
    assert stored == [list(range(1000 * n, 1000 * n + 50)) for n in range(16)]


def _load(run: LiveRun, number: int) -> None:
    for batch in range(500):
        run.log(f"worker {number}", batch)


def test_forked_data_loaders_log_while_the_parent_does(workspace: Workspace) -> None:
    run = workspace.recorder().create_run("loaders")
    run.log("loss", -1)
    context = multiprocessing.get_context("fork")
    loaders = [context.Process(target=_load, args=(run, number)) for number in range(2)]
    for loader in loaders:
        loader.start()
    bare = os.fork()
    if bare == 0:
        _load(run, 2)
        os._exit(0)
    for step in range(2000):
        run.log("loss", step)
    for loader in loaders:
        loader.join(PATIENCE_S)
        assert loader.exitcode == 0
    assert os.waitpid(bare, 0)[1] == 0
    assert the_run(workspace, run.id).state is RunState.RUNNING, "its forks have ended, not it"
    run.complete()
    assert the_run(workspace, run.id).state is RunState.COMPLETED
    assert values_of(workspace, run.id, "loss") == list(range(-1, 2000))
    for number in range(3):
        assert values_of(workspace, run.id, f"worker {number}") == list(range(500))


def test_two_thousand_open_child_runs(workspace: Workspace) -> None:
    began_s = time.thread_time()
    root = workspace.recorder().create_run("search")
    children = [root.child(f"child {number}") for number in range(2000)]
    for number, child in enumerate(children):
        child.log("score", number)
    for child in children[::2]:
        child.complete()
    workspace.drain()
    took_s = time.thread_time() - began_s  # of the processor, however busy the machine
    assert took_s < 15, f"{took_s:.1f} s"
    stored = workspace.store.list_runs(parent=root.id)
    assert [run.name for run in stored] == [f"child {number}" for number in range(2000)]
    assert {run.state for run in stored[::2]} == {RunState.COMPLETED}
    assert {run.state for run in stored[1::2]} == {RunState.RUNNING}
    scores = workspace.store.list_series(runs=[run.id for run in stored], names=["score"])
    assert [series.last_value for series in scores] == list(range(2000))
    workspace.recorder().close()
    workspace.drain()
    assert all(run.state.is_terminal for run in workspace.store.list_runs())


def write_backlog(spool_folder: Path, run: RunId, size_bytes: int) -> int:
    """A spool of one series of numbers 0, 1, 2, ... without an hour of logging; how many there are.

    One segment is written in earnest; the others are copies of it, which repeat its definitions.
    """
    writer = SpoolWriter(spool_folder, segment_bytes=1 << 30)
    series = writer.series(run, "n")
    per_segment = (16 << 20) // 40
    for number in range(per_segment):
        writer.append_int(series, 2, 0, 0, number)
    segment = (spool_folder / writer.writer / "0.seg").read_bytes()
    count = max(1, size_bytes // len(segment))
    for number in range(1, count):
        (spool_folder / writer.writer / f"{number}.seg").write_bytes(segment)
    return count * per_segment


@pytest.mark.long
def test_a_large_backlog_is_read_in_bounded_pieces(workspace: Workspace) -> None:
    """200 MB here; 2 GB were measured once, with the same bounds."""
    check_backlog(workspace, 200 << 20)


def check_backlog(workspace: Workspace, size_bytes: int) -> None:
    run = workspace.recorder().create_run("late")
    workspace.drain()
    points = write_backlog(workspace.spool_folder, run.id, size_bytes)
    quiet = workspace.recorder().create_run("quiet")
    before_bytes = psutil.Process().memory_info().rss
    slowest_s, rounds, unread_bytes, peak_bytes = 0.0, 0, 1, 0
    while unread_bytes:
        quiet.log("x", rounds)
        began_s = time.thread_time()
        unread_bytes = workspace.refresh()
        slowest_s = max(slowest_s, time.thread_time() - began_s)
        assert values_of(workspace, quiet.id, "x")[-1] == rounds, "a flood kept a quiet run waiting"
        rounds += 1
        peak_bytes = max(peak_bytes, psutil.Process().memory_info().rss)
    assert rounds > 1
    assert slowest_s < 0.5, f"refresh() took {slowest_s:.2f} s of the processor"
    grown_bytes = peak_bytes - before_bytes
    assert grown_bytes < 120 << 20, f"memory grew by {grown_bytes >> 20} MiB"
    (series,) = workspace.store.list_series(runs=[run.id])
    assert series.count == points


def test_the_clock_set_back_changes_neither_order_nor_duration(workspace: Workspace) -> None:
    program = [sys.executable, "-S", str(_PROGRAMS / "set_the_clock_back.py")]
    source = str(Path(trackboard.__path__[0]).parent)
    subprocess.run(
        [*program, str(workspace.spool_folder)],
        env={**os.environ, "PYTHONPATH": source},
        check=True,
        timeout=PATIENCE_S,
    )
    workspace.drain()
    (run,) = workspace.store.list_runs()
    assert run.state is RunState.COMPLETED
    assert run.started_s is not None
    assert run.ended_s is not None
    assert 0.2 <= run.ended_s - run.started_s < 1000
    assert values_of(workspace, run.id, "n") == list(range(200))
    (series,) = workspace.store.list_series()
    times_s = workspace.store.read_points([series.id])[series.id].times_s
    assert times_s[0] - times_s[-1] == pytest.approx(3600, abs=1000), (
        "points keep the time they were told"
    )
