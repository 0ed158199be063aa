"""The first thing that a new user types."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.waiting import PATIENCE_S, until


def start_demo(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "trackboard", "demo", "--port", "0", *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def read_until(demo: subprocess.Popen[str], word: str) -> list[str]:
    assert demo.stdout is not None
    lines: list[str] = []
    for line in demo.stdout:
        lines.append(line)
        if word in line:
            return lines
    assert demo.stderr is not None
    pytest.fail(f"the demo ended without saying {word!r}: {lines} {demo.stderr.read()}")


def test_once_says_everything_in_order_and_has_checked_it(empty_folder: Path) -> None:
    demo = start_demo(empty_folder, "--once")
    said, errors = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 0, said + errors
    expected = [
        rf"history in   {empty_folder}/\.trackboard/demo",
        r"TensorBoard  http://localhost:\d+/",
        r"look at      mse: the ridge experiment.*",
        r"             accuracy: digits/run-1 on cpu-cluster, moving by itself",
        r"             Histograms and Graphs: .*",
        r"SIGKILL      after 20,000 points; read back: 20,000",
        r"log\(\)        takes \d+\.\d µs here \(median\)",
        r"checked      all of this is there over HTTP",
    ]
    lines = said.splitlines()
    assert len(lines) == len(expected), said
    for line, pattern in zip(lines, expected, strict=True):
        assert re.fullmatch(pattern, line), line
    assert len(errors.splitlines()) == 1, errors  # the new workspace announces itself, once
    assert [path.name for path in empty_folder.iterdir()] == [".trackboard"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stays_until_it_is_interrupted_and_leaves_nothing_running(
    empty_folder: Path, number: signal.Signals
) -> None:
    demo = start_demo(empty_folder)
    said = read_until(demo, "Ctrl-C ends it")
    port = int(re.findall(r"http://localhost:(\d+)/", "".join(said))[0])
    below = psutil.Process(demo.pid).children(recursive=True)
    assert below, "the board is a process of its own"
    demo.send_signal(number)
    rest = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 0, rest
    _, left = psutil.wait_procs(below, timeout=PATIENCE_S)
    assert not left
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    jobs = empty_folder / ".trackboard/demo/jobs"
    until(lambda: not list(jobs.glob("*/work")), "the job's working copy is left")
