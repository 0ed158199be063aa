"""Bytes a stored point takes once its run has ended. `python benchmarks/size.py`

A run logs its series a piece at a time, as ingest stores them, and completes. What counts are all bytes
of the rows of chunks, previews included, and for comparison the whole file with indexes and summaries.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trackboard.model import (
    Created,
    RunId,
    RunKind,
    RunState,
    StateChanged,
    ValueKind,
    new_writer_id,
)
from trackboard.ports import Batch, FloatColumn, IntColumn, Position, SeriesPoints, Store
from trackboard.stores import open_sqlite

PIECE = 700  # points that are stored at once
SERIES = 10
RUN = RunId("run")
PLAIN_BYTES = 24  # a step, a time and a value of eight bytes each


@dataclass(frozen=True)
class Column:
    """What one series logs."""

    steps: IntColumn
    times_s: FloatColumn
    values: FloatColumn


def every(count: int, noise: np.random.Generator, pause_s: float, stride: int) -> Column:
    """Regular steps at the times a training loop has: a pause that varies by a few per cent."""
    pauses = pause_s * (1 + 0.03 * noise.standard_normal(count)).clip(0.5)
    steps = np.arange(count, dtype=np.int64) * stride
    return Column(steps, 1.7e9 + noise.random() * 1e6 + np.cumsum(pauses), np.zeros(count))


def loss_curve(count: int, noise: np.random.Generator) -> Column:
    """A loss in float32, as frameworks compute it."""
    column = mean_loss(count, noise)
    values = column.values.astype(np.float32).astype(np.float64)
    return Column(column.steps, column.times_s, values)


def mean_loss(count: int, noise: np.random.Generator) -> Column:
    """A loss in float64, as a mean in Python: it falls, with noise in proportion."""
    column = every(count, noise, 0.11, 10)
    loss = 2.3 * np.exp(-column.steps / (3.0 * count)) + 0.05
    loss *= 1 + 0.05 * noise.standard_normal(count)
    return Column(column.steps, column.times_s, loss)


def accuracy(count: int, noise: np.random.Generator) -> Column:
    """Hits among 10,000, as a fraction: few different values, at every epoch."""
    column = every(count, noise, 12.0, 1)
    hits = 9800 - 9000 * np.exp(-8 * column.steps / count) + 20 * noise.standard_normal(count)
    return Column(column.steps, column.times_s, hits.round().clip(0, 10_000) / 10_000)


def schedule(count: int, noise: np.random.Generator) -> Column:
    """A learning rate: a staircase."""
    column = every(count, noise, 0.11, 10)
    stair = 0.1 * 0.5 ** (column.steps // (column.steps[-1] // 8 + 1))
    return Column(column.steps, column.times_s, stair)


def random_doubles(count: int, noise: np.random.Generator) -> Column:
    """The worst: float64 noise at irregular times and steps."""
    times_s = 1.7e9 + np.cumsum(noise.exponential(0.1, count))
    steps = np.cumsum(noise.integers(1, 1000, count))
    return Column(steps, times_s, noise.standard_normal(count))


KINDS = {
    "loss curve (float32, every 10th step)": loss_curve,
    "loss curve (float64, every 10th step)": mean_loss,
    "accuracy (fractions of 10,000)": accuracy,
    "learning rate (a staircase)": schedule,
    "noise (float64, irregular)": random_doubles,
}


def fill(store: Store, columns: list[Column]) -> None:
    writer, at = new_writer_id(), 0
    count = len(columns[0].steps)
    created = Created(RUN, "bench", "", None, RunKind.INTERACTIVE, 1.7e9)
    for start in range(0, count, PIECE):
        part = slice(start, start + PIECE)
        points = tuple(
            SeriesPoints(
                RUN,
                f"metric_{number}",
                ValueKind.FLOAT,
                column.steps[part],
                np.ones(len(column.steps[part]), dtype=bool),
                column.times_s[part],
                column.values[part],
            )
            for number, column in enumerate(columns)
        )
        begin, at = Position(0, at), at + 1
        store.apply([Batch(writer, begin, Position(0, at), (created,), points)])
    completed = StateChanged(RUN, RunState.COMPLETED, 0, 1, 1.7e9)
    store.apply([Batch(writer, Position(0, at), Position(0, at + 1), (completed,), ())])


def measure(path: Path, columns: list[Column]) -> tuple[float, float]:
    """Bytes a point, in chunks and in the file."""
    store = open_sqlite(path)
    fill(store, columns)
    store.close()
    points = sum(len(column.steps) for column in columns)
    connection = sqlite3.connect(path)
    query = "SELECT sum(length(data) + coalesce(length(preview), 0)), sum(points) FROM chunk"
    stored, counted = connection.execute(query).fetchone()
    connection.execute("VACUUM")
    connection.close()
    if counted != points:
        raise SystemExit(f"{counted} points are stored, not {points}")
    return stored / points, path.stat().st_size / points


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=20_000, help="of each series")
    count = parser.parse_args().points
    print(f"{SERIES} series x {count:,} points; {PLAIN_BYTES} bytes a point when stored plainly")
    print(f"{'what is logged':40}{'bytes/point':>13}{'of the file':>13}{'x plain':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, kind) in enumerate(KINDS.items()):
            columns = [kind(count, np.random.default_rng([number, n])) for n in range(SERIES)]
            chunks, file = measure(Path(folder) / f"{number}.db", columns)
            print(f"{name:40}{chunks:13.2f}{file:13.2f}{chunks / PLAIN_BYTES:9.2f}")


if __name__ == "__main__":
    main()
