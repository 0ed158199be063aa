"""What was logged, as TensorBoard's DataProvider: each kind of value where people look for it.

    numbers, and number columns of tables     scalars
    strings, tables, confusion matrices       text, with what cannot be shown elsewhere
    images, and documents drawn as images     images (and other files: `dashboards.blob_sequences`)
    accuracy tables                           pr_curves
    histograms                                histograms, for Distributions too
    parameters and tags                       hparams

Nothing is exported: every answer is read from the store, after what has arrived was stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from tensorboard.data import provider as tb

from trackboard.board.dashboards.artifacts import ArtifactLookup
from trackboard.board.dashboards.blob_sequences import BlobSequences
from trackboard.board.dashboards.contents import Contents
from trackboard.board.dashboards.histograms import HISTOGRAMS, Histograms
from trackboard.board.dashboards.hparams import HPARAMS, Hparams, Rows
from trackboard.board.dashboards.pr_curves import PR_CURVES, PrCurves
from trackboard.board.dashboards.texts import TEXT, Texts
from trackboard.board.series.sampling import Sampling
from trackboard.board.series.scalars import NamedSeries, SeriesLookup, matches
from trackboard.board.view.run_list import RunLists
from trackboard.board.view.source import Source, View
from trackboard.model import RunKind, RunState, Series
from trackboard.ports import Points

SCALARS = "scalars"
_LOGS = (RunState.RUNNING, RunState.FINALIZING)

T = TypeVar("T")


class HistoryProvider(tb.DataProvider):  # type: ignore[misc]  # TensorBoard is not typed
    """Reads the history of a workspace."""

    def __init__(
        self, source: Source, run_lists: RunLists, sampling: Sampling | None = None
    ) -> None:
        self._source = source
        self._sampling = sampling = sampling or Sampling()
        self._run_lists = run_lists
        self._series_lookup = SeriesLookup(source.store, run_lists, sampling.budget)
        artifact_lookup, contents = ArtifactLookup(source.store, run_lists), Contents(source.blobs)
        self._blobs = BlobSequences(artifact_lookup, contents, sampling)
        self._tensors: dict[str, Texts | PrCurves | Histograms] = {
            TEXT: Texts(
                source.store, self._series_lookup, artifact_lookup, contents, sampling.limit(TEXT)
            ),
            PR_CURVES: PrCurves(artifact_lookup, contents),
            HISTOGRAMS: Histograms(artifact_lookup, contents, sampling),
        }
        self._hparams = Hparams(source.store, run_lists)
        self.unread_bytes = 0

    def __str__(self) -> str:
        return f"HistoryProvider({self._source.name!r})"

    def refresh(self) -> None:
        """Store what has arrived, as far as that is possible in a moment."""
        self.unread_bytes = self._source.refresh()

    @property
    def workspace_folder(self) -> Path | None:
        """The folder of the workspace; None: it is in none."""
        return self._source.folder

    def get_view(self, experiment_id: str) -> View:
        """Say which runs an experiment id means.

        Raises:
            tensorboard.errors.NotFoundError: There is no such experiment, or none of the runs.
        """
        return self._run_lists.get_view(experiment_id)

    def change_token(self) -> str:
        """A word that changes with the store and with what waits to be stored."""
        self.refresh()
        return f"{self._source.store.version()}.{self.unread_bytes}"

    # -- what there is ------------------------------------------------------------------------------

    def experiment_metadata(self, ctx: Any = None, *, experiment_id: str) -> tb.ExperimentMetadata:
        """Name the experiment and where its data is."""
        self.refresh()
        view = self._run_lists.get_view(experiment_id)
        return tb.ExperimentMetadata(
            data_location=self._source.name, experiment_name=view.experiment or ""
        )

    def list_plugins(self, ctx: Any = None, *, experiment_id: str) -> list[str]:
        """Name the dashboards. Scalars also before there are any, for a page that is opened early.

        While all there is are jobs of which none runs, they are not: what a page opens with is then
        what there is to say about those.
        """
        self.refresh()
        found = {
            SCALARS: self._may_log(experiment_id) or bool(self.list_series(experiment_id, None)),
            **self._blobs.exist(experiment_id),
            HPARAMS: bool(self._hparams.rows(experiment_id)),
            **{name: one.exist(experiment_id) for name, one in self._tensors.items()},
        }
        return [name for name, exists in found.items() if exists]

    def _may_log(self, experiment_id: str) -> bool:
        """Whether numbers may come any moment."""
        runs = self._run_lists.get(experiment_id).runs
        return not runs or any(run.kind is not RunKind.JOB or run.state in _LOGS for run in runs)

    def list_runs(self, ctx: Any = None, *, experiment_id: str) -> list[tb.Run]:
        """List the view's runs, also those that have logged nothing yet."""
        self.refresh()
        run_list = self._run_lists.get(experiment_id)
        return [
            tb.Run(
                run_id=run_list.names[run.id],
                run_name=run_list.names[run.id],
                start_time=run.created_s if run.started_s is None else run.started_s,
            )
            for run in run_list.runs
        ]

    # -- scalars --------------------------------------------------------------------------------------

    def list_scalars(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> dict[str, dict[str, tb.ScalarTimeSeries]]:
        """List number series by run and tag."""
        self.refresh()
        if plugin_name != SCALARS:
            return {}
        curves = self._series_lookup.numbers(experiment_id, run_tag_filter)
        return _by_run((curve, _describe(curve)) for curve in curves)

    def read_scalars(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        downsample: int | None = None,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> dict[str, dict[str, list[tb.ScalarDatum]]]:
        """Read number series, thinned to `downsample` points each and to the budget of an answer."""
        self.refresh()
        if plugin_name != SCALARS:
            return {}
        curves = self._series_lookup.numbers(experiment_id, run_tag_filter)
        columns = self._noted(self._series_lookup.read_within(curves, downsample))
        return _by_run((curve, _scalars(points)) for curve, points in columns)

    def read_last_scalars(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> dict[str, dict[str, tb.ScalarDatum]]:
        """Read the last value of each number series; touches no points."""
        self.refresh()
        if plugin_name != SCALARS:
            return {}
        curves = self._series_lookup.numbers(experiment_id, run_tag_filter)
        return _by_run((curve, _last(curve.series)) for curve in curves)

    # -- text, curves of classes, parameters ------------------------------------------------------------

    def list_tensors(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> dict[str, dict[str, tb.TensorTimeSeries]]:
        """List what is neither a number nor a file by run and tag."""
        self.refresh()
        if plugin_name == HPARAMS:
            return _filtered(self._hparams.tags(experiment_id), run_tag_filter)
        dashboard = self._tensors.get(plugin_name)
        return dashboard.list_series(experiment_id, run_tag_filter) if dashboard else {}

    def read_tensors(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        downsample: int | None = None,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> dict[str, dict[str, list[tb.TensorDatum]]]:
        """Read what is neither a number nor a file; parameters are in their lists already."""
        self.refresh()
        dashboard = self._tensors.get(plugin_name)
        if dashboard is None:
            return {}
        return dashboard.read_series(experiment_id, run_tag_filter, downsample)

    def list_hparams(self, experiment_id: str) -> Rows:
        """Runs that have a parameter or a tag, to be merged with those of event files."""
        self.refresh()
        return self._hparams.rows(experiment_id)

    # -- images, and whatever else is files -------------------------------------------------------------

    def list_blob_sequences(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> dict[str, dict[str, tb.BlobSequenceTimeSeries]]:
        """List values that are files by run and tag."""
        self.refresh()
        return self._blobs.list_series(plugin_name, experiment_id, run_tag_filter)

    def read_blob_sequences(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        downsample: int | None = None,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> dict[str, dict[str, list[tb.BlobSequenceDatum]]]:
        """Say where values that are files are."""
        self.refresh()
        return self._blobs.read_series(plugin_name, experiment_id, run_tag_filter, downsample)

    def read_blob(self, ctx: Any = None, *, blob_key: str) -> bytes:
        """Read a part of a value that is a file: of an image its width, its height, or the file."""
        return self._blobs.read(blob_key)

    # -- columns, for the fast path -----------------------------------------------------------------------

    def list_series(
        self, experiment_id: str, run_tag_filter: tb.RunTagFilter | None
    ) -> list[NamedSeries]:
        """List number series that match a filter."""
        return self._series_lookup.numbers(experiment_id, run_tag_filter)

    def read_series(
        self, curves: Iterable[NamedSeries], *, limit: int
    ) -> list[tuple[NamedSeries, Points]]:
        """Read series of at most `limit` points each, sorted by step; numbers are float64."""
        return self._noted(self._series_lookup.read(curves, limit=limit))

    def _noted(self, columns: list[tuple[NamedSeries, Points]]) -> list[tuple[NamedSeries, Points]]:
        """The same, and what is left out remembered."""
        for curve, points in columns:
            self._sampling.note(SCALARS, curve.tag, len(points.steps), curve.series.count)
        return columns


def _by_run(items: Iterable[tuple[NamedSeries, T]]) -> dict[str, dict[str, T]]:
    runs: dict[str, dict[str, T]] = defaultdict(dict)
    for curve, item in items:
        runs[curve.run][curve.tag] = item
    return dict(runs)


def _filtered(
    found: dict[str, dict[str, T]], run_tag_filter: tb.RunTagFilter | None
) -> dict[str, dict[str, T]]:
    if run_tag_filter is None:
        return found
    kept = {
        run: {tag: item for tag, item in tags.items() if matches(run, tag, run_tag_filter)}
        for run, tags in found.items()
    }
    return {run: tags for run, tags in kept.items() if tags}


def _describe(curve: NamedSeries) -> tb.ScalarTimeSeries:
    """Summarise a series. Empty content is version 0 of the scalar plugin's data."""
    return tb.ScalarTimeSeries(
        max_step=curve.series.max_step,
        max_wall_time=curve.series.last_time_s,
        plugin_content=b"",
        description="",
        display_name=curve.tag,
    )


def _last(series: Series) -> tb.ScalarDatum:
    return tb.ScalarDatum(series.last_step, series.last_time_s, float(series.last_value))


def _scalars(points: Points) -> list[tb.ScalarDatum]:
    columns = zip(
        points.steps.tolist(), points.times_s.tolist(), points.values.tolist(), strict=True
    )
    return [tb.ScalarDatum(step, time_s, value) for step, time_s, value in columns]
