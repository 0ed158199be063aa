"""What a run holds besides numbers and texts, as records of its event file.

    parameters and tags                       hparams
    images, and documents drawn as images     images (and other files: `dashboards.blob_sequences`)
    accuracy tables                           pr_curves
    histograms                                histograms, for Distributions too
    tables, confusion matrices, and what cannot be shown and why      text

The records come from the same code as the live view, a file of the run at a time. There is no
`_hparams_/experiment`: the first one that TensorBoard finds fixes the columns of all runs, and without
any it makes them from the runs in the folder, whichever those are.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from trackboard.board.dashboards import histograms, pr_curves, texts
from trackboard.board.dashboards.artifacts import ArtifactSeries
from trackboard.board.dashboards.blob_sequences import BlobDashboard, open_dashboards
from trackboard.board.dashboards.contents import Contents, Problem
from trackboard.board.dashboards.documents import AccuracyTable, ConfusionMatrix, Histogram
from trackboard.board.dashboards.hparams import HPARAMS
from trackboard.board.export.tag_names import Use, Wanted
from trackboard.board.series.samples import USUAL
from trackboard.eventfile import encode
from trackboard.model import ArtifactKind, Series, ValueKind
from trackboard.ports import Artifact, Store

FILE_BYTES = 32 * 1024 * 1024  # an event is in memory some times over, here and in TensorBoard


@dataclass(frozen=True)
class _CurveMetadata:
    """What TensorBoard wants to know of a class's curve; of several tables the last one's."""

    content: bytes
    description: str


@dataclass
class Values:
    """Those of one run, looked through once: what there is, and what cannot be shown.

    Args:
        store: Where the run is.
        contents: Looks into its files.
        series: All series of the run.
        artifacts: The files of the run that are values.
        marks: Its row of parameters, by TensorBoard's tags.
    """

    store: Store
    contents: Contents
    series: Sequence[Series]
    artifacts: Sequence[ArtifactSeries]
    marks: Mapping[str, Any]
    problems: list[tuple[str, str]] = field(default_factory=list)  # a path, and why
    notes: list[str] = field(default_factory=list)
    _tables: dict[str, list[Series]] = field(default_factory=lambda: defaultdict(list))
    _files: dict[tuple[Use, str], list[Artifact]] = field(default_factory=lambda: defaultdict(list))
    _accuracy: dict[str, list[Artifact]] = field(default_factory=lambda: defaultdict(list))
    _histograms: dict[str, list[Artifact]] = field(default_factory=lambda: defaultdict(list))
    _curves: dict[str, _CurveMetadata] = field(default_factory=dict)
    _remarks: list[ArtifactSeries] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._dashboards = open_dashboards(self.contents)
        for series in self.series:
            if series.table:
                self._tables[series.table].append(series)
        for logged in self.artifacts:
            for artifact in logged.artifacts:
                self._classify(artifact)
            if texts.has_pages(self.contents, logged):
                self._remarks.append(logged)
        by_name = [(name, artifacts) for (_, name), artifacts in self._files.items()]
        for name, artifacts in [*by_name, *self._accuracy.items(), *self._histograms.items()]:
            self._describe_steps(name, artifacts)
        for (use, name), artifacts in self._files.items():
            self._describe_samples(use, name, len(artifacts))

    def __bool__(self) -> bool:
        return any(True for _ in self.wanted())

    def wanted(self) -> Iterator[Wanted]:
        """The names of what there is."""
        yield from ((Use.PARAMETERS, tag) for tag in self.marks)
        yield from self._files
        yield from ((Use.HISTOGRAMS, name) for name in self._histograms)
        yield from ((Use.CURVES, name) for name in self._curves)
        yield from ((Use.ROWS, name) for name in self._tables)
        yield from ((Use.REMARKS, logged.name) for logged in self._remarks)

    def write(
        self, tags: Mapping[Wanted, str], stream: BinaryIO, progress: Callable[[int], None]
    ) -> int:
        """Write all of it; returns how many records that took."""
        count = 0
        for record in self._records(tags):
            stream.write(record)
            progress(1)
            count += 1
        return count

    def _classify(self, artifact: Artifact) -> None:
        found = self.contents.inspect(artifact)
        if isinstance(found, Problem):
            self.problems.append((artifact.path, texts.misfit(artifact, found.why)))
        elif isinstance(found, AccuracyTable):
            self._accuracy[artifact.name].append(artifact)
            curve = _CurveMetadata(pr_curves.plugin_content(found), pr_curves.describe(found))
            for tag in pr_curves.class_tags(artifact.name, found):
                self._curves[tag] = curve
        elif isinstance(found, Histogram):
            self._histograms[artifact.name].append(artifact)
        elif artifact.size_bytes > FILE_BYTES:
            kind = artifact.kind.value
            why = f"{kind} of more than {FILE_BYTES >> 20} MiB does not fit into an event file"
            self.problems.append((artifact.path, why))
        else:
            shown_by = next(
                each for each in self._dashboards.values() if artifact.kind in each.kinds
            )
            self._files[Use.of_files(shown_by.plugin), artifact.name].append(artifact)

    def _describe_samples(self, use: Use, name: str, count: int) -> None:
        usual = USUAL[use.plugin]
        if count > usual:
            self.notes.append(
                f"{name}: TensorBoard shows {usual} of its {count:,} {use.value[1]}, unless started with"
                f" --samples_per_plugin {use.plugin}={count}"
            )

    def _describe_steps(self, name: str, artifacts: Sequence[Artifact]) -> None:
        steps = [artifact.step for artifact in artifacts]
        repeated = sum(one == next_ for one, next_ in itertools.pairwise(steps))
        if repeated:
            self.notes.append(f"{name}: {describe_repeats(repeated, len(steps), 'files')}")

    def _records(self, tags: Mapping[Wanted, str]) -> Iterator[bytes]:
        for tag, mark in self.marks.items():
            yield encode.mark(
                tags[Use.PARAMETERS, tag], mark.max_wall_time, HPARAMS, mark.plugin_content
            )
        for name, columns in self._tables.items():
            yield self._table_record(tags[Use.ROWS, name], name, columns)
        for wanted, artifacts in self._files.items():
            dashboard = self._dashboards[wanted[0].plugin]
            for artifact in artifacts:
                yield from self._file_record(dashboard, tags[wanted], artifact)
        for artifacts in self._accuracy.values():
            for artifact in artifacts:
                yield from self._curve_records(tags, artifact)
        for name, artifacts in self._histograms.items():
            for artifact in artifacts:
                yield from self._histogram_record(tags[Use.HISTOGRAMS, name], artifact)
        for logged in self._remarks:
            yield from self._remark_records(tags[Use.REMARKS, logged.name], logged)

    def _table_record(self, tag: str, name: str, columns: Sequence[Series]) -> bytes:
        preview = texts.read_table(self.store, columns)
        if len(preview.rows) < preview.total:
            has_text = any(column.kind is ValueKind.TEXT for column in columns)
            rest = "text cells of the others are not in the file, " if has_text else ""
            self.notes.append(
                f"{name}: its table shows {len(preview.rows):,} of {preview.total:,} rows; {rest}"
                "its columns of numbers are series of their own, and whole"
            )
        page = texts.table_page(columns, preview)
        return encode.texts(tag, [page.step], [page.time_s], [page.text])[0]

    def _file_record(
        self, dashboard: BlobDashboard, tag: str, artifact: Artifact
    ) -> Iterator[bytes]:
        record = dashboard.encode(tag, artifact)
        if record is None:
            self.problems.append((artifact.path, "it was there, and cannot be read any more"))
            return
        yield record

    def _curve_records(self, tags: Mapping[Wanted, str], artifact: Artifact) -> Iterator[bytes]:
        table = self.contents.inspect(artifact)
        if not isinstance(table, AccuracyTable):
            self.problems.append((artifact.path, "it was there, and cannot be read any more"))
            return
        for number, name in enumerate(pr_curves.class_tags(artifact.name, table)):
            curve = self._curves[name]
            yield encode.tensor(
                tags[Use.CURVES, name],
                artifact.step,
                artifact.time_s,
                pr_curves.tensor(table, number),
                pr_curves.PR_CURVES,
                curve.content,
                curve.description,
            )

    def _histogram_record(self, tag: str, artifact: Artifact) -> Iterator[bytes]:
        found = self.contents.inspect(artifact)
        if not isinstance(found, Histogram):
            self.problems.append((artifact.path, "it was there, and cannot be read any more"))
            return
        values = histograms.tensor(found)
        yield encode.tensor(tag, artifact.step, artifact.time_s, values, histograms.HISTOGRAMS, b"")

    def _remark_records(self, tag: str, logged: ArtifactSeries) -> list[bytes]:
        pages = sorted(texts.artifact_pages(self.contents, logged), key=lambda page: page.step)
        matrices = logged.of(ArtifactKind.CONFUSION_MATRIX)
        whole = sum(isinstance(self.contents.inspect(one), ConfusionMatrix) for one in matrices)
        shown = sum(not page.is_problem for page in pages)
        if shown < whole:
            self.notes.append(
                f"{logged.name}: {shown:,} of its {whole:,} matrices are there as tables, all are as"
                " images"
            )
        return [
            record
            for page in pages
            for record in encode.texts(tag, [page.step], [page.time_s], [page.text])
        ]


def describe_repeats(repeated: int, count: int, what: str) -> str:
    """Say what TensorBoard does with equal steps."""
    return (
        f"{repeated:,} of {count:,} {what} repeat a step; all are in the file,"
        " TensorBoard shows the last of each step unless started with --load_fast=false"
    )
