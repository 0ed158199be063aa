"""What was logged, in the shapes in which the SDK gave it back."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from trackboard.model import RunId, is_missing

if TYPE_CHECKING:
    from trackboard.model import Series, SeriesId
    from trackboard.ports import Artifact, Points
    from trackboard.service import Service

Metrics = Dict[str, Any]
_Value = Tuple[int, float, object]  # step, time, value


class ArtifactMetric:
    """An image or document that was logged, with its content."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.filename = path.rpartition("/")[2]
        self.data = data


class DocumentMetric(ArtifactMetric):
    """A document: an accuracy table, a confusion matrix, predictions or residuals."""

    def convert_to_object(self) -> Any:
        """The document as the dict that was logged."""
        return json.loads(self.data)


def artifact_uri(run: str, path: str) -> str:
    """Where the SDK says that a file of a run is."""
    return f"aml://artifactId/ExperimentRun/dcid.{run}/{path}"


def read_metrics(
    service: Service, runs: Sequence[RunId], name: Optional[str], *, populate: bool
) -> Dict[RunId, Metrics]:
    """The metrics of several runs by id, in few questions, each in the order it was begun.

    Runs without any are left out.
    """
    series = service.metrics.list(runs=runs)
    chosen = [one for one in series if name in (None, one.table or one.name)]
    points = service.metrics.read([one.id for one in chosen])
    grouped: Dict[RunId, Dict[Tuple[str, bool], List[Series]]] = defaultdict(dict)
    for one in chosen:
        key = (one.table or one.name, bool(one.table))
        grouped[one.run].setdefault(key, []).append(one)
    found: Dict[RunId, Metrics] = defaultdict(dict)
    begun: Dict[Tuple[RunId, str], float] = {}  # numbers, text and files are stored apart
    for run, groups in grouped.items():
        for (metric, is_table), members in groups.items():
            _note(begun, (run, metric), min(_first_time(points[one.id]) for one in members))
            value = _table(members, points) if is_table else _single(_merged(members, points))
            found[run].setdefault(metric, value)
    names = None if name is None else [name]
    for artifact in service.metrics.list_artifacts(runs=runs, names=names):
        value = _content(service, artifact) if populate else _uri(artifact)
        _add(found[artifact.run], artifact.name, value)
        _note(begun, (artifact.run, artifact.name), artifact.time_s)
    return {
        run: dict(sorted(found[run].items(), key=lambda item: begun[run, item[0]]))
        for run in runs
        if run in found
    }


def _note(begun: Dict[Tuple[RunId, str], float], metric: Tuple[RunId, str], time_s: float) -> None:
    begun[metric] = min(time_s, begun.get(metric, time_s))


def _first_time(points: Points) -> float:
    return float(points.times_s[0]) if len(points) else math.inf


def _add(metrics: Metrics, name: str, value: object) -> None:
    if name not in metrics:
        metrics[name] = value
    elif isinstance(metrics[name], list):
        metrics[name].append(value)
    else:
        metrics[name] = [metrics[name], value]


def _merged(series: Sequence[Series], points: Mapping[SeriesId, Points]) -> List[_Value]:
    """Values in the order they were logged: numbers and text of one name are two series."""
    values: List[_Value] = []
    for one in series:
        columns = points[one.id]
        plain = [None if is_missing(value) else value for value in columns.values.tolist()]
        values += zip(columns.steps.tolist(), columns.times_s.tolist(), plain)  # noqa: B905 - not on Python 3.9
    if len(series) > 1:
        values.sort(key=lambda value: value[1])
    return values


def _single(values: Sequence[_Value]) -> object:
    plain = [value for _, _, value in values]
    return plain[0] if len(plain) == 1 else plain


def _table(series: Sequence[Series], points: Mapping[SeriesId, Points]) -> Dict[str, object]:
    """Columns by name; where a row lacks a cell there is None, so that all are of one length."""
    columns: Dict[str, List[Series]] = {}
    for one in series:
        columns.setdefault(one.column, []).append(one)
    merged = {column: _merged(members, points) for column, members in columns.items()}
    rows = {column: _by_row(values) for column, values in merged.items()}
    if len({frozenset(cells) for cells in rows.values()}) == 1:
        return {column: _single(values) for column, values in merged.items()}
    order = sorted({row for cells in rows.values() for row in cells})
    return {column: [cells.get(row) for row in order] for column, cells in rows.items()}


def _by_row(values: Sequence[_Value]) -> Dict[Tuple[int, int], object]:
    """Cells by row: its number, after how often that was counted (each process counts from 0)."""
    seen: Dict[int, int] = defaultdict(int)
    cells: Dict[Tuple[int, int], object] = {}
    for step, _, value in values:
        cells[seen[step], step] = value
        seen[step] += 1
    return cells


def _uri(artifact: Artifact) -> str:
    return artifact_uri(artifact.run, artifact.path)


def _content(service: Service, artifact: Artifact) -> Union[ArtifactMetric, DocumentMetric]:
    with service.files.open_content(artifact.key) as file:
        data = file.read()
    return (DocumentMetric if artifact.kind.is_document else ArtifactMetric)(artifact.path, data)
