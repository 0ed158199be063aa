"""The series of a view under the names TensorBoard knows them by, and their points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from tensorboard.data import provider as tb

from trackboard.board.series.point_budget import ANSWER_POINTS, points_per_series
from trackboard.board.view.run_list import RunList, RunLists
from trackboard.model import RunId, Series, ValueKind
from trackboard.ports import Points, Store

_NO_POINTS = Points(np.empty(0, np.int64), np.empty(0), np.empty(0))


@dataclass(frozen=True)
class NamedSeries:
    """One series under the names TensorBoard knows it by."""

    run: str
    tag: str
    series: Series


@dataclass(frozen=True)
class TableSeries:
    """One table: the series that are its columns, in the order first logged."""

    run: str
    tag: str
    columns: Sequence[Series]


@dataclass(frozen=True, eq=False)
class _Index:
    """Everything in a view."""

    numbers: dict[str, list[NamedSeries]]  # by tag
    texts: list[NamedSeries]  # without the cells of tables
    tables: list[TableSeries]


class SeriesLookup:
    """Looks up series, and lists all of a view only once while the store does not change."""

    def __init__(self, store: Store, run_lists: RunLists, budget: int = ANSWER_POINTS) -> None:
        self._store = store
        self._budget = budget
        self._run_lists = run_lists
        self._kept: WeakKeyDictionary[RunList, _Index] = WeakKeyDictionary()  # gone with its list

    def numbers(
        self, experiment_id: str, run_tag_filter: tb.RunTagFilter | None
    ) -> list[NamedSeries]:
        """Number series that match a filter, the columns of tables among them."""
        run_list = self._run_lists.get(experiment_id)
        runs = run_tag_filter.runs if run_tag_filter else None
        tags = run_tag_filter.tags if run_tag_filter else None
        index = self._kept.get(run_list)
        if index is None and tags is not None:  # while runs log, few tags are cheaper than all
            ids = run_list.run_ids if runs is None else known(run_list, runs)
            found = self._store.list_series(runs=ids, names=tags, text=False)
            return _name_series(found, run_list)
        by_tag = (index or self._list(run_list)).numbers
        wanted = by_tag if tags is None else [tag for tag in tags if tag in by_tag]
        curves = [curve for tag in wanted for curve in by_tag[tag]]
        return curves if runs is None else [curve for curve in curves if curve.run in runs]

    def texts(
        self, experiment_id: str, run_tag_filter: tb.RunTagFilter | None
    ) -> tuple[list[NamedSeries], list[TableSeries]]:
        """Text series and tables that match a filter."""
        run_list = self._run_lists.get(experiment_id)
        index = self._kept.get(run_list)
        if index is None and run_tag_filter and run_tag_filter.runs is not None:
            ids = known(run_list, run_tag_filter.runs)
            index = _index(_name_series(self._store.list_series(runs=ids), run_list))
        elif index is None:
            index = self._list(run_list)
        texts = [text for text in index.texts if matches(text.run, text.tag, run_tag_filter)]
        tables = [each for each in index.tables if matches(each.run, each.tag, run_tag_filter)]
        return texts, tables

    def read(
        self, curves: Iterable[NamedSeries], *, limit: int
    ) -> list[tuple[NamedSeries, Points]]:
        """Read series of at most `limit` points each, sorted by step; numbers are float64."""
        chosen = list(curves)
        stored = self._store.read_points([curve.series.id for curve in chosen], limit=limit)
        return [
            (curve, _in_order(stored[curve.series.id]))
            for curve in chosen
            if curve.series.id in stored
        ]

    def read_within(
        self, curves: list[NamedSeries], downsample: int | None
    ) -> list[tuple[NamedSeries, Points]]:
        """Read series of at most `downsample` points each and the budget of an answer in all."""
        if downsample is not None and downsample < 1:  # zero means none to TensorBoard
            return [(curve, _NO_POINTS) for curve in curves]
        counts = [curve.series.count for curve in curves]
        at_most = max(counts, default=1) if downsample is None else downsample
        return self.read(
            curves, limit=points_per_series(counts, at_most=at_most, budget=self._budget)
        )

    def _list(self, run_list: RunList) -> _Index:
        index = _index(_name_series(self._store.list_series(runs=run_list.run_ids), run_list))
        self._kept[run_list] = index
        return index


def known(run_list: RunList, runs: Collection[str]) -> list[RunId]:
    """Ids of the view's runs of these names."""
    return [run_list.ids[name] for name in runs if name in run_list.ids]


def matches(run: str, tag: str, run_tag_filter: tb.RunTagFilter | None) -> bool:
    """Whether a filter lets a tag of a run through."""
    if run_tag_filter is None:
        return True
    runs, tags = run_tag_filter.runs, run_tag_filter.tags
    return (runs is None or run in runs) and (tags is None or tag in tags)


def _name_series(found: Iterable[Series], run_list: RunList) -> list[NamedSeries]:
    """Give series their run's name; those of a run stored just now wait for the next list of runs."""
    names = run_list.names
    return [
        NamedSeries(names[series.run], series.name, series)
        for series in found
        if series.run in names
    ]


def _index(curves: Iterable[NamedSeries]) -> _Index:
    numbers: dict[str, list[NamedSeries]] = defaultdict(list)
    texts: list[NamedSeries] = []
    tables: dict[tuple[str, str], list[Series]] = defaultdict(list)
    for curve in curves:
        if curve.series.kind is not ValueKind.TEXT:
            numbers[curve.tag].append(curve)
        elif not curve.series.table:
            texts.append(curve)
        if curve.series.table:
            tables[curve.run, curve.series.table].append(curve.series)
    table_series = [TableSeries(run, table, columns) for (run, table), columns in tables.items()]
    return _Index(dict(numbers), texts, table_series)


def _in_order(points: Points) -> Points:
    """Sort by step, as the charts expect, points of one step in the order they were logged."""
    steps, times, values = points.steps, points.times_s, points.values
    if values.dtype != object:
        values = values.astype(np.float64)
    if np.any(steps[1:] < steps[:-1]):
        order = np.argsort(steps, kind="stable")
        steps, times, values = steps[order], times[order], values[order]
    return Points(steps, times, values)
