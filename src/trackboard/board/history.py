"""What was logged, as TensorBoard's DataProvider: numbers as scalars, text as tensors.

Nothing is exported: every answer is read from the store, after what has arrived was stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from tensorboard.data import provider as tb
from tensorboard.errors import NotFoundError

from trackboard.board.budget import share
from trackboard.board.roster import Roster, Rosters
from trackboard.board.source import Source
from trackboard.model import RunId, Series, ValueKind
from trackboard.ports import Points

SCALARS = "scalars"
TEXT = "text"

T = TypeVar("T")

_NO_POINTS = Points(np.empty(0, np.int64), np.empty(0), np.empty(0))


@dataclass(frozen=True)
class Curve:
    """One series under the names TensorBoard knows it by."""

    run: str
    tag: str
    series: Series


Index = dict[bool, dict[str, list[Curve]]]  # is text -> tag -> curves


class HistoryProvider(tb.DataProvider):  # type: ignore[misc]  # TensorBoard is not typed
    """Reads the history of a workspace."""

    def __init__(self, source: Source, rosters: Rosters) -> None:
        self._source = source
        self._rosters = rosters
        self._kept: WeakKeyDictionary[Roster, Index] = WeakKeyDictionary()  # gone with its roster
        self.unread_bytes = 0

    def __str__(self) -> str:
        return f"HistoryProvider({self._source.name!r})"

    def refresh(self) -> None:
        """Store what has arrived, as far as that is possible in a moment."""
        self.unread_bytes = self._source.refresh()

    def change_token(self) -> str:
        """A word that changes with the store and with what waits to be stored."""
        self.refresh()
        return f"{self._source.store.version()}.{self.unread_bytes}"

    # -- what there is ------------------------------------------------------------------------------

    def experiment_metadata(self, ctx: Any = None, *, experiment_id: str) -> tb.ExperimentMetadata:
        """Name the experiment and where its data is."""
        self.refresh()
        view = self._rosters.get_view(experiment_id)
        return tb.ExperimentMetadata(
            data_location=self._source.name, experiment_name=view.experiment or ""
        )

    def list_plugins(self, ctx: Any = None, *, experiment_id: str) -> list[str]:
        """Name the dashboards: scalars always, so that a page opened early is not an empty one."""
        self.refresh()
        has_text = any(self._select(experiment_id, None, text=True))
        return [SCALARS, TEXT] if has_text else [SCALARS]

    def list_runs(self, ctx: Any = None, *, experiment_id: str) -> list[tb.Run]:
        """List the view's runs, also those that have logged nothing yet."""
        self.refresh()
        roster = self._rosters.get(experiment_id)
        return [
            tb.Run(
                run_id=roster.names[run.id],
                run_name=roster.names[run.id],
                start_time=run.created_s if run.started_s is None else run.started_s,
            )
            for run in roster.runs
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
        curves = self._select(experiment_id, run_tag_filter, text=False)
        return _by_run((curve, _describe(tb.ScalarTimeSeries, curve)) for curve in curves)

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
        curves = self._select(experiment_id, run_tag_filter, text=False)
        columns = self._read(curves, downsample)
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
        curves = self._select(experiment_id, run_tag_filter, text=False)
        return _by_run((curve, _last(curve.series)) for curve in curves)

    # -- text -----------------------------------------------------------------------------------------

    def list_tensors(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> dict[str, dict[str, tb.TensorTimeSeries]]:
        """List text series by run and tag."""
        self.refresh()
        if plugin_name != TEXT:
            return {}
        curves = self._select(experiment_id, run_tag_filter, text=True)
        return _by_run((curve, _describe(tb.TensorTimeSeries, curve)) for curve in curves)

    def read_tensors(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        downsample: int | None = None,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> dict[str, dict[str, list[tb.TensorDatum]]]:
        """Read text series."""
        self.refresh()
        if plugin_name != TEXT:
            return {}
        curves = self._select(experiment_id, run_tag_filter, text=True)
        return _by_run((curve, _texts(points)) for curve, points in self._read(curves, downsample))

    # -- what the history does not hold -----------------------------------------------------------------

    def list_blob_sequences(self, ctx: Any = None, **_: Any) -> dict[str, Any]:
        """List nothing: images and graphs come from native event files."""
        return {}

    def read_blob_sequences(self, ctx: Any = None, **_: Any) -> dict[str, Any]:
        """Read nothing: images and graphs come from native event files."""
        return {}

    def read_blob(self, ctx: Any = None, *, blob_key: str) -> bytes:
        """Raise NotFoundError: no blob is ours."""
        raise NotFoundError(f"blob {blob_key!r} is not in the history")

    # -- columns, for the fast path -----------------------------------------------------------------------

    def list_curves(
        self, experiment_id: str, run_tag_filter: tb.RunTagFilter | None
    ) -> list[Curve]:
        """List number series that match a filter."""
        return self._select(experiment_id, run_tag_filter, text=False)

    def read_curves(self, curves: Iterable[Curve], *, limit: int) -> list[tuple[Curve, Points]]:
        """Read series of at most `limit` points each, sorted by step; numbers are float64."""
        chosen = list(curves)
        stored = self._source.store.read_points([curve.series.id for curve in chosen], limit=limit)
        return [
            (curve, _in_order(stored[curve.series.id]))
            for curve in chosen
            if curve.series.id in stored
        ]

    def _read(self, curves: list[Curve], downsample: int | None) -> list[tuple[Curve, Points]]:
        if downsample is not None and downsample < 1:  # zero means none to TensorBoard
            return [(curve, _NO_POINTS) for curve in curves]
        counts = [curve.series.count for curve in curves]
        at_most = max(counts, default=1) if downsample is None else downsample
        return self.read_curves(curves, limit=share(counts, at_most=at_most))

    def _select(
        self, experiment_id: str, run_tag_filter: tb.RunTagFilter | None, *, text: bool
    ) -> list[Curve]:
        roster = self._rosters.get(experiment_id)
        runs = run_tag_filter.runs if run_tag_filter else None
        tags = run_tag_filter.tags if run_tag_filter else None
        index = self._kept.get(roster)
        if index is None and tags is not None:  # while runs log, few tags are cheaper than all
            ids = roster.run_ids if runs is None else _known(roster, runs)
            found = self._source.store.list_series(runs=ids, names=tags, text=text)
            return _curves(found, roster)
        if index is None:
            index = _index(_curves(self._source.store.list_series(runs=roster.run_ids), roster))
            self._kept[roster] = index
        by_tag = index[text]
        wanted = by_tag if tags is None else [tag for tag in tags if tag in by_tag]
        curves = [curve for tag in wanted for curve in by_tag[tag]]
        return curves if runs is None else [curve for curve in curves if curve.run in runs]


def _known(roster: Roster, runs: Collection[str]) -> list[RunId]:
    return [roster.ids[name] for name in runs if name in roster.ids]


def _curves(found: Iterable[Series], roster: Roster) -> list[Curve]:
    """Give series their run's name; those of a run stored just now wait for the next roster."""
    names = roster.names
    return [
        Curve(names[series.run], series.name, series) for series in found if series.run in names
    ]


def _index(curves: Iterable[Curve]) -> Index:
    index: Index = {False: defaultdict(list), True: defaultdict(list)}
    for curve in curves:
        index[curve.series.kind is ValueKind.TEXT][curve.tag].append(curve)
    return index


def _by_run(items: Iterable[tuple[Curve, T]]) -> dict[str, dict[str, T]]:
    runs: dict[str, dict[str, T]] = defaultdict(dict)
    for curve, item in items:
        runs[curve.run][curve.tag] = item
    return dict(runs)


def _describe(kind: Callable[..., T], curve: Curve) -> T:
    """Summarise a series. Empty content is version 0 of the scalar and of the text plugin's data."""
    return kind(
        max_step=curve.series.max_step,
        max_wall_time=curve.series.last_time_s,
        plugin_content=b"",
        description="",
        display_name=curve.tag,
    )


def _last(series: Series) -> tb.ScalarDatum:
    return tb.ScalarDatum(series.last_step, series.last_time_s, float(series.last_value))


def _in_order(points: Points) -> Points:
    """Sort by step, as the charts expect, points of one step in the order they were logged."""
    steps, times, values = points.steps, points.times_s, points.values
    if values.dtype != object:
        values = values.astype(np.float64)
    if np.any(steps[1:] < steps[:-1]):
        order = np.argsort(steps, kind="stable")
        steps, times, values = steps[order], times[order], values[order]
    return Points(steps, times, values)


def _scalars(points: Points) -> list[tb.ScalarDatum]:
    columns = zip(
        points.steps.tolist(), points.times_s.tolist(), points.values.tolist(), strict=True
    )
    return [tb.ScalarDatum(step, time_s, value) for step, time_s, value in columns]


def _texts(points: Points) -> list[tb.TensorDatum]:
    columns = zip(points.steps.tolist(), points.times_s.tolist(), points.values, strict=True)
    return [
        tb.TensorDatum(step, time_s, np.array(text, dtype=object)) for step, time_s, text in columns
    ]
