"""Reads points of runs out of a store into one table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from trackboard.history.known_names import check_metrics
from trackboard.history.table import History, TextColumn
from trackboard.model import Run, RunId, Series, ValueKind
from trackboard.ports import FloatColumn, Points, Store


def read_history(
    store: Store,
    runs: Sequence[Run],
    called: Mapping[RunId, str],
    metrics: Collection[str] | None = None,
    *,
    limit: int | None = None,
) -> History:
    """All points of some runs.

    Args:
        store: Where they are.
        runs: The runs, in the order of the table, each once.
        called: What they are called, by id.
        metrics: Only under these names; None: all.
        limit: At most so many points of each series, a sample; see `SeriesStore.read_points`.

    Raises:
        NotFound: None of the runs logged one of the metrics.
    """
    order = {run.id: number for number, run in enumerate(runs)}
    found = store.list_series(runs=list(order), names=metrics)
    if order and metrics is not None and {*metrics} - {one.name for one in found}:
        check_metrics(store, list(order), metrics)
    series = sorted(found, key=lambda one: order[one.run])  # stable: as begun within a run
    points = store.read_points([one.id for one in series], limit=limit)
    return join_points(runs, called, [(one, points[one.id]) for one in series if one.id in points])


def join_points(
    runs: Sequence[Run], called: Mapping[RunId, str], pieces: Sequence[tuple[Series, Points]]
) -> History:
    """Points that were read, as one table.

    Args:
        runs: The runs, in the order of the table, each once.
        called: What they are called, by id.
        pieces: Series of these runs with points of them, in the order of the table.
    """
    order = {run.id: number for number, run in enumerate(runs)}
    names = {name: number for number, name in enumerate(dict.fromkeys(s.name for s, _ in pieces))}
    counts = np.array([len(points) for _, points in pieces], np.int64)
    return History(
        runs=tuple(order),
        run_names=tuple(called[run.id] for run in runs),
        experiments=tuple(run.experiment for run in runs),
        metrics=tuple(names),
        run_codes=np.repeat(np.array([order[one.run] for one, _ in pieces], np.int32), counts),
        metric_codes=np.repeat(np.array([names[one.name] for one, _ in pieces], np.int32), counts),
        steps=_joined([points.steps for _, points in pieces], np.int64),
        times_s=_joined([points.times_s for _, points in pieces], np.float64),
        values=_joined([_numbers(*piece) for piece in pieces], np.float64),
        texts=_joined([_texts(*piece) for piece in pieces], object),
    )


def _numbers(series: Series, points: Points) -> FloatColumn:
    if series.kind is ValueKind.TEXT:
        return np.full(len(points), np.nan)
    return points.values.astype(np.float64)


def _texts(series: Series, points: Points) -> TextColumn:
    is_text = series.kind is ValueKind.TEXT
    return points.values if is_text else np.full(len(points), None, dtype=object)


def _joined(columns: list[Any], dtype: Any) -> Any:
    return np.concatenate(columns) if columns else np.empty(0, dtype)
