"""From the return of `log()` to the HTTP answer that contains the point. `python benchmarks/freshness.py`

A process logs a point at a random moment and says when `log()` returned. We ask at once, and again until
an answer contains the point: POST data/plugin/timeseries/timeSeries, what TensorBoard's page asks for.
The board is a process of its own, started by `azureml.tensorboard.Tensorboard`. In the second part 16 more
processes log as fast as they can, into the same workspace. The peer is `tensorboard --logdir` with its
default flags on an event file to which every point is written at once (tensorboardX's `flush()` does not
wait for its queue).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from report import Target, print_head, print_table, print_targets
from stock import stock_tensorboard

from trackboard.eventfile import encode

if TYPE_CHECKING:
    from azureml.core import Run

PROBES = 50
PEER_PROBES = 5
FLAT_OUT = 16
GIVE_UP_S = 60.0
TAG = "probe"
LIMIT_S = 0.3


@dataclass
class Prober:
    """A process that logs one point when it is told to."""

    process: subprocess.Popen[str]

    def log(self, number: int) -> float:
        """Log a point; the moment when `log()` had returned."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


@contextlib.contextmanager
def other_process(kind: str, folder: Path) -> Iterator[Prober]:
    """This script in another process; it ends with us, as its input does."""
    words = [sys.executable, __file__, "--other", kind, "--folder", str(folder)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield Prober(process)
    finally:
        process.kill()
        process.communicate()


def run_other(kind: str, folder: Path) -> None:
    if kind == "peer":
        file = (folder / "events.out.tfevents.1.bench").open("wb", buffering=0)
        file.write(encode.header(time.time()))

        def log(number: int) -> None:
            step, now_s = np.array([number]), np.array([time.time()])
            file.write(b"".join(encode.scalars(TAG, step, now_s, step.astype(np.float32))))
    else:
        run = begin_run(folder)

        def log(number: int) -> None:
            run.log(TAG if kind == "probe" else "loss", float(number), step=number)

    log(0)
    print("ready", flush=True)
    if kind == "flat-out":
        for number in itertools.count():
            log(number)
    for line in sys.stdin:
        log(int(line))
        print(time.monotonic(), flush=True)  # one clock for all processes of a machine


def begin_run(folder: Path) -> Run:
    from azureml.core import Experiment, Workspace

    os.chdir(folder)
    with contextlib.redirect_stderr(io.StringIO()):
        workspace = Workspace.from_config()
    return Experiment(workspace, "bench").start_logging()


def steps_at(url: str) -> set[int]:
    """Ask for the series as TensorBoard's page does; the steps of all its points."""
    requests = json.dumps([{"plugin": "scalars", "tag": TAG}])
    body = urllib.parse.urlencode({"requests": requests}).encode()
    try:
        with urllib.request.urlopen(
            f"{url}data/plugin/timeseries/timeSeries", body, timeout=GIVE_UP_S
        ) as answer:
            found = json.load(answer)
    except urllib.error.HTTPError:  # the peer, before it knows the tag
        return set()
    series = found[0].get("runToSeries", {})
    return {point["step"] for points in series.values() for point in points}


def probe(url: str, prober: Prober, probes: int) -> list[float]:
    """Seconds from the return of `log()` to the end of the first answer with the point."""
    spent = []
    for number in range(1, probes + 1):
        time.sleep(random.uniform(0.0, 0.3))
        logged = prober.log(number)
        while number not in steps_at(url):
            if time.monotonic() - logged > GIVE_UP_S:
                break
            time.sleep(0.001)
        spent.append(time.monotonic() - logged)
    return spent


@contextlib.contextmanager
def our_board(folder: Path) -> Iterator[str]:
    from azureml.tensorboard import Tensorboard

    board = Tensorboard([], port=0)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.chdir(folder):
        url = board.start()
    try:
        yield url
    finally:
        board.stop()


def measure_ours(probes: int, flat_out: int) -> tuple[list[float], float]:
    """The probes, and how many points a second the other processes logged meanwhile."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as opened:
        folder = Path(name)
        prober = opened.enter_context(other_process("probe", folder))
        url = opened.enter_context(our_board(folder))
        for _ in range(flat_out):
            opened.enter_context(other_process("flat-out", folder))
        begin, before = time.monotonic(), spooled(folder)
        spent = probe(url, prober, probes)
        return spent, (spooled(folder) - before) / (time.monotonic() - begin)


def spooled(folder: Path) -> float:
    """Points in the spools of writers that live, about."""
    return sum(path.stat().st_size for path in folder.glob(".trackboard/*/spool/*/*.seg")) / 48


def measure_peer(probes: int) -> list[float]:
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as opened:
        prober = opened.enter_context(other_process("peer", Path(name)))
        url = opened.enter_context(stock_tensorboard(Path(name)))
        while not steps_at(url):
            time.sleep(0.05)
        return probe(url, prober, probes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--other", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--probes", type=int, default=PROBES)
    parser.add_argument("--peer-probes", type=int, default=PEER_PROBES)
    parser.add_argument("--flat-out", type=int, default=FLAT_OUT)
    given = parser.parse_args()
    if given.other:
        run_other(given.other, given.folder)
        return
    print_head(
        "From the return of log() to the HTTP answer that contains the point",
        *("trackboard", "tensorboard"),
    )
    alone, _ = measure_ours(given.probes, 0)
    beside, speed = measure_ours(given.probes, given.flat_out)
    rows = [row("trackboard", alone)]
    rows.append(row(f"trackboard, {given.flat_out} flat-out writers ({speed:,.0f}/s)", beside))
    if given.peer_probes:
        rows.append(row("tensorboard --logdir", measure_peer(given.peer_probes)))
    print_table(["way", "probes", "median s", "worst s"], rows)
    print_targets(
        [
            Target("worst probe", max(alone), LIMIT_S, "s"),
            Target(
                f"worst probe beside {given.flat_out} flat-out writers", max(beside), LIMIT_S, "s"
            ),
        ]
    )


def row(name: str, spent: list[float]) -> list[str]:
    return [name, str(len(spent)), f"{np.median(spent):.4f}", f"{max(spent):.4f}"]


if __name__ == "__main__":
    main()
