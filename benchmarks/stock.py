"""The peer: stock `tensorboard --logdir`, with its default flags, as a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

# What its console script does.
_MAIN = "from tensorboard.main import run_main; run_main()"
_START_WITHIN_S = 60.0


@contextlib.contextmanager
def stock_tensorboard(logdir: Path, *, python: str = sys.executable) -> Iterator[str]:
    """Start it and wait for its first answer; yields the URL."""
    with spawn_stock(logdir, python=python) as (url, _):
        await_answer(f"{url}data/runs")
        yield url


@contextlib.contextmanager
def spawn_stock(
    logdir: Path, *, python: str = sys.executable
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start it; yields where it will answer, and the process."""
    port = free_port()
    process = subprocess.Popen(
        [python, "-c", _MAIN, "--logdir", str(logdir), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield f"http://localhost:{port}/", process
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its data server, too
        process.wait()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def await_answer(url: str) -> bytes:
    """Ask until there is an answer."""
    deadline_s = time.monotonic() + _START_WITHIN_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=_START_WITHIN_S) as answer:
                return bytes(answer.read())
        except OSError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.002)
