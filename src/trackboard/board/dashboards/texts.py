"""The Text dashboard: strings, tables, confusion matrices, and what cannot be shown elsewhere and why.

TensorBoard turns markdown into HTML at 0.1 ms per cell of a table, so tables keep to a budget of cells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from tensorboard.data import provider as tb

from trackboard.board.dashboards import markdown
from trackboard.board.dashboards.artifacts import ArtifactLookup, ArtifactSeries, sample_evenly
from trackboard.board.dashboards.contents import Contents, Problem
from trackboard.board.dashboards.documents import ConfusionMatrix
from trackboard.board.dashboards.table import SHOWN_ROWS, TablePreview, read_preview
from trackboard.board.dashboards.truncate import MOST_TEXTS, truncate_text
from trackboard.board.series.scalars import SeriesLookup, matches
from trackboard.model import ArtifactKind, Series
from trackboard.ports import Artifact, Points, Store

TEXT = "text"
_CELLS = 2_500  # of one table, or of the newest matrices of one name
_FEWEST_ROWS = 20
_MOST_CLASSES = 50
_LABEL_CHARACTERS = 50
_SHOWN = 10  # files of one name

TextSeries = dict[str, dict[str, tb.TensorTimeSeries]]
TextData = dict[str, dict[str, list[tb.TensorDatum]]]


@dataclass(frozen=True)
class Page:
    """One text."""

    step: int
    time_s: float
    text: str
    is_problem: bool = False


class Texts:
    """The texts of a workspace. What goes by one name is shown under it together, by step."""

    def __init__(
        self,
        store: Store,
        series_lookup: SeriesLookup,
        artifact_lookup: ArtifactLookup,
        contents: Contents,
        at_most: int = MOST_TEXTS,
    ) -> None:
        self._store = store
        self._at_most = at_most  # of one name
        self._series_lookup = series_lookup
        self._artifact_lookup = artifact_lookup
        self._contents = contents

    def exist(self, experiment_id: str) -> bool:
        """Whether there is anything to show."""
        texts, tables = self._series_lookup.texts(experiment_id, None)
        return bool(texts or tables) or any(
            has_pages(self._contents, logged)
            for logged in self._artifact_lookup.find(experiment_id, None)
        )

    def list_series(self, experiment_id: str, run_tag_filter: tb.RunTagFilter | None) -> TextSeries:
        """List texts by run and tag."""
        ends: dict[tuple[str, str], tuple[int, float]] = {}

        def add(run: str, tag: str, step: int, time_s: float) -> None:
            known_step, known_s = ends.get((run, tag), (step, time_s))
            ends[run, tag] = max(step, known_step), max(time_s, known_s)

        texts, tables = self._series_lookup.texts(experiment_id, run_tag_filter)
        for text in texts:
            add(text.run, text.tag, text.series.max_step, text.series.last_time_s)
        for table in tables:
            for column in table.columns:
                add(table.run, table.tag, column.max_step, column.last_time_s)
        for logged in self._find_artifacts(experiment_id, run_tag_filter):
            last = logged.artifacts[-1]
            add(logged.run, logged.name, last.step, last.time_s)
        found: TextSeries = defaultdict(dict)
        for (run, tag), (step, time_s) in ends.items():
            found[run][tag] = tb.TensorTimeSeries(
                max_step=step,
                max_wall_time=time_s,
                plugin_content=b"",  # version 0
                description="",
                display_name=tag,
            )
        return dict(found)

    def read_series(
        self,
        experiment_id: str,
        run_tag_filter: tb.RunTagFilter | None,
        downsample: int | None,
    ) -> TextData:
        """Read texts."""
        pages: dict[tuple[str, str], list[Page]] = defaultdict(list)
        texts, tables = self._series_lookup.texts(experiment_id, run_tag_filter)
        at_most = self._at_most if downsample is None else min(downsample, self._at_most)
        for text, points in self._series_lookup.read_within(texts, at_most):
            pages[text.run, text.tag] += _strings(points, text.series.count)
        if downsample is None or downsample > 0:
            for table in tables:
                preview = read_table(self._store, table.columns)
                pages[table.run, table.tag].append(table_page(table.columns, preview))
            for logged in self._find_artifacts(experiment_id, run_tag_filter):
                pages[logged.run, logged.name] += artifact_pages(self._contents, logged)
        found: TextData = defaultdict(dict)
        for (run, tag), parts in pages.items():
            parts.sort(key=lambda page: page.step)
            found[run][tag] = [
                tb.TensorDatum(page.step, page.time_s, np.array(page.text, dtype=object))
                for page in parts
            ]
        return dict(found)

    def _find_artifacts(
        self, experiment_id: str, run_tag_filter: tb.RunTagFilter | None
    ) -> Iterable[ArtifactSeries]:
        for logged in self._artifact_lookup.find(experiment_id, run_tag_filter):
            if matches(logged.run, logged.name, run_tag_filter) and has_pages(
                self._contents, logged
            ):
                yield logged


def read_table(store: Store, columns: Sequence[Series]) -> TablePreview:
    """Read as much of a table as one text shows."""
    rows = max(_FEWEST_ROWS, min(SHOWN_ROWS, _CELLS // len(columns)))
    return read_preview(store, columns, at_most=rows)


def table_page(columns: Sequence[Series], preview: TablePreview) -> Page:
    """A table as the text of its last row's step."""
    step = max(column.max_step for column in columns)
    return Page(step, max(column.last_time_s for column in columns), preview.markdown())


def has_pages(contents: Contents, logged: ArtifactSeries) -> bool:
    """Whether there is anything to say about files in words."""
    if logged.of(ArtifactKind.CONFUSION_MATRIX):
        return True
    return any(
        isinstance(contents.inspect(each), Problem)
        for each in sample_evenly(logged.artifacts, _SHOWN)
    )


def artifact_pages(contents: Contents, logged: ArtifactSeries) -> list[Page]:
    """What there is to say about files; of the matrices, as many of the newest as there is room."""
    pages: list[Page] = []
    room = _CELLS
    for artifact in reversed(sample_evenly(logged.artifacts, _SHOWN)):
        found = contents.inspect(artifact)
        if isinstance(found, Problem):
            text = problem(artifact, found)
            pages.append(Page(artifact.step, artifact.time_s, text, is_problem=True))
        elif isinstance(found, ConfusionMatrix) and room > 0:
            room -= min(len(found.labels), _MOST_CLASSES) ** 2
            pages.append(Page(artifact.step, artifact.time_s, matrix_table(found)))
    return pages


def problem(artifact: Artifact, found: Problem) -> str:
    """Say which file is not shown, and why, in markdown."""
    return f"{markdown.escape(artifact.path)} {misfit(artifact, markdown.escape(found.why))}"


def misfit(artifact: Artifact, why: str) -> str:
    """What is wrong with a file that was logged as a value."""
    what = artifact.kind.value.replace("_", " ")
    return f"was logged as {what}, but cannot be shown as one: {why}"


def matrix_table(document: ConfusionMatrix) -> str:
    """A confusion matrix in numbers, up to 50 classes."""
    labels = [markdown.cell(label, _LABEL_CHARACTERS) for label in document.labels[:_MOST_CLASSES]]
    numbers: Sequence[Sequence[float]] = document.matrix[:_MOST_CLASSES, :_MOST_CLASSES].tolist()
    rows = ([label, *map(_number, row)] for label, row in zip(labels, numbers, strict=True))
    table = markdown.table(["true class (down), predicted (across)", *labels], rows)
    classes = len(document.labels)
    if classes <= _MOST_CLASSES:
        return table
    return f"{classes:,} classes; the first {_MOST_CLASSES} are shown\n\n{table}"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else str(value)


def _strings(points: Points, count: int) -> list[Page]:
    """Some of the strings of one name, and what is left out said with the last of them."""
    texts = [truncate_text(text) for text in points.values]
    if texts and len(texts) < count:
        of_all = f"{len(texts)} of {count:,} texts are shown (Workspace.history has all of them)."
        texts[-1] = f"{of_all}\n\n{texts[-1]}"
    columns = zip(points.steps.tolist(), points.times_s.tolist(), texts, strict=True)
    return [Page(step, time_s, text) for step, time_s, text in columns]
