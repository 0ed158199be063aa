"""Export to event files: points a second, beside the peer and the floor. `python benchmarks/export.py`

All write the same points: runs x 10 metrics x 1,000 points, a file per run, files closed at the end.
The floor is our own encoder fed from arrays in memory; tensorboardX, which takes one point per call,
writes as many runs as fit its time.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from trackboard.blobs import open_folder
from trackboard.board.export.export import HISTORY_FILE, export_runs
from trackboard.board.view.source import Source
from trackboard.eventfile import encode
from trackboard.model import (
    Created,
    RunId,
    RunKind,
    RunState,
    StateChanged,
    ValueKind,
    new_writer_id,
)
from trackboard.ports import Batch, FloatColumn, Position, SeriesPoints, Store
from trackboard.stores import open_sqlite
from trackboard.testing.memory import MemoryStore

METRICS, POINTS = 10, 1000
PEER_S = 5.0
ROUNDS = 5
STEPS = np.arange(POINTS, dtype=np.int64)
TIMES_S: FloatColumn = 1.7e9 + STEPS.astype(np.float64) * 0.37


def values(run: int, metric: int) -> FloatColumn:
    return np.random.default_rng([run, metric]).normal(size=POINTS).cumsum()


def fill(store: Store, runs: int) -> list[RunId]:
    """Log everything and complete the runs, as a training script leaves them."""
    ids = [RunId(f"run-{number:04d}") for number in range(runs)]
    has_step = np.ones(POINTS, dtype=bool)
    for number, run in enumerate(ids):
        columns = tuple(
            SeriesPoints(
                run,
                f"group/metric_{metric}",
                ValueKind.FLOAT,
                STEPS,
                has_step,
                TIMES_S,
                values(number, metric),
            )
            for metric in range(METRICS)
        )
        created = Created(run, "bench", run, None, RunKind.INTERACTIVE, 1.7e9)
        completed = StateChanged(run, RunState.COMPLETED, 0, 1, 1.7e9)
        writer, start, middle = new_writer_id(), Position(0, 0), Position(0, 1)
        store.apply([Batch(writer, start, middle, (created,), columns)])
        store.apply([Batch(writer, middle, Position(0, 2), (completed,), ())])
    return ids


def tensorboardx(folder: Path, runs: int) -> int:
    from tensorboardX import SummaryWriter

    started_s = time.perf_counter()
    for run in range(runs):
        columns = [values(run, metric).tolist() for metric in range(METRICS)]
        with SummaryWriter(str(folder / f"run-{run:04d}")) as writer:
            for step in range(POINTS):
                for metric, column in enumerate(columns):
                    writer.add_scalar(
                        f"group/metric_{metric}", column[step], step, walltime=TIMES_S[step]
                    )
        if time.perf_counter() - started_s > PEER_S:
            return (run + 1) * METRICS * POINTS
    return runs * METRICS * POINTS


def encoder(
    columns: list[list[FloatColumn]],
) -> Callable[[Path], int]:
    def run_encoder(folder: Path) -> int:
        for run, metrics in enumerate(columns):
            place = folder / f"run-{run:04d}"
            place.mkdir()
            with (place / HISTORY_FILE).open("wb") as stream:
                stream.write(encode.header(1.7e9))
                for metric, column in enumerate(metrics):
                    numbers = column.astype(np.float32)
                    tag = f"group/metric_{metric}"
                    stream.writelines(encode.scalars(tag, STEPS, TIMES_S, numbers))
        return len(columns) * METRICS * POINTS

    return run_encoder


def exporter(store: Store, ids: list[RunId]) -> Callable[[Path], int]:
    nowhere = Path("/nonexistent")
    source = Source("bench", store, lambda: 0, lambda run: nowhere / run, open_folder(nowhere))

    def run_exporter(folder: Path) -> int:
        return export_runs(source, ids, folder, report=print).points

    return run_exporter


def measure(way: Callable[[Path], int], base: Path, rounds: int) -> float:
    """Points a second, the median of some rounds, each into a new folder."""
    speeds = []
    for _ in range(rounds):
        folder = base / "out"
        folder.mkdir()
        started_s = time.perf_counter()
        points = way(folder)
        speeds.append(points / (time.perf_counter() - started_s))
        shutil.rmtree(folder)
    return float(np.median(speeds))


def repeat(way: Callable[[Path], int], base: Path) -> float:
    """Points a second of exporting again what is there already."""
    folder = base / "again"
    folder.mkdir()
    way(folder)
    started_s = time.perf_counter()
    points = way(folder)
    return points / (time.perf_counter() - started_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        columns = [[values(run, metric) for metric in range(METRICS)] for run in range(runs)]
        memory, sqlite = MemoryStore(), open_sqlite(base / "trackboard.db")
        in_memory, in_sqlite = (exporter(store, fill(store, runs)) for store in (memory, sqlite))
        floor = measure(encoder(columns), base, ROUNDS)
        rows = [
            ("tensorboardX, a call per point", measure(lambda f: tensorboardx(f, runs), base, 1)),
            ("floor: our encoder, arrays to files", floor),
            ("export from the model in memory", measure(in_memory, base, ROUNDS)),
            ("export from SQLite", measure(in_sqlite, base, ROUNDS)),
            ("export from SQLite again, unchanged", repeat(in_sqlite, base)),
        ]
        sqlite.close()
    print(f"{runs:,} runs x {METRICS} metrics x {POINTS:,} points; median of {ROUNDS}")
    print(f"{'way':38}{'points/s':>14}{'x floor':>10}{'x tensorboardX':>17}")
    for name, speed in rows:
        print(f"{name:38}{speed:14,.0f}{speed / floor:10.2f}{speed / rows[0][1]:17.1f}")


if __name__ == "__main__":
    main()
