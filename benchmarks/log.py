"""What `log()` costs, beside the floor and the peer. `python benchmarks/log.py`

The floor is one `os.write` of 24 bytes (step, time, value) to a file opened with O_APPEND: less cannot be
done if the point shall survive the process's death. All ways are timed by the same loops, in turns.
"Until durable": the bytes are the kernel's, so that SIGKILL takes nothing back; for tensorboardX, whose
thread writes later, the clock runs until `close()` has returned.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from report import Target, print_head, print_table, print_targets

CALLS = 20_000  # a round
PEER_CALLS = 2_000
ROUNDS = 15
PROCESSES = 16
RECORD = bytes(24)

Log = Callable[[], object]
Way = Callable[[Path], "contextlib.AbstractContextManager[tuple[Log, Log]]"]  # (log, until durable)


@contextlib.contextmanager
def floor(folder: Path) -> Iterator[tuple[Log, Log]]:
    fd = os.open(folder / f"floor-{os.getpid()}", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    yield functools.partial(os.write, fd, RECORD), lambda: None
    os.close(fd)


@contextlib.contextmanager
def facade(folder: Path) -> Iterator[tuple[Log, Log]]:
    from azureml.core import Experiment, Workspace

    os.chdir(folder)
    with contextlib.redirect_stderr(io.StringIO()):
        workspace = Workspace.from_config()
    run = Experiment(workspace, "bench").start_logging()
    yield functools.partial(run.log, "loss", 0.25), lambda: None
    run.complete()
    workspace._service.recorder().close()


@contextlib.contextmanager
def native(folder: Path) -> Iterator[tuple[Log, Log]]:
    from trackboard.record import get_recorder

    recorder = get_recorder(folder / "native" / "spool")
    run = recorder.create_run("bench")
    yield functools.partial(run.log, "loss", 0.25), lambda: None
    run.complete()
    recorder.close()


@contextlib.contextmanager
def peer(folder: Path) -> Iterator[tuple[Log, Log]]:
    from tensorboardX import SummaryWriter

    place = str(folder / f"peer-{os.getpid()}")
    writer, steps = SummaryWriter(place), itertools.count()

    def log() -> None:
        writer.add_scalar("loss", 0.25, next(steps))

    def until_durable() -> None:
        nonlocal writer
        writer.close()  # its flush() does not wait for its queue
        writer = SummaryWriter(place, filename_suffix=f".{next(steps)}")

    yield log, until_durable
    writer.close()


WAYS: dict[str, Way] = {
    "floor: os.write of 24 bytes": floor,
    "azureml Run.log": facade,
    "trackboard LiveRun.log": native,
    "tensorboardX add_scalar": peer,
}


def calls_of(name: str) -> int:
    return PEER_CALLS if WAYS[name] is peer else CALLS


def time_each(log: Log, calls: int) -> list[float]:
    """p50 and p99 of single calls, in microseconds."""
    clock = time.perf_counter_ns
    spent = [0] * calls
    for call in range(calls):
        begin = clock()
        log()
        spent[call] = clock() - begin
    return [float(np.percentile(spent, share)) / 1e3 for share in (50, 99)]


def speed(log: Log, until_durable: Log, calls: int) -> float:
    """Points a second of a loop that does nothing else."""
    begin = time.perf_counter()
    for _ in itertools.repeat(None, calls):
        log()
    until_durable()
    return calls / (time.perf_counter() - begin)


def measure_one_process(folder: Path) -> dict[str, list[float]]:
    """p50, p99 and points a second of each way: medians of rounds, the ways in turns."""
    rounds: dict[str, list[list[float]]] = {name: [] for name in WAYS}
    with contextlib.ExitStack() as opened:
        ways = {name: opened.enter_context(way(folder)) for name, way in WAYS.items()}
        for _ in range(ROUNDS):
            for name, (log, until_durable) in ways.items():
                each = time_each(log, calls_of(name))
                until_durable()
                rounds[name].append([*each, speed(log, until_durable, calls_of(name))])
    return {name: np.median(found, axis=0).tolist() for name, found in rounds.items()}


def measure_many(name: str, folder: Path, seconds: float) -> float:
    """Points a second of 16 processes at once; an error of any of them is raised."""
    words = [sys.executable, __file__, "--writer", name, "--folder", str(folder)]
    with contextlib.ExitStack() as opened:
        writers = [
            opened.enter_context(
                subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(PROCESSES)
        ]
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()
        begin = time.monotonic() + 0.2
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write(f"{begin} {begin + seconds}\n")
            writer.stdin.flush()
        counts = [int(writer.communicate()[0]) for writer in writers]
        if any(writer.returncode for writer in writers):
            raise SystemExit(f"a writer failed: {[writer.returncode for writer in writers]}")
    if WAYS[name] is facade:
        check_all_there(folder, sum(counts))
    return sum(counts) / seconds


def run_writer(name: str, folder: Path) -> None:
    """One of many processes: log until the end that the starter names, then say how often."""
    with WAYS[name](folder) as (log, until_durable):
        log()
        print("ready", flush=True)
        begin, end = map(float, sys.stdin.readline().split())
        while time.monotonic() < begin:
            time.sleep(0.001)
        count = 1
        while time.monotonic() < end:
            for _ in itertools.repeat(None, 50):
                log()
            count += 50
        until_durable()
    print(count)


def check_all_there(folder: Path, count: int) -> None:
    """Read everything back; whatever the processes logged must be there."""
    from trackboard.workspace import Workspace

    with contextlib.closing(Workspace.open(folder)) as workspace:
        workspace.drain()
        stored = sum(series.count for series in workspace.store.list_series())
    if stored != count:
        raise SystemExit(f"{count:,} points were logged and {stored:,} are stored")


def measure_sixteen(seconds: float) -> dict[str, float]:
    names = [name for name, way in WAYS.items() if way in (floor, facade)]
    rounds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(3):
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                rounds[name].append(measure_many(name, Path(folder), seconds))
    return {name: float(np.median(speeds)) for name, speeds in rounds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writer", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each run of 16 processes")
    given = parser.parse_args()
    if given.writer:
        run_writer(given.writer, given.folder)
        return
    print_head("log(): what it costs the training loop", "trackboard", "tensorboardX", "numpy")
    with tempfile.TemporaryDirectory() as folder:
        alone = measure_one_process(Path(folder))
    many = measure_sixteen(given.seconds)
    base = next(iter(alone.values()))
    rows = []
    for name, (p50, p99, per_s) in alone.items():
        together = f"{many[name]:,.0f}" if name in many else ""
        ratios = [f"{p50 / base[0]:.2f}", f"{p99 / base[1]:.2f}", f"{per_s / base[2]:.2f}"]
        rows.append([name, f"{p50:.2f}", f"{p99:.2f}", f"{per_s:,.0f}", *ratios, together])
    head = ["way", "p50 us", "p99 us", "points/s", "p50 x", "p99 x", "points/s x"]
    print_table([*head, f"points/s of {PROCESSES}"], rows)
    ours, sixteen = alone["azureml Run.log"], list(many.values())
    print_targets(
        [
            Target("p50 of Run.log, floor = 1", ours[0] / base[0], 2.5),
            Target("p99 of Run.log, floor = 1", ours[1] / base[1], 10),
            Target("points/s of Run.log, floor = 1", ours[2] / base[2], 0.4, at_least=True),
            Target("the same, 16 processes at once", sixteen[1] / sixteen[0], 0.3, at_least=True),
        ]
    )


if __name__ == "__main__":
    main()
