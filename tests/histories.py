"""What a history holds, as plain values that tests compare: whatever order and chunks it was stored in."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from trackboard.model import RunId
from trackboard.ports import Blobs, RunFile, RunFiles, Store


def describe_history(
    store: Store, blobs: Blobs | None = None, run_files: RunFiles | None = None
) -> dict[RunId, dict[str, Any]]:
    """Everything that is known of each run.

    Args:
        store: The store.
        blobs: Where complete files are; None: what is in files is not compared.
        run_files: Where plain files are.
    """
    return {run.id: _describe(store, run.id, blobs, run_files) for run in store.list_runs()}


def _describe(
    store: Store, run_id: RunId, blobs: Blobs | None, run_files: RunFiles | None
) -> dict[str, Any]:
    run = store.find_run(run_id)
    assert run is not None

    def content(file: RunFile) -> str:
        if blobs is None or (not file.key and run_files is None):
            return ""
        assert file.key or run_files is not None
        stream = blobs.open(file.key) if file.key else run_files.open(run_id, file.path)  # type: ignore[union-attr]
        with stream:
            return hashlib.sha256(stream.read()).hexdigest()

    series = {}
    for each in store.list_series(runs=[run_id]):
        points = store.read_points([each.id])[each.id]
        series[each.name, each.kind.name] = (
            each.table,
            points.steps.tolist(),
            points.times_s.tolist(),
            [repr(value) for value in points.values.tolist()],
        )
    return {
        "run": {
            name: getattr(run, name)
            for name in (
                *("experiment", "given_name", "parent", "kind", "state", "cause"),
                *("created_s", "started_s", "ended_s", "description", "lost_points"),
            )
        },
        "tags": dict(store.get_tags(run_id)),
        "properties": dict(store.get_properties(run_id)),
        "parameters": dict(store.list_parameters([run_id]).get(run_id, {})),
        "files": {file.path: (file.size_bytes, content(file)) for file in store.list_files(run_id)},
        "artifacts": [
            (each.name, each.kind, each.path, each.size_bytes, each.step, each.time_s)
            for each in store.list_artifacts(runs=[run_id])
        ],
        "series": series,
    }


def points_of(store: Store, run: RunId, name: str) -> list[tuple[int, float, Any]]:
    """Steps, times and values of one series of numbers."""
    (series,) = store.list_series(runs=[run], names=[name], text=False)
    points = store.read_points([series.id])[series.id]
    return list(
        zip(points.steps.tolist(), points.times_s.tolist(), points.values.tolist(), strict=True)
    )


def column(*values: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Values as a column."""
    return np.array(values, np.float64)
