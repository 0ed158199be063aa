"""The points of runs, a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trackboard.model import Run, Series
from trackboard.ports import Points, SeriesStore
from trackboard.transfer.report import Progress


class Piece(NamedTuple):
    """Points of one series that follow each other, in the order they were logged."""

    run: Run
    series: Series
    points: Points


def iter_pieces(
    store: SeriesStore, runs: Sequence[Run], progress: Progress | None = None
) -> Iterator[Piece]:
    """Read the points of runs: a run after the other, its metrics as they were begun.

    Args:
        store: Where they are.
        runs: The runs, each once.
        progress: Is told how many runs of how many are read, and how many points.
    """
    count = 0
    for done, run in enumerate(runs):
        for series in store.list_series(runs=[run.id]):
            for points in store.iter_points(series.id):
                yield Piece(run, series, points)
                count += len(points)
                if progress is not None:
                    progress(done, len(runs), count)
        if progress is not None:
            progress(done + 1, len(runs), count)


def count_points(store: SeriesStore, runs: Sequence[Run]) -> int:
    """Count the points of runs, without reading them."""
    return sum(series.count for series in store.list_series(runs=[run.id for run in runs]))
