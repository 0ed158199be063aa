"""The PR SeriesLookup dashboard: one series per class of each accuracy table."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from tensorboard.data import provider as tb
from tensorboard.plugins.pr_curve import metadata

from trackboard.board.dashboards.artifacts import ArtifactLookup, sample_evenly
from trackboard.board.dashboards.contents import Contents
from trackboard.board.dashboards.documents import AccuracyTable, Numbers
from trackboard.board.series.scalars import matches
from trackboard.model import ArtifactKind
from trackboard.ports import Artifact

PR_CURVES = metadata.PLUGIN_NAME
SHOWN = 100  # tables of one name, unless TensorBoard asks for more or fewer

_UNEVEN = (
    "The thresholds of this table are not evenly spaced from 0 to 1: the curve is right, the thresholds"
    " that TensorBoard gives for its points are not."
)


@dataclass(frozen=True)
class ClassCurve:
    """The curve of one class, as far as its tables are read."""

    run: str
    tag: str
    tables: list[tuple[Artifact, AccuracyTable, int]]  # and the class's place in it


class PrCurves:
    """The accuracy tables of a workspace."""

    def __init__(self, artifact_lookup: ArtifactLookup, contents: Contents) -> None:
        self._artifact_lookup = artifact_lookup
        self._contents = contents

    def exist(self, experiment_id: str) -> bool:
        """Whether there is anything to show."""
        return any(self._find(experiment_id, None, SHOWN))

    def list_series(
        self, experiment_id: str, run_tag_filter: tb.RunTagFilter | None
    ) -> dict[str, dict[str, tb.TensorTimeSeries]]:
        """List curves by run and tag."""
        found: dict[str, dict[str, tb.TensorTimeSeries]] = {}
        for curve in self._find(experiment_id, run_tag_filter, SHOWN):
            artifact, table, _ = curve.tables[-1]
            found.setdefault(curve.run, {})[curve.tag] = tb.TensorTimeSeries(
                max_step=artifact.step,
                max_wall_time=max(artifact.time_s for artifact, _, _ in curve.tables),
                plugin_content=plugin_content(table),
                description=describe(table),
                display_name=curve.tag,
            )
        return found

    def read_series(
        self,
        experiment_id: str,
        run_tag_filter: tb.RunTagFilter | None,
        downsample: int | None,
    ) -> dict[str, dict[str, list[tb.TensorDatum]]]:
        """Read curves, at most `downsample` steps of each."""
        found: dict[str, dict[str, list[tb.TensorDatum]]] = {}
        at_most = SHOWN if downsample is None else downsample
        for curve in self._find(experiment_id, run_tag_filter, at_most):
            found.setdefault(curve.run, {})[curve.tag] = [
                tb.TensorDatum(artifact.step, artifact.time_s, tensor(table, number))
                for artifact, table, number in curve.tables
            ]
        return found

    def _find(
        self, experiment_id: str, run_tag_filter: tb.RunTagFilter | None, at_most: int
    ) -> Iterator[ClassCurve]:
        for logged in self._artifact_lookup.find(experiment_id, run_tag_filter):
            curves: dict[str, ClassCurve] = {}
            for artifact in sample_evenly(logged.of(ArtifactKind.ACCURACY_TABLE), at_most):
                table = self._contents.inspect(artifact)
                if not isinstance(table, AccuracyTable):
                    continue
                for number, tag in enumerate(class_tags(logged.name, table)):
                    if matches(logged.run, tag, run_tag_filter):
                        curve = curves.setdefault(tag, ClassCurve(logged.run, tag, []))
                        curve.tables.append((artifact, table, number))
            yield from curves.values()


def class_tags(name: str, table: AccuracyTable) -> list[str]:
    """What the curves of a table are called: `metric/class`, each once."""
    tags: dict[str, None] = {}
    for label in table.labels:
        wanted = f"{name}/{label}"
        names = itertools.chain([wanted], (f"{wanted} #{more}" for more in itertools.count(2)))
        tags[next(tag for tag in names if tag not in tags)] = None
    return list(tags)


def plugin_content(table: AccuracyTable) -> bytes:
    """What TensorBoard wants to know of a table's curves."""
    summary = metadata.create_summary_metadata("", "", len(table.thresholds))
    content: bytes = summary.plugin_data.content
    return content


def describe(table: AccuracyTable) -> str:
    """What people should know of a table's curves."""
    return "" if is_even(table) else _UNEVEN


def tensor(table: AccuracyTable, number: int) -> Numbers:
    """One class as TensorBoard wants it: TP, FP, TN, FN, precision and recall by threshold."""
    true_pos, false_pos, true_neg, false_neg = table.counts[number].T
    precision = _ratio(true_pos, true_pos + false_pos)
    recall = _ratio(true_pos, true_pos + false_neg)
    return np.stack([true_pos, false_pos, true_neg, false_neg, precision, recall])


def is_even(table: AccuracyTable) -> bool:
    """Whether the thresholds are those that TensorBoard takes for granted."""
    expected = np.linspace(0.0, 1.0, len(table.thresholds))
    return bool(np.allclose(table.thresholds, expected, atol=1e-3))


def _ratio(part: Numbers, whole: Numbers) -> Numbers:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
