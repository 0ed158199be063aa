"""Many runs at once: until all of them are visible, and the memory for it. `python benchmarks/scale.py`

1,000 runs x 10 metrics x 1,000 points. For us: from the spawn of the board on the stored history until
/data/runs lists all runs and one answer has a tag's series of all runs up to their last step. Storing what
was logged happens once in a history's life; its time is said separately. The peer is `tensorboard --logdir`
with its default flags over the same points as event files, written by our export. Memory is the resident
size of the process and all its children, at its peak until then.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from report import Target, print_head, print_table, print_targets
from stock import await_answer, spawn_stock

from trackboard.service import LocalService
from trackboard.workspace import Workspace

METRICS, POINTS = 10, 1000
GIVE_UP_S = 180.0
TAG = "metric_3"


@dataclass(frozen=True)
class Seen:
    runs_s: float  # until /data/runs has all
    series_s: float  # until a tag's series of all runs are there to the end
    peak_bytes: int


def log_all(workspace: Workspace, runs: int) -> float:
    """Log everything as training scripts do; seconds."""
    values = np.random.default_rng(7).normal(size=POINTS).cumsum().tolist()
    recorder = workspace.recorder()
    begin = time.perf_counter()
    for number in range(runs):
        run = recorder.create_run("bench", name=f"run-{number:04d}")
        for step, value in enumerate(values):
            for metric in range(METRICS):
                run.log(f"metric_{metric}", value + metric, step)
        run.complete()
    recorder.close()
    return time.perf_counter() - begin


def timed(action: object) -> float:
    begin = time.perf_counter()
    action()  # type: ignore[operator]
    return time.perf_counter() - begin


@contextlib.contextmanager
def peak_of(pid: int) -> Iterator[list[int]]:
    """Watch the memory of a process and its children; the list holds the peak."""
    peak, stop = [0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.1):
            peak[0] = max(peak[0], tree_bytes(pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def tree_bytes(pid: int) -> int:
    with contextlib.suppress(psutil.NoSuchProcess):
        top = psutil.Process(pid)
        return sum(each.memory_info().rss for each in [top, *top.children(recursive=True)])
    return 0


def see_all(url: str, pid: int, runs: int, begin: float) -> Seen:
    """Ask until everything is visible."""
    with peak_of(pid) as peak:
        while len(json.loads(await_answer(f"{url}data/runs"))) < runs:
            check_time(begin)
            time.sleep(0.05)
        runs_s = time.perf_counter() - begin
        while complete_series(url) < runs:
            check_time(begin)
            time.sleep(0.1)
        series_s = time.perf_counter() - begin
        time.sleep(0.3)
    return Seen(runs_s, series_s, peak[0])


def check_time(begin: float) -> None:
    if time.perf_counter() - begin > GIVE_UP_S:
        raise SystemExit(f"not all is visible after {GIVE_UP_S:.0f} s")


def complete_series(url: str) -> int:
    """How many runs' series of one tag are there up to the last step."""
    requests = json.dumps([{"plugin": "scalars", "tag": TAG}])
    body = urllib.parse.urlencode({"requests": requests}).encode()
    try:
        with urllib.request.urlopen(f"{url}data/plugin/timeseries/timeSeries", body) as answer:
            (found,) = json.load(answer)
    except urllib.error.HTTPError:  # the peer, before it knows the tag
        return 0
    series = found.get("runToSeries", {}).values()
    return sum(points[-1]["step"] == POINTS - 1 for points in series)


def see_ours(folder: Path, runs: int) -> Seen:
    from trackboard.board.process.launcher import BoardProcess
    from trackboard.board.process.options import Show

    begin = time.perf_counter()
    board = BoardProcess.start(Show(workspace=folder), port=0)
    try:
        return see_all(board.url, board._child.pid, runs, begin)
    finally:
        board.stop()


def see_peer(logs: Path, runs: int) -> Seen:
    begin = time.perf_counter()
    with spawn_stock(logs) as (url, process):
        return see_all(url, process.pid, runs, begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    runs = parser.parse_args().runs
    print_head(
        f"{runs:,} runs x {METRICS} metrics x {POINTS:,} points until all is visible",
        *("trackboard", "tensorboard", "tensorboard-data-server"),
    )
    points = runs * METRICS * POINTS
    with tempfile.TemporaryDirectory() as name:
        logs = Path(name, "logs")
        with contextlib.redirect_stderr(io.StringIO()):
            workspace = Workspace.open(name)
        steps = [("logged by one process", log_all(workspace, runs))]
        steps.append(("stored (ingest)", timed(workspace.drain)))
        size = sum(path.stat().st_size for path in workspace.folder.glob("trackboard.db*"))
        ids = [run.id for run in workspace.store.list_runs()]
        steps.append(
            (
                "exported to event files",
                timed(
                    lambda: LocalService(workspace).transfer.export_event_files(
                        ids, logs, recursive=True, report=lambda _: None
                    )
                ),
            )
        )
        workspace.close()
        os.sync()  # what was written must not disturb what is measured
        ours, peer = see_ours(workspace.folder, runs), see_peer(logs, runs)
        written = sum(path.stat().st_size for path in logs.rglob("*tfevents*"))
    print_table(
        ["before", "s", "points/s"],
        [[what, f"{spent:.1f}", f"{points / spent:,.0f}"] for what, spent in steps],
    )
    rows = [row("trackboard", ours, size), row("tensorboard --logdir", peer, written)]
    print_table(["way", "all runs s", "all series s", "peak MB", "on disk MB"], rows)
    print_targets(
        [
            Target("time, tensorboard = 1", ours.series_s / peer.series_s, 0.25),
            Target("memory, tensorboard = 1", ours.peak_bytes / peer.peak_bytes, 0.3),
        ]
    )


def row(name: str, seen: Seen, size_bytes: int) -> list[str]:
    megabytes = [f"{each / 1e6:,.0f}" for each in (seen.peak_bytes, size_bytes)]
    return [name, f"{seen.runs_s:.2f}", f"{seen.series_s:.2f}", *megabytes]


if __name__ == "__main__":
    main()
