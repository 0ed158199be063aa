"""Handles of processes: proof of an end, and nothing less."""

import json
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


def test_an_earlier_boot_of_this_machine_is_proof(sleeper: subprocess.Popen[bytes]) -> None:
    earlier = replace(Process.of(sleeper.pid), boot="before", machine="m")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trackboard.targets.process.machine_id", lambda: "m")
        status = earlier.status(is_local=True)
        assert (status.state, status.cause) == (
            WorkerState.GONE,
            "the machine restarted while it ran",
        )
        assert earlier.status(is_local=False).state is WorkerState.ALIVE
    earlier.end(0.0)
    assert sleeper.poll() is None


@pytest.mark.parametrize(
    "other",
    [
        {"boot": "other"},  # another machine of the same name, or a handle of an earlier version
        {"boot": "other", "machine": "other"},
        {"boot": "other", "host": "elsewhere"},
        {"boot": ""},  # a system that does not tell
        {"namespace": "pid:[1]"},  # a container on this kernel: its numbers are its own
        {"boot": "other", "namespace": "pid:[1]"},
    ],
)
@pytest.mark.parametrize("is_local", [True, False])
def test_what_another_machine_runs_is_not_known_here(
    sleeper: subprocess.Popen[bytes], other: dict[str, str], is_local: bool
) -> None:
    process = replace(Process.of(sleeper.pid), started="long ago", machine="m")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trackboard.targets.process.machine_id", lambda: "another")
        elsewhere = replace(process, **other)  # type: ignore[arg-type]
        assert elsewhere.status(is_local=is_local).state is WorkerState.ALIVE
        elsewhere.end(0.0)  # not ours to end
    assert sleeper.poll() is None


def test_a_machine_that_was_renamed_knows_its_processes(sleeper: subprocess.Popen[bytes]) -> None:
    renamed = replace(Process.of(sleeper.pid), host="former")
    assert renamed.status().state is WorkerState.ALIVE
    assert replace(renamed, started="long ago").status().state is WorkerState.GONE


def test_a_handle_of_an_earlier_version(sleeper: subprocess.Popen[bytes]) -> None:
    said = json.loads(Process.of(sleeper.pid).handle())
    old = json.dumps({name: said[name] for name in ("host", "boot", "pid", "started")})
    assert Process.from_handle(old).status().state is WorkerState.ALIVE
    new = json.dumps({**said, "news": "of tomorrow"})
    assert Process.from_handle(new) == Process.of(sleeper.pid)


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
