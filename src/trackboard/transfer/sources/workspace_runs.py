"""Runs of another workspace: what `copy` takes, and `import` of a workspace's folder."""

from __future__ import annotations

import functools
import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import BinaryIO

import numpy as np

from trackboard.model import Run, RunId, Series, TextLogged, ValueKind
from trackboard.ports import Artifact, Blobs, RunFile, RunFiles, SeriesPoints, Store
from trackboard.transfer.run_source import (
    LeftOut,
    LoggedAs,
    RunContent,
    RunDescription,
    RunHead,
    SourceFile,
)

_KINDS = {"b": ValueKind.BOOL, "i": ValueKind.INT, "f": ValueKind.FLOAT}


class WorkspaceRuns:
    """`RunSource` of a workspace.

    Args:
        store: What is stored there.
        blobs: Its complete files.
        run_files: Its plain files.
        location: Where it is, for people.
        runs: Only these and all below them; None: all.
    """

    kind = "trackboard"

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        run_files: RunFiles,
        location: str,
        runs: Collection[RunId] | None = None,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._run_files = run_files
        self.location = location
        self._chosen = runs
        self._runs: dict[RunId, Run] = {}

    def list_runs(self) -> Sequence[RunHead]:
        """The runs, each after its parent."""
        chosen = self._chosen
        if chosen is None:
            chosen = [run.id for run in self._store.list_runs()]
        runs = [run for run in self._store.list_descendants(chosen) if run.number]
        self._runs = {run.id: run for run in runs}
        ids = list(self._runs)
        self._tags = self._store.list_tags(ids)
        self._parameters = self._store.list_parameters(ids)
        self._series: dict[RunId, list[Series]] = defaultdict(list)
        for series in self._store.list_series(runs=ids):
            self._series[series.run].append(series)
        return [RunHead(run.id, f"run {run.id}", self._revision(run)) for run in runs]

    def read(self, head: RunHead) -> RunContent:
        """All that one of the runs holds."""
        run, store = self._runs[head.id], self._store
        numbers = [each for each in self._series[run.id] if each.kind is not ValueKind.TEXT]
        texts = [each for each in self._series[run.id] if each.kind is ValueKind.TEXT]
        artifacts = store.list_artifacts(runs=[run.id])
        left_out = [f"a warning: {text}" for text in run.warnings] if not run.lost_points else []
        return RunContent(
            RunDescription(
                experiment=run.experiment,
                created_s=run.created_s,
                name=run.given_name,
                parent=run.parent if run.parent in self._runs else None,
                kind=run.kind,
                state=run.state,
                cause=run.cause,
                started_s=run.started_s,
                ended_s=run.ended_s,
                description=run.description,
                tags=self._tags.get(run.id, {}),
                properties=store.get_properties(run.id),
                parameters=self._parameters.get(run.id, {}),
                lost_points=run.lost_points,
            ),
            points=[part for series in numbers for part in self._iter_points(series)],
            texts=[text for series in texts for text in self._iter_texts(series)],
            files=self._list_files(run.id, artifacts),
            left_out=left_out,
        )

    def list_left_out(self) -> Iterable[LeftOut]:
        """What belongs to no run."""
        if self._chosen is not None:
            return
        models = len(self._store.list_models())
        environments = len(self._store.list_environments())
        for count, what in (
            (models, "registered models"),
            (environments, "registered environments"),
        ):
            if count:
                yield LeftOut(
                    self.location, f"{count:,} {what}: backup takes all of a workspace along"
                )

    def close(self) -> None:
        """Whoever opened the workspace closes it."""

    def _revision(self, run: Run) -> int:
        """Another number when the run went on, or more is said of it."""
        told = (
            run.state.value,
            run.ended_s,
            sorted((each.name, int(each.kind), each.count) for each in self._series[run.id]),
            sorted(self._tags.get(run.id, {})),
            sorted(self._parameters.get(run.id, {})),
            [(file.path, file.size_bytes) for file in self._store.list_files(run.id)],
        )
        return zlib.crc32(repr(told).encode("utf-8", "replace"))

    def _iter_points(self, series: Series) -> Iterator[SeriesPoints]:
        for points in self._store.iter_points(series.id):
            yield SeriesPoints(
                run=series.run,
                name=series.name,
                kind=_KINDS[points.values.dtype.kind],  # a chunk of before the series widened
                steps=points.steps,
                has_step=np.ones(len(points), np.bool_),
                times_s=points.times_s,
                values=points.values,
                table=series.table,
            )

    def _iter_texts(self, series: Series) -> Iterator[TextLogged]:
        for points in self._store.iter_points(series.id):
            for step, time_s, text in zip(
                points.steps.tolist(), points.times_s.tolist(), points.values, strict=True
            ):
                yield TextLogged(series.run, series.name, text, step, time_s, series.table)

    def _list_files(self, run: RunId, artifacts: Iterable[Artifact]) -> list[SourceFile]:
        """Values that are files in the order they were logged, then all other files."""
        files = []
        for each in artifacts:
            value = LoggedAs(each.name, each.kind, each.step)
            read = functools.partial(self._blobs.open, each.key)
            files.append(SourceFile(each.path, each.size_bytes, each.time_s, read, value))
        named = {each.path for each in files}
        others = (file for file in self._store.list_files(run) if file.path not in named)
        return files + [
            SourceFile(file.path, file.size_bytes, file.time_s, self._opener(run, file))
            for file in others
        ]

    def _opener(self, run: RunId, file: RunFile) -> Callable[[], BinaryIO]:
        if file.key:
            return functools.partial(self._blobs.open, file.key)
        return functools.partial(self._run_files.open, run, file.path)
