"""JSON documents, the SDK's and ours: what is in a metric that is a table of numbers for one dashboard.

{"schema_type": "confusion_matrix", "schema_version": ..., "data": {...}}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trackboard.model import ArtifactKind

SIZE_BYTES = 16 * 1024 * 1024  # a larger one is none that a page could show
_FAR = 1e300  # beyond, differences are no numbers any more

Numbers = npt.NDArray[np.float64]


class Misfit(ValueError):
    """A document is not what its metric says it is."""


@dataclass(frozen=True, eq=False)
class AccuracyTable:
    """Counts of each class at each threshold: true and false positives, true and false negatives."""

    labels: tuple[str, ...]
    thresholds: Numbers
    counts: Numbers  # class x threshold x [TP, FP, TN, FN], by rising threshold


@dataclass(frozen=True, eq=False)
class ConfusionMatrix:
    """How often each class (row) was taken for each (column)."""

    labels: tuple[str, ...]
    matrix: Numbers


@dataclass(frozen=True, eq=False)
class Predictions:
    """What was predicted on average for true values within each bin."""

    edges: Numbers  # one more than bins
    averages: Numbers
    errors: Numbers
    counts: Numbers


@dataclass(frozen=True, eq=False)
class Residuals:
    """How many residuals fell in each bin."""

    edges: Numbers  # one more than bins
    counts: Numbers


@dataclass(frozen=True, eq=False)
class Histogram:
    """How many values fell in each bin."""

    edges: Numbers  # one more than bins
    counts: Numbers


Document = AccuracyTable | ConfusionMatrix | Predictions | Residuals | Histogram


def parse(kind: ArtifactKind, content: bytes) -> Document:
    """Read a document.

    Raises:
        Misfit: It is not JSON, or does not fit its schema; the message says where.
    """
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Misfit(f"it is not JSON: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("data"), dict):
        raise Misfit("it is not an object {schema_type, schema_version, data}")
    if found.get("schema_type") != kind.value:
        raise Misfit(f"its schema_type is {found.get('schema_type')!r}, not {kind.value!r}")
    return _PARSERS[kind](found["data"])


def _accuracy_table(data: Mapping[str, Any]) -> AccuracyTable:
    labels = _labels(data)
    thresholds = _numbers(data, "probability_thresholds", 1)
    counts = _numbers(data, "probability_tables", 3)
    wanted = (len(labels), len(thresholds), 4)
    if counts.shape != wanted or not counts.size:
        raise Misfit(
            f"probability_tables is {_by(counts.shape)}, not {_by(wanted)}"
            " (class_labels x probability_thresholds x [TP, FP, TN, FN])"
        )
    if not (np.isfinite(counts).all() and np.isfinite(thresholds).all() and (counts >= 0).all()):
        raise Misfit("probability_tables and probability_thresholds have to be counts and numbers")
    order = np.argsort(thresholds, kind="stable")
    return AccuracyTable(labels, thresholds[order], counts[:, order])


def _confusion_matrix(data: Mapping[str, Any]) -> ConfusionMatrix:
    labels = _labels(data)
    matrix = _numbers(data, "matrix", 2)
    wanted = (len(labels), len(labels))
    if matrix.shape != wanted or not labels:
        raise Misfit(f"matrix is {_by(matrix.shape)}, not {_by(wanted)} (one row per class_labels)")
    return ConfusionMatrix(labels, matrix)


def _predictions(data: Mapping[str, Any]) -> Predictions:
    edges = _edges(data)
    names = ("bin_averages", "bin_errors", "bin_counts")
    averages, errors, counts = (_bins(data, name, edges) for name in names)
    return Predictions(edges, averages, errors, counts)


def _residuals(data: Mapping[str, Any]) -> Residuals:
    edges = _edges(data)
    return Residuals(edges, _bins(data, "bin_counts", edges))


def _histogram(data: Mapping[str, Any]) -> Histogram:
    edges = _edges(data)
    counts = _bins(data, "bin_counts", edges)
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise Misfit("bin_counts has to hold counts")
    return Histogram(edges, counts)


_PARSERS: dict[ArtifactKind, Callable[[Mapping[str, Any]], Document]] = {
    ArtifactKind.ACCURACY_TABLE: _accuracy_table,
    ArtifactKind.CONFUSION_MATRIX: _confusion_matrix,
    ArtifactKind.PREDICTIONS: _predictions,
    ArtifactKind.RESIDUALS: _residuals,
    ArtifactKind.HISTOGRAM: _histogram,
}


def _labels(data: Mapping[str, Any]) -> tuple[str, ...]:
    found = _field(data, "class_labels")
    if not isinstance(found, list) or any(isinstance(label, (list, dict)) for label in found):
        raise Misfit("class_labels is not a list of labels")
    return tuple(str(label) for label in found)


def _edges(data: Mapping[str, Any]) -> Numbers:
    edges = _numbers(data, "bin_edges", 1)
    if len(edges) < 2 or not (np.abs(edges) < _FAR).all() or (np.diff(edges) < 0).any():
        raise Misfit("bin_edges has to hold at least two rising numbers")
    return edges


def _bins(data: Mapping[str, Any], name: str, edges: Numbers) -> Numbers:
    found = _numbers(data, name, 1)
    if len(found) != len(edges) - 1:
        raise Misfit(
            f"{name} has {len(found)} values and bin_edges {len(edges)}: one more edge than bins"
        )
    return found


def _numbers(data: Mapping[str, Any], name: str, dimensions: int) -> Numbers:
    """Numbers of a field; what is missing in it (null) is NaN."""
    found = _field(data, name)
    try:
        numbers = np.array(found, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise Misfit(f"{name} is not made of numbers in lists of one length") from error
    if numbers.ndim != dimensions:
        raise Misfit(f"{name} has {numbers.ndim} dimensions, not {dimensions}")
    return numbers


def _field(data: Mapping[str, Any], name: str) -> Any:
    if name not in data:
        raise Misfit(f"its data lacks {name}")
    return data[name]


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
