"""What detaches itself is found and ended; in a process of its own, as that adopts everything."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.requires("linux")

_ADOPT = """
import os, signal, subprocess, sys, time
from trackboard.launch.processes.orphan_reaper import adopt_orphans, end_orphans, reap_orphans
from trackboard.launch.processes.process_table import list_members, list_processes

adopt_orphans()

def detach(code):
    "As daemons do: two forks, and a session between them."
    program = "import os, signal, sys, time\\nif os.fork(): os._exit(0)\\nos.setsid()\\n"
    program += f"if os.fork(): os._exit(0)\\n{code}"
    subprocess.run([sys.executable, "-c", program], check=True)

def wait_for(condition):
    deadline_s = time.monotonic() + 100
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)

"""


@pytest.mark.parametrize(
    "daemon",
    [
        "time.sleep(600)",
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)",
        "os.kill(os.getpid(), signal.SIGSTOP)",
    ],
)
def test_a_daemon_is_ended(daemon: str, leaves_no_process: None) -> None:  # noqa: ARG001
    _run(
        f"detach({daemon!r})\n"
        "wait_for(lambda: list_members((), orphans=True))\n"
        "time.sleep(0.2)  # it has done what it does by then\n"
        "assert end_orphans(0.1)\n"
        "assert not list_members((), orphans=True)\n"
        "assert not end_orphans(0.1)\n"
    )


def test_those_that_end_by_themselves_are_reaped(leaves_no_process: None) -> None:  # noqa: ARG001
    _run(
        "own = subprocess.Popen(['true'])\n"
        "for _ in range(3): detach('os._exit(0)')\n"
        "below = lambda: [p for p in list_processes().values() if p.parent == os.getpid()]\n"
        "# of each, who made the session and who detached from that\n"
        "wait_for(lambda: len(below()) == 7 and all(process.has_ended for process in below()))\n"
        "reap_orphans({own.pid})\n"
        "assert own.wait() == 0\n"
        "reap_orphans({own.pid})\n"
        "assert below() == []\n"
    )


def _run(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ADOPT + code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
