"""Handles of processes: proof of an end, and nothing less."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from trackboard.errors import InternalError
from trackboard.ports import WorkerState
from trackboard.targets.process import Process


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def test_a_process_that_lives(sleeper: subprocess.Popen[bytes]) -> None:
    process = Process.of(sleeper.pid)
    assert process.status().state is WorkerState.ALIVE
    assert Process.from_handle(process.handle()) == process


def test_a_zombie_is_gone(sleeper: subprocess.Popen[bytes]) -> None:
    process = Process.of(sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # ended, and nobody took notice
    assert process.status().state is WorkerState.GONE
    assert Process.of(sleeper.pid).status().state is WorkerState.GONE


def test_ended_and_reaped(sleeper: subprocess.Popen[bytes]) -> None:
    process = Process.of(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert process.status().state is WorkerState.GONE


def test_the_same_pid_again_is_another_process(sleeper: subprocess.Popen[bytes]) -> None:
    process = replace(Process.of(sleeper.pid), started="long ago")
    assert process.status().state is WorkerState.GONE
    process.end(0.0)
    assert sleeper.poll() is None  # it was left alone


def test_another_boot_is_proof_another_host_is_none(sleeper: subprocess.Popen[bytes]) -> None:
    process = Process.of(sleeper.pid)
    assert replace(process, boot="before").status().state is WorkerState.GONE
    elsewhere = replace(process, host="elsewhere", boot="other", pid=1)
    assert elsewhere.status().state is WorkerState.ALIVE
    elsewhere.end(0.0)  # not ours to end


def test_end_is_polite_first() -> None:
    code = """if True:
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        print("up", flush=True)
        time.sleep(600)"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        Process.of(process.pid).end(10.0)
        assert process.wait() == 7


def test_end_is_forceful_later() -> None:
    code = """if True:
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("up", flush=True)
        time.sleep(600)"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        Process.of(process.pid).end(0.1)
        assert process.wait() == -9
        Process.of(process.pid).end(0.1)  # may be repeated


@pytest.mark.parametrize("handle", ["", "{}", "[1]", "12345"])
def test_not_a_handle(handle: str) -> None:
    with pytest.raises(InternalError, match="not a handle"):
        Process.from_handle(handle)
