"""The table of processes, and who of them is a job's."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from tests.waiting import until

from trackboard.launch.processes.process_table import list_members, list_processes, measure_memory

_CHILDREN = """if True:
    import subprocess, sys
    near = subprocess.Popen(["sleep", "600"])
    far = subprocess.Popen(["sleep", "600"], start_new_session=True)
    print(near.pid, far.pid, flush=True)
    near.wait()"""

Start = Callable[[str], tuple[int, list[int]]]


@pytest.fixture
def start(leaves_no_process: None) -> Iterator[Start]:  # noqa: ARG001
    """Starts a program in a group of its own; its pid, and the numbers that it prints first."""
    started: list[tuple[subprocess.Popen[str], list[int]]] = []

    def start(code: str) -> tuple[int, list[int]]:
        process = subprocess.Popen(
            [sys.executable, "-c", code], process_group=0, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        numbers = [int(word) for word in process.stdout.readline().split()]
        started.append((process, numbers))
        return process.pid, numbers

    yield start
    for process, children in started:
        for pid in (*children, process.pid):
            os.kill(pid, signal.SIGKILL)
        process.communicate()


def test_this_process() -> None:
    process = list_processes()[os.getpid()]
    assert (process.parent, process.group) == (os.getppid(), os.getpgrp())
    assert not process.has_ended


def test_one_that_has_ended() -> None:
    with subprocess.Popen(["true"]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert list_processes()[process.pid].has_ended


def test_members_are_the_group_and_all_below(start: Start) -> None:
    pid, children = start(_CHILDREN)
    assert list_members({pid}) == {pid, *children}
    assert list_members({pid}, spare={children[1]}) == {pid, children[0]}
    assert list_members(()) == set()
    assert {pid, *children} <= list_members((), orphans=True)


def test_workers_of_other_jobs_are_left_out(start: Start) -> None:
    """A script that asks for the state of a run may start the worker of another job."""
    code = """if True:
        import subprocess, sys, time
        command = [sys.executable, "-c", "import time; time.sleep(600)", "-m"]
        other = subprocess.Popen([*command, "trackboard", "worker", "run"], start_new_session=True)
        print(other.pid, flush=True)
        time.sleep(600)"""
    pid, (worker,) = start(code)
    until(lambda: worker not in list_members({pid}))  # it is more than a fork
    assert list_members({pid}) == {pid}


def test_memory(start: Start) -> None:
    code = "data = b'x' * 50_000_000; print(flush=True); import time; time.sleep(600)"
    pid, _ = start(code)
    assert 50_000_000 < measure_memory([pid], 1 << 40) < 200_000_000


@pytest.mark.requires("linux")
def test_what_is_shared_counts_once(start: Start) -> None:
    code = """if True:
        import os, time
        data = b"x" * 100_000_000
        pids = [os.fork()]
        pids += [os.fork()] if all(pids) else []
        if all(pids):
            time.sleep(0.2)
            print(*pids, flush=True)
        time.sleep(600)"""
    pid, children = start(code)
    pids = list_members({pid})
    assert measure_memory(pids, 1 << 40) > 200_000_000
    assert measure_memory(pids, 200_000_000) < 200_000_000
    assert {pid, *children} <= pids


def test_memory_of_nobody() -> None:
    assert measure_memory([], 0) == 0
