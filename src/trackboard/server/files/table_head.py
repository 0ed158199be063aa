"""The first rows of a table in a file: CSV and its like, and Parquet."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, BinaryIO

from trackboard.errors import UsageError
from trackboard.format.amounts import size
from trackboard.history.table import load_library

MOST_ROWS = 100
MOST_COLUMNS = 50
MOST_CHARACTERS = 200  # of a cell
SEPARATORS: Mapping[str, str] = {"csv": ",;\t|", "tsv": "\t", "tab": "\t"}
_PARQUET = "pip install pyarrow"
_BUFFER_BYTES = 1 << 16
_COLUMN_BYTES = 4 << 20  # of a column's first rows


@dataclass(frozen=True)
class TableHead:
    """The beginning of a table.

    Attributes:
        titles: The names of the columns that are shown.
        rows: Their cells.
        column_count: How many columns the table has.
        row_count: How many rows it has; None: that is not known.
        is_cut: Whether there are more rows.
    """

    titles: Sequence[str]
    rows: Sequence[Sequence[str]]
    column_count: int
    row_count: int | None
    is_cut: bool


def text_head(text: str, ending: str, *, is_whole: bool) -> TableHead | None:
    """Read the first rows of a text with a row in a line, the first of which has the titles.

    Args:
        text: The beginning of a file.
        ending: The ending of its name, one of `SEPARATORS`.
        is_whole: Whether it is all of the file.

    Returns:
        The table; None: it is none.
    """
    first = text.partition("\n")[0]
    separator = max(SEPARATORS[ending], key=first.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        lines = list(itertools.islice(reader, MOST_ROWS + 2))
    except csv.Error:
        return None
    if not is_whole and len(lines) < MOST_ROWS + 2:
        lines = lines[:-1]  # its end may be missing
    if not lines:
        return None
    titles, *rows = lines
    is_cut = len(rows) > MOST_ROWS or not is_whole
    rows = rows[:MOST_ROWS]
    return TableHead(
        [_cut(each) for each in titles[:MOST_COLUMNS]],
        [[_cut(each) for each in row[:MOST_COLUMNS]] for row in rows if row],
        max(len(titles), *map(len, rows), 0),
        None,
        is_cut,
    )


def parquet_head(file: BinaryIO) -> tuple[TableHead | None, str]:
    """Read the first rows of a Parquet file.

    Args:
        file: Open for reading.

    Returns:
        The table, or None and why there is none.
    """
    try:
        pyarrow = load_library("pyarrow", instead=_PARQUET)
        parquet = load_library("pyarrow.parquet", instead=_PARQUET)
    except UsageError:
        return None, f"To see its first rows here, install pyarrow beside trackboard: {_PARQUET}"
    try:
        return _parquet_rows(pyarrow, parquet, file), ""
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        return None, f"This Parquet file cannot be read: {str(error)[:300]}"


def _parquet_rows(pyarrow: ModuleType, parquet: ModuleType, file: BinaryIO) -> TableHead:
    opened = parquet.ParquetFile(file, buffer_size=_BUFFER_BYTES, pre_buffer=False)
    names = opened.schema_arrow.names
    batches = opened.iter_batches(
        batch_size=MOST_ROWS, columns=names[:MOST_COLUMNS], use_threads=False
    )
    batch = next(batches, None)
    columns = [] if batch is None else [_cells(pyarrow, column) for column in batch.columns]
    count: int = opened.metadata.num_rows
    return TableHead(
        [_cut(name) for name in (names[:MOST_COLUMNS] if batch is None else batch.schema.names)],
        [*zip(*columns, strict=True)],
        len(names),
        count,
        count > MOST_ROWS,
    )


def _cells(pyarrow: ModuleType, column: Any) -> list[str]:
    if column.nbytes > _COLUMN_BYTES:  # images, long lists: as Python's objects many times as much
        return [f"({size(column.nbytes / len(column))})"] * len(column)
    if pyarrow.types.is_timestamp(column.type):  # of which Python's have no nanoseconds
        column = column.cast(pyarrow.string())
    return ["" if cell is None else _cut(str(cell)) for cell in column.to_pylist()]


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
