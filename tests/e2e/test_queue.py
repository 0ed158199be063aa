"""The queue of a cluster, with real workers: order, slots, and nobody who watches over it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.waiting import PATIENCE_S
from tests.workspaces import api

from trackboard.launch.queue.queue import advance_queue, cancel
from trackboard.model import Compute, Distribution, Launcher, RunId, RunState

if TYPE_CHECKING:
    from tests.e2e.conftest import Jobs

_PAIR = Distribution(Launcher.PYTORCH, processes=2, nodes=2)


def _most_at_once(notes: Path) -> int:
    at_once, most = 0, 0
    for line in notes.read_text().splitlines():
        at_once += 1 if line[0] == "+" else -1
        most = max(most, at_once)
    assert at_once == 0
    return most


def _notes(path: Path, seconds: float) -> str:
    """A script that notes when it began and ended."""
    return f"""if True:
        import os, sys, time
        def note(what):
            fd = os.open({str(path)!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(fd, f"{{what}} {{sys.argv[1]}}\\n".encode())
        note("+")
        time.sleep({seconds})
        note("-")"""


def _waits_for(path: Path, before: str = "") -> str:
    return f"import os, time\n{before}\nwhile not os.path.exists({str(path)!r}): time.sleep(0.02)\n"


def _cluster(slots: int, name: str = "cpu-cluster") -> Compute:
    return Compute(name, "AmlCompute", "STANDARD_D2_V2", 0, slots, 1800, 0.0, {})


def test_eight_jobs_on_two_slots_some_of_two_nodes(jobs: Jobs, tmp_path: Path) -> None:
    """Each job notes when it began and ended; nobody but finishing workers advances the queue."""
    jobs.add_compute("cpu-cluster", 2)
    notes = tmp_path / "notes"
    script = _notes(notes, 0.3)
    runs = [
        jobs.submit(
            script,
            str(number),
            compute="cpu-cluster",
            distribution=_PAIR if number in (2, 5) else None,
        )
        for number in range(8)
    ]
    assert jobs.run(runs[7]).state is RunState.QUEUED
    assert jobs.wait(*runs).state is RunState.COMPLETED
    assert {jobs.run(run).state for run in runs} == {RunState.COMPLETED}
    assert _most_at_once(notes) == 2  # each rank of a pair notes for itself
    began = [line.split()[1] for line in notes.read_text().splitlines() if line[0] == "+"]
    assert sorted(began) == sorted("0122345567")
    assert jobs.started_at(*runs) == sorted(jobs.started_at(*runs))


def test_a_large_job_is_not_overtaken(jobs: Jobs, tmp_path: Path) -> None:
    jobs.add_compute("cpu-cluster", 2)
    go_on = tmp_path / "go-on"
    first = jobs.submit(_waits_for(go_on), compute="cpu-cluster")
    large = jobs.submit("", compute="cpu-cluster", distribution=_PAIR)
    small = jobs.submit("", compute="cpu-cluster")
    assert advance_queue(jobs.launch_context) == ()  # one slot is free, and kept free
    assert [jobs.run(run).state for run in (large, small)] == [RunState.QUEUED] * 2
    go_on.touch()
    jobs.wait(first, large, small)
    assert jobs.started_at(large, small) == sorted(jobs.started_at(large, small))


def test_larger_and_smaller_at_once(jobs: Jobs, tmp_path: Path) -> None:
    jobs.add_compute("cpu-cluster", 1)
    go_on = tmp_path / "go-on"
    script = _waits_for(go_on)
    runs = [jobs.submit(script, compute="cpu-cluster") for _ in range(4)]
    jobs.workspace.store.set_compute(_cluster(3))
    assert advance_queue(jobs.launch_context) == (runs[1], runs[2])
    jobs.workspace.store.set_compute(_cluster(1))
    go_on.touch()
    assert jobs.wait(*runs).state is RunState.COMPLETED


def test_too_small_for_one_that_waits(jobs: Jobs, tmp_path: Path) -> None:
    """It stays where it is, those behind it go on, and it runs once there is room for it again."""
    jobs.add_compute("cpu-cluster", 2)
    go_on = tmp_path / "go-on"
    first = jobs.submit(_waits_for(go_on), compute="cpu-cluster")
    large = jobs.submit("", compute="cpu-cluster", distribution=_PAIR)
    small = jobs.submit("", compute="cpu-cluster")
    jobs.workspace.store.set_compute(_cluster(1))
    go_on.touch()
    assert jobs.wait(first, small).state is RunState.COMPLETED
    assert jobs.run(large).state is RunState.QUEUED
    jobs.workspace.store.set_compute(_cluster(2))
    assert advance_queue(jobs.launch_context) == (large,)
    assert jobs.wait(large).state is RunState.COMPLETED


def test_each_slot_has_its_gpu(jobs: Jobs, tmp_path: Path) -> None:
    """Of those that the client may see; where there are fewer than slots, they are shared."""
    jobs.add_compute("gpu-cluster", 3)
    go_on = tmp_path / "go-on"
    script = _waits_for(go_on, "print(os.environ['CUDA_VISIBLE_DEVICES'])")
    runs = [
        jobs.submit(script, compute="gpu-cluster", CUDA_VISIBLE_DEVICES="4,5") for _ in range(3)
    ]
    jobs.until(lambda: all(jobs.console(run) for run in runs))
    go_on.touch()
    assert jobs.wait(*runs).state is RunState.COMPLETED
    assert [jobs.console(run) for run in runs] == ["4\n", "5\n", "4\n"]
    hidden = jobs.submit(script, compute="gpu-cluster", CUDA_VISIBLE_DEVICES="")
    alone = jobs.submit(script, CUDA_VISIBLE_DEVICES="4,5")  # local: nothing is shared out
    jobs.wait(hidden, alone)
    assert [jobs.console(hidden), jobs.console(alone)] == ["\n", "4,5\n"]


def test_cancel_while_it_waits(jobs: Jobs, tmp_path: Path) -> None:
    jobs.add_compute("one", 1)
    first = jobs.submit(_waits_for(tmp_path / "go-on"), compute="one")
    second = jobs.submit("print('never')", compute="one")
    cancel(jobs.launch_context, second)
    assert jobs.run(second).state is RunState.CANCELED
    (tmp_path / "go-on").touch()
    assert jobs.wait(first).state is RunState.COMPLETED
    assert jobs.console(second) == ""


def test_cancel_at_once(jobs: Jobs, tmp_path: Path) -> None:
    """The worker is on its way by then, or its script has begun on a busy machine."""
    ended = tmp_path / "ended"
    runs = []
    for _ in range(5):
        runs.append(jobs.submit(f"import time\ntime.sleep(600)\nopen({str(ended)!r}, 'w')"))
        cancel(jobs.launch_context, runs[-1])
    jobs.wait(*runs)
    assert {jobs.run(run).state for run in runs} == {RunState.CANCELED}
    assert not ended.exists()


def test_starter_killed_between_claim_and_start(jobs: Jobs) -> None:
    jobs.add_compute("none-yet", 0)
    run = jobs.submit("print('late')", compute="none-yet")
    assert jobs.workspace.store.claim_job("none-yet") is not None  # and nothing comes of it
    jobs.workspace.store.set_compute(_cluster(1, "none-yet"))
    assert advance_queue(jobs.launch_context) == (run,)
    assert jobs.wait(run).state is RunState.COMPLETED


@pytest.mark.long
def test_many_advance_it_at_once(jobs: Jobs, tmp_path: Path) -> None:
    jobs.add_compute("two", 0)
    notes = tmp_path / "notes"
    script = _notes(notes, 0.1)
    runs = [jobs.submit(script, str(n), compute="two") for n in range(6)]
    jobs.workspace.store.set_compute(_cluster(2, "two"))
    program = f"""if True:
        from trackboard.workspace import Workspace
        workspace = Workspace.open({str(jobs.workspace.folder)!r})
        for _ in range(20):
            workspace.jobs.advance_queue()"""
    processes = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(4)]
    assert [process.wait(timeout=PATIENCE_S) for process in processes] == [0] * 4
    jobs.wait(*runs)
    assert {jobs.run(run).state for run in runs} == {RunState.COMPLETED}
    assert sorted(notes.read_text().split()[1::2]) == sorted("001122334455")  # each exactly once
    assert _most_at_once(notes) <= 2
    assert jobs.started_at(*runs) == sorted(jobs.started_at(*runs))


def test_the_client_is_killed(jobs: Jobs, tmp_path: Path) -> None:
    """A notebook's kernel is killed: what it queued runs, in order."""
    jobs.add_compute("one", 1)
    notes = tmp_path / "notes"
    (jobs.source / "train.py").write_text(_notes(notes, 0.1))
    client = f"""if True:
        import os, signal
        from pathlib import Path
        from trackboard.launch.request import Request
        from trackboard.workspace import Workspace
        workspace = Workspace.open({str(jobs.workspace.folder)!r})
        for number in range(3):
            request = Request("demo", Path({str(jobs.source)!r}), "train.py", [number], compute="one")
            print(workspace.jobs.submit(request), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)"""
    killed = subprocess.run(
        [sys.executable, "-c", client],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert killed.returncode == -signal.SIGKILL
    runs = [RunId(line) for line in killed.stdout.split()]
    assert jobs.wait(*runs).state is RunState.COMPLETED
    assert notes.read_text().split() == ["+", "0", "-", "0", "+", "1", "-", "1", "+", "2", "-", "2"]


def test_the_client_is_killed_while_it_queues(jobs: Jobs) -> None:
    """Between the run and its place in the queue, which are not one transaction."""
    (jobs.source / "train.py").write_text("print('late')")
    client = f"""if True:
        import os, signal
        from pathlib import Path
        from trackboard.launch.request import Request
        from trackboard.workspace import Workspace
        workspace = Workspace.open({str(jobs.workspace.folder)!r})
        workspace.store.add_job = lambda _job: os.kill(os.getpid(), signal.SIGKILL)
        workspace.jobs.submit(Request("demo", Path({str(jobs.source)!r}), "train.py"))"""
    killed = subprocess.run([sys.executable, "-c", client], check=False, timeout=PATIENCE_S)
    assert killed.returncode == -signal.SIGKILL
    (run,) = api(jobs.workspace).runs()
    assert run.state is RunState.QUEUED
    assert advance_queue(jobs.launch_context) == (run.id,)
    assert jobs.wait(run.id).state is RunState.COMPLETED
    assert jobs.console(run.id) == "late\n"


def test_the_machine_restarts(jobs: Jobs, tmp_path: Path) -> None:
    """All processes are gone, and the kernel is another one: what waited waits, what ran has failed."""
    jobs.add_compute("one", 1)
    running = jobs.submit(_waits_for(tmp_path / "never", "print('up')"), compute="one")
    waiting = jobs.submit("", compute="one")
    jobs.until(lambda: "up" in jobs.console(running))
    _restart(jobs, running)
    assert jobs.run(waiting).state is RunState.QUEUED
    jobs.until(lambda: advance_queue(jobs.launch_context) == (waiting,))
    failed = jobs.run(running)
    assert failed.state is RunState.FAILED
    assert "the machine restarted while it ran" in failed.cause
    assert jobs.wait(waiting).state is RunState.COMPLETED


def _restart(jobs: Jobs, run: RunId) -> None:
    """End a worker as the machine's end does; what names its boot names an earlier one from now on."""
    jobs.worker(run).kill()
    handle = jobs.workspace.folder / "jobs" / run / "handle"
    handle.write_text(json.dumps(json.loads(handle.read_text()) | {"boot": "earlier"}))
    for alive in jobs.workspace.spool_folder.glob("*/alive"):
        writer = json.loads(alive.read_text())
        if writer["pid"] != os.getpid():
            alive.write_text(json.dumps(writer | {"boot": "earlier"}))
