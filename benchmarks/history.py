"""A long series into arrays, beside reading as many bytes raw. `python benchmarks/history.py`

The history of one series of 100,000 points, logged by a training script and stored: steps, times and values
as arrays. The floor reads 2.4 MB (24 bytes a point) from a file in the page cache into an array. The arrays
are kept, as by somebody who wants them: each round fills new memory. The column "reused" drops them at once,
so that the same memory, still in the processor's cache, is filled again: then the floor is a mere copy.
The peer is TensorBoard's own reader of event files, on the same points exported, all of them kept.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from report import Target, print_head, print_table, print_targets

from trackboard.model import RunId
from trackboard.service import LocalService
from trackboard.workspace import Workspace

ROUNDS = 31


def log_series(workspace: Workspace, points: int) -> RunId:
    """A loss curve with noise, a step each, and times as they come."""
    generator = np.random.default_rng(7)
    values = (
        np.exp(-np.arange(points) / points) + generator.normal(scale=0.05, size=points)
    ).tolist()
    recorder = workspace.recorder()
    run = recorder.create_run("bench")
    for step, value in enumerate(values):
        run.log("loss", value, step)
    run.complete()
    recorder.close()
    workspace.drain()
    return run.id


def milliseconds(ways: dict[str, Callable[[], object]], *, keep: bool) -> dict[str, float]:
    """Medians of rounds, the ways in turns."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    kept = []
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begin = time.perf_counter()
            found = way()
            spent[name].append((time.perf_counter() - begin) * 1e3)
            if keep:
                kept.append(found)
            del found
    return {name: float(np.median(found)) for name, found in spent.items()}


def read_peer(logs: Path) -> float:
    """Milliseconds, once: it takes a while."""
    from tensorboard.backend.event_processing import event_accumulator as reader

    begin = time.perf_counter()
    found = reader.EventAccumulator(str(logs), {reader.SCALARS: 0})
    found.Reload()
    events = found.Scalars("loss")
    np.array([(event.step, event.wall_time, event.value) for event in events])
    return (time.perf_counter() - begin) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=100_000)
    points = parser.parse_args().points
    print_head(f"{points:,} points of one series into arrays", "trackboard", "numpy", "tensorboard")
    with tempfile.TemporaryDirectory() as name:
        with contextlib.redirect_stderr(io.StringIO()):
            workspace = Workspace.open(name)
        run = log_series(workspace, points)
        (series,) = workspace.store.list_series(runs=[run])
        raw, logs = Path(name, "raw"), Path(name, "logs")
        raw.write_bytes(np.random.default_rng(7).bytes(24 * points))
        LocalService(workspace).transfer.export_event_files(
            [run], logs, recursive=True, report=lambda _: None
        )
        ways: dict[str, Callable[[], object]] = {
            f"floor: numpy.fromfile, {24 * points / 1e6:.1f} MB": lambda: np.fromfile(raw, "f8"),
            "floor: numpy.frombuffer of read()": lambda: np.frombuffer(raw.read_bytes(), "f8"),
            "store.read_points": lambda: workspace.store.read_points([series.id]),
        }
        spent, reused = milliseconds(ways, keep=True), milliseconds(ways, keep=False)
        floor, reused_floor = (next(iter(found.values())) for found in (spent, reused))
        (folder,) = {path.parent for path in logs.rglob("*tfevents*")}
        peer = read_peer(folder)
        workspace.close()
    rows = [
        [
            *(name, f"{took:.2f}", f"{points / took * 1e3:,.0f}", f"{took / floor:.1f}"),
            *(f"{reused[name]:.2f}", f"{reused[name] / reused_floor:.1f}"),
        ]
        for name, took in spent.items()
    ]
    speed = f"{points / peer * 1e3:,.0f}"
    rows.append(
        ["TensorBoard's EventAccumulator", f"{peer:.0f}", speed, f"{peer / floor:.0f}", "", ""]
    )
    print_table(["way", "ms", "points/s", "x floor", "reused ms", "x floor"], rows)
    way = "store.read_points"
    print_targets(
        [
            Target("read_points into arrays that are kept, floor = 1", spent[way] / floor, 5),
            Target("the same into memory that is reused", reused[way] / reused_floor, 5),
        ]
    )


if __name__ == "__main__":
    main()
