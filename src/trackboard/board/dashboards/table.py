"""Tables that were logged row by row, put together again from their columns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trackboard.board.dashboards import markdown
from trackboard.model import Series
from trackboard.ports import IntColumn, Points, Store

SHOWN_ROWS = 200
_MOST_COLUMNS = 125
_HEAD_CHARACTERS = 50
_CHARACTERS = 60_000  # of all cells, as markdown: 0.5 s of TensorBoard's sanitizer at the worst
_ENTITY_CHARACTERS = 5  # what one character may become
_FEWEST_CELL_CHARACTERS = 20
_MAX_POINTS = 1_000_000

Row = tuple[int, tuple[str, ...]]  # its number, and its cells as markdown


@dataclass(frozen=True)
class TablePreview:
    """Some rows of a table; cells that were not logged are empty."""

    columns: tuple[str, ...]  # in the order first logged
    rows: tuple[Row, ...]
    total: int  # rows that the table has
    has_end: bool  # the newest rows are among them
    total_columns: int

    def markdown(self) -> str:
        """The table, and how much of it is shown."""
        head = ["&#35;", *(markdown.cell(column, _HEAD_CHARACTERS) for column in self.columns)]
        body = markdown.table(head, ([str(number), *cells] for number, cells in self.rows))
        return f"{self._rows_shown()}{self._columns_shown()}\n\n{body}"

    def _rows_shown(self) -> str:
        shown = len(self.rows)
        if shown == self.total:
            return f"{self.total:,} rows"
        half = f"the first {shown - shown // 2} and the last {shown // 2}"
        which = half if self.has_end else f"the first {shown}"
        return f"{self.total:,} rows; {which} are shown"

    def _columns_shown(self) -> str:
        if len(self.columns) == self.total_columns:
            return ""
        return f"; the first {len(self.columns)} of {self.total_columns:,} columns are shown"


def read_preview(
    store: Store,
    columns: Sequence[Series],
    *,
    at_most: int = SHOWN_ROWS,
    max_points: int = _MAX_POINTS,
) -> TablePreview:
    """Read a table, at most so many of its rows: the first and the last.

    Cells meet by step, which is the row's number. Where several processes counted rows of their own,
    the second of one number makes a second row.

    Args:
        store: Where it is.
        columns: Its columns.
        at_most: How many rows.
        max_points: A table of longer columns is shown from its beginning only.
    """
    all_columns = tuple(dict.fromkeys(series.column for series in columns))
    names = all_columns[:_MOST_COLUMNS]
    columns = [series for series in columns if series.column in names]
    is_whole = max(series.count for series in columns) <= max_points
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
    limit = _cell_characters(len(names))
    rows: dict[tuple[int, int], dict[str, str]] = {key: {} for key in keys}
    for name, own_steps, own_times, points in cells:
        for at in np.flatnonzero(np.isin(own_steps, steps)).tolist():
            row = rows.get((int(own_steps[at]), int(own_times[at])))
            if row is not None:
                row[name] = markdown.cell(_plain(points.values[at]), limit)
    shown = tuple((key[0], tuple(row.get(name, "") for name in names)) for key, row in rows.items())
    return TablePreview(names, _fitting(shown, has_end=is_whole), total, is_whole, len(all_columns))


def _cell_characters(columns: int) -> int:
    """How much of a text one cell shows, so that two rows keep to the budget even if all are long."""
    most = _CHARACTERS // (2 * _ENTITY_CHARACTERS * columns)
    return max(_FEWEST_CELL_CHARACTERS, min(markdown.CELL_CHARACTERS, most))


def _fitting(rows: Sequence[Row], *, has_end: bool) -> tuple[Row, ...]:
    """As many of the first and the last rows as a page can show, at least one of each."""
    first: list[Row] = []
    last: list[Row] = []
    room = _CHARACTERS
    for number in range(len(rows)):
        from_end = has_end and number % 2 == 1
        row = rows[len(rows) - 1 - number // 2] if from_end else rows[len(first)]
        room -= sum(map(len, row[1]))
        if room < 0 and number >= 2:
            break
        (last if from_end else first).append(row)
    return (*first, *reversed(last))


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
