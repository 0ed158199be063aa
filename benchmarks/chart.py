"""TensorBoard's first chart of very long series. `python benchmarks/chart.py`

Every run logs one series of a million points, which `Store.apply` stores; then a sample of each series
is read at once, as the board does for its first chart.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from trackboard.model import (
    Created,
    RunId,
    RunKind,
    SeriesId,
    ValueKind,
    new_writer_id,
)
from trackboard.ports import Batch, Position, SeriesPoints, Store
from trackboard.stores import open_sqlite

ROUNDS = 7


def fill(store: Store, runs: int, points: int) -> float:
    """Seconds that `apply` took for everything."""
    spent_s = 0.0
    steps = np.arange(points, dtype=np.int64)
    has_step = np.ones(points, dtype=bool)
    for number in range(runs):
        run, noise = RunId(f"run-{number:03d}"), np.random.default_rng(number)
        times_s = 1.7e9 + np.cumsum(0.01 * (1 + 0.03 * noise.standard_normal(points)))
        losses = np.exp(-steps / (0.3 * points)) * (1 + 0.05 * noise.standard_normal(points))
        created = Created(run, "bench", "", None, RunKind.INTERACTIVE, 1.7e9)
        column = SeriesPoints(run, "loss", ValueKind.FLOAT, steps, has_step, times_s, losses)
        batch = Batch(new_writer_id(), Position(0, 0), Position(0, 1), (created,), (column,))
        started_s = time.perf_counter()
        store.apply([batch])
        spent_s += time.perf_counter() - started_s
    return spent_s


def first_and_median(store: Store, ids: list[SeriesId], limit: int | None) -> tuple[float, float]:
    spent_s = []
    for _ in range(ROUNDS):
        started_s = time.perf_counter()
        found = store.read_points(ids, limit=limit)
        spent_s.append(time.perf_counter() - started_s)
        if limit and {len(points) for points in found.values()} != {limit}:
            raise SystemExit(f"not {limit} points of each series: {found}")
    return spent_s[0], statistics.median(spent_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--points", type=int, default=1_000_000)
    options = parser.parse_args()
    total = options.runs * options.points
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trackboard.db"
        writing = open_sqlite(path)
        spent_s = fill(writing, options.runs, options.points)
        writing.close()
        size = path.stat().st_size
        print(f"filled through apply in {spent_s:.1f} s: {total / spent_s:,.0f} points/s;", end=" ")
        print(f"{size / 1e6:,.0f} MB, {size / total:.2f} bytes/point")
        store = open_sqlite(path)
        ids = [series.id for series in store.list_series()]
        print(f"{options.runs} runs x {options.points:,} points; median of {ROUNDS}")
        print(f"{'points of each series':36}{'first ms':>10}{'then ms':>10}")
        for limit in (100, 1000, 2000):
            first, then = first_and_median(store, ids, limit)
            print(f"{limit:<36}{1e3 * first:10.1f}{1e3 * then:10.1f}")
        first, then = first_and_median(store, ids[:1], None)
        print(f"{'all, of one series':36}{1e3 * first:10.1f}{1e3 * then:10.1f}")
        store.close()


if __name__ == "__main__":
    main()
