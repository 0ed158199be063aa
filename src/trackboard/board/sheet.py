"""Tables that were logged row by row, put together again from their columns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trackboard.board import markdown
from trackboard.model import Series
from trackboard.ports import IntColumn, Points, Store

SHOWN_ROWS = 200
_WHOLE_POINTS = 1_000_000  # of a column; a longer table is shown from its beginning only


@dataclass(frozen=True)
class Sheet:
    """Some rows of a table; cells that were not logged are empty."""

    columns: tuple[str, ...]  # in the order first logged
    rows: tuple[tuple[int, tuple[str, ...]], ...]  # a row's number, and its cells as markdown
    total: int  # rows that the table has
    has_end: bool  # the newest rows are among them

    def markdown(self) -> str:
        """The table, and how much of it is shown."""
        head = ["&#35;", *(markdown.cell(column) for column in self.columns)]
        body = markdown.table(head, ([str(number), *cells] for number, cells in self.rows))
        shown = len(self.rows)
        if shown == self.total:
            return f"{self.total:,} rows\n\n{body}"
        half = f"the first {shown - shown // 2} and the last {shown // 2}"
        which = half if self.has_end else f"the first {shown}"
        return f"{self.total:,} rows; {which} are shown\n\n{body}"


def read_sheet(store: Store, columns: Sequence[Series], *, at_most: int = SHOWN_ROWS) -> Sheet:
    """Read a table, at most so many of its rows: the first and the last.

    Cells meet by step, which is the row's number. Where several processes counted rows of their own,
    the second of one number makes a second row.
    """
    is_whole = max(series.count for series in columns) <= _WHOLE_POINTS
    found = _read(store, columns) if is_whole else _read_beginning(store, columns)
    cells: list[tuple[str, IntColumn, IntColumn, Points]] = [
        (series.column, points.steps, _occurrences(points.steps), points)
        for series, points in found
    ]
    steps, times = _distinct([(steps, times) for _, steps, times, _ in cells])
    total = len(steps) if is_whole else max(series.count for series in columns)
    if len(steps) > at_most:
        last = at_most // 2 if is_whole else 0
        chosen = np.r_[0 : at_most - last, len(steps) - last : len(steps)]
        steps, times = steps[chosen], times[chosen]
    keys = list(zip(steps.tolist(), times.tolist(), strict=True))
    names = tuple(dict.fromkeys(series.column for series in columns))
    rows: dict[tuple[int, int], dict[str, str]] = {key: {} for key in keys}
    for name, own_steps, own_times, points in cells:
        for at in np.flatnonzero(np.isin(own_steps, steps)).tolist():
            row = rows.get((int(own_steps[at]), int(own_times[at])))
            if row is not None:
                row[name] = markdown.cell(_plain(points.values[at]))
    shown = tuple((key[0], tuple(row.get(name, "") for name in names)) for key, row in rows.items())
    return Sheet(names, shown, total, is_whole)


def _read(store: Store, columns: Sequence[Series]) -> list[tuple[Series, Points]]:
    found = store.read_points([series.id for series in columns])
    return [(series, found[series.id]) for series in columns if series.id in found]


def _read_beginning(store: Store, columns: Sequence[Series]) -> list[tuple[Series, Points]]:
    """The first chunks of each column, which hold its first rows."""
    return [
        (series, points)
        for series in columns
        for points in itertools.islice(store.iter_points(series.id), 1)
    ]


def _occurrences(steps: IntColumn) -> IntColumn:
    """How often each step came before, in the order logged."""
    order = np.argsort(steps, kind="stable")
    ordered = steps[order]
    counted = np.empty(len(steps), dtype=np.int64)
    counted[order] = np.arange(len(steps)) - np.searchsorted(ordered, ordered)
    return counted


def _distinct(pairs: Sequence[tuple[IntColumn, IntColumn]]) -> tuple[IntColumn, IntColumn]:
    """Rows that any column has, each once and in order."""
    steps = np.concatenate([steps for steps, _ in pairs])
    times = np.concatenate([times for _, times in pairs])
    order = np.lexsort((times, steps))
    steps, times = steps[order], times[order]
    is_new = np.ones(len(steps), dtype=bool)
    is_new[1:] = (steps[1:] != steps[:-1]) | (times[1:] != times[:-1])
    return steps[is_new], times[is_new]


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value
