"""What MLflow knows of a run, whatever it is stored in, and what becomes of it here.

MLflow's own tags (`mlflow.*`) say what never changes, so they become properties: `mlflow.source.git.commit`,
`mlflow.user`; but for the name, the parent and the note, which have a place of their own. Parameters are text
there; what is how Python writes a number or a bool becomes one. Metrics are numbers of 64 bits.
"""

from __future__ import annotations

import hashlib
import math
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from trackboard.errors import UsageError
from trackboard.model import RunId, RunState, Value, ValueKind, check_run_id
from trackboard.ports import FloatColumn, IntColumn, SeriesPoints
from trackboard.transfer.run_source import FormerId, RunDescription, RunHead

PARENT, NOTE, NAME = "mlflow.parentRunId", "mlflow.note.content", "mlflow.runName"
_OWN, _RUN_ID = "mlflow.", "mlflow.runId"
_DIGEST_DIGITS = 32
_STATES: Mapping[str, RunState] = {
    "RUNNING": RunState.RUNNING,
    "SCHEDULED": RunState.NOT_STARTED,
    "FINISHED": RunState.COMPLETED,
    "FAILED": RunState.FAILED,
    "KILLED": RunState.CANCELED,
}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_BOOLS = {"True": True, "False": False}
_GREATEST = 1.7976931348623157e308  # what MLflow's databases hold in place of an infinite number


@dataclass(frozen=True)
class MlflowRun:
    """A run in MLflow's own words. Times are milliseconds since the Unix epoch."""

    run_id: str
    experiment_id: str
    name: str
    status: str
    start_ms: int | None
    end_ms: int | None
    artifact_uri: str
    user: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    progress: str = ""  # another text when more metrics were logged


def head_of(run: MlflowRun) -> RunHead:
    """List a run."""
    told = (run.status, run.end_ms, sorted(run.tags.items()), sorted(run.params.items()))
    data = repr((told, run.progress)).encode("utf-8", "replace")
    origin, revision = f"MLflow run {run.run_id}", zlib.crc32(data)
    found = id_of(run.run_id)
    if found == run.run_id:
        return RunHead(found, origin, revision)
    former = RunId(f"mlflow-{zlib.crc32(run.run_id.encode('utf-8', 'replace')):08x}")
    return RunHead(found, origin, revision, FormerId(former, _RUN_ID, run.run_id))


def id_of(run_id: str) -> RunId:
    """The id that a run has here: MLflow's own, where that can be one, else a digest of it."""
    try:
        return check_run_id(run_id)
    except UsageError:
        digest = hashlib.sha256(run_id.encode("utf-8", "replace")).hexdigest()
        return RunId(f"mlflow-{digest[:_DIGEST_DIGITS]}")


def describe(run: MlflowRun, experiment: str, known: Mapping[str, MlflowRun]) -> RunDescription:
    """Say what describes a run.

    Args:
        run: The run.
        experiment: What its experiment is called here.
        known: All runs of the source that are imported, by MLflow's ids.
    """
    parent = run.tags.get(PARENT)
    apart = {NOTE, NAME} | ({PARENT} if parent in known else set())
    properties = {
        key: value for key, value in run.tags.items() if key.startswith(_OWN) and key not in apart
    }
    if run.user and "mlflow.user" not in properties:
        properties["mlflow.user"] = run.user
    start_s = (run.start_ms or 0) / 1000
    return RunDescription(
        experiment=experiment,
        name=run.name or run.tags.get(NAME, ""),
        parent=id_of(parent) if parent is not None and parent in known else None,
        state=_STATES.get(run.status, RunState.RUNNING),
        created_s=start_s,
        started_s=start_s if run.status != "SCHEDULED" else None,
        ended_s=None if run.end_ms is None else run.end_ms / 1000,
        description=run.tags.get(NOTE, ""),
        tags={key: value for key, value in run.tags.items() if not key.startswith(_OWN)},
        properties={**properties, _RUN_ID: run.run_id},
        parameters={name: read_parameter(text) for name, text in run.params.items() if name},
    )


class MlflowIndex:
    """The runs of a source that are imported, in the order of their import.

    Args:
        experiments: What each experiment is called here, by MLflow's id.
        runs: All runs, in any order.
    """

    def __init__(self, experiments: Mapping[str, str], runs: Iterable[MlflowRun]) -> None:
        self._experiments = experiments
        ordered = parents_first(runs)
        self._by_id = {run.run_id: run for run in ordered}
        self._heads = [head_of(run) for run in ordered]
        self._runs = {head.origin: run for head, run in zip(self._heads, ordered, strict=True)}

    def list_heads(self) -> list[RunHead]:
        """The runs, each after its parent, oldest first."""
        return self._heads

    def get(self, head: RunHead) -> MlflowRun:
        """One of the runs, in MLflow's words."""
        return self._runs[head.origin]

    def describe(self, run: MlflowRun) -> RunDescription:
        """Say what describes one of the runs."""
        return describe(run, self._experiments[run.experiment_id], self._by_id)


def read_parameter(text: str) -> Value:
    """What was logged as a parameter, from how MLflow wrote it.

    >>> [read_parameter(text) for text in ("0.1", "32", "True", "007", "adam")]
    [0.1, 32, True, '007', 'adam']
    """
    if _INTEGER.fullmatch(text):
        number = int(text)
        return number if -(2**63) <= number < 2**63 else text
    if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return _BOOLS.get(text, text)


def parents_first(runs: Iterable[MlflowRun]) -> list[MlflowRun]:
    """The same runs, oldest first, each after its parent."""
    ordered: dict[str, MlflowRun] = {}
    by_id = {
        run.run_id: run for run in sorted(runs, key=lambda each: (each.start_ms or 0, each.run_id))
    }
    for run in by_id.values():
        above: list[MlflowRun] = []
        while run.run_id not in ordered and run not in above:
            above.append(run)
            run = by_id.get(run.tags.get(PARENT, ""), run)
        ordered.update((each.run_id, each) for each in reversed(above))
    return list(ordered.values())


def series_of(
    run: RunId,
    name: str,
    times_ms: Sequence[int],
    values: Sequence[float],
    steps: Sequence[int],
) -> SeriesPoints:
    """One metric's history, as columns. Infinite numbers, which its databases cut, are infinite again."""
    columns = np.array(times_ms, np.int64), np.array(values, np.float64), np.array(steps, np.int64)
    return split_series(run, {name: len(values)}, *columns)[0]


def split_series(
    run: RunId,
    counts: Mapping[str, int],
    times_ms: IntColumn,
    values: FloatColumn,
    steps: IntColumn,
) -> list[SeriesPoints]:
    """The histories of some metrics, which lie one after the other, as columns.

    Args:
        run: Whose they are.
        counts: How many points each metric has, by name.
        times_ms: When each point was logged.
        values: What was logged; changed in place.
        steps: Each point's step.
    """
    values[values >= _GREATEST] = np.inf
    values[values <= -_GREATEST] = -np.inf
    times_s, has_step = times_ms / 1000, np.ones(len(steps), np.bool_)
    parts, start = [], 0
    for name, count in counts.items():
        part = slice(start, start + count)
        columns = steps[part], has_step[part], times_s[part], values[part]
        parts.append(SeriesPoints(run, name, ValueKind.FLOAT, *columns))
        start += count
    return parts
