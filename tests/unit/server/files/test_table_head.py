"""The first rows of tables: of texts with separators, and of Parquet files."""

from __future__ import annotations

import datetime
import io
import sys
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trackboard.server.files.table_head import (
    MOST_CHARACTERS,
    MOST_COLUMNS,
    MOST_ROWS,
    parquet_head,
    text_head,
)


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ('a,b\r\n1,"x, ""y""\nz"\r\n', "csv"),
        ('a;b\n1;"x, ""y""\nz"\n', "csv"),
        ('a\tb\n1\t"x, ""y""\nz"\n', "tsv"),
    ],
)
def test_rows_of_a_text(text: str, ending: str) -> None:
    head = text_head(text, ending, is_whole=True)
    assert head is not None
    assert (head.titles, head.rows, head.column_count) == (["a", "b"], [["1", 'x, "y"\nz']], 2)
    assert not head.is_cut


def test_a_page_holds_some_rows_and_columns_and_the_begin_of_a_cell() -> None:
    line = ",".join(["x" * 1000] * 60)
    head = text_head("\n".join([line] * 300), "csv", is_whole=True)
    assert head is not None
    assert (len(head.rows), len(head.rows[0]), head.column_count) == (MOST_ROWS, MOST_COLUMNS, 60)
    assert {len(cell) for row in head.rows for cell in row} == {MOST_CHARACTERS + 1}
    assert head.is_cut


def test_a_row_whose_end_was_not_read_is_left_out() -> None:
    head = text_head("a,b\n1,2\n3,", "csv", is_whole=False)
    assert head is not None
    assert (head.rows, head.is_cut) == ([["1", "2"]], True)


def parquet(table: pa.Table, **options: Any) -> io.BytesIO:
    written = io.BytesIO()
    pq.write_table(table, written, **options)
    written.seek(0)
    return written


def test_rows_of_a_parquet_file() -> None:
    moment = datetime.datetime(2026, 12, 1, 3, 44, 55, tzinfo=datetime.UTC)
    columns: dict[str, Any] = {
        "step": pa.array(range(250)),
        "when": pa.array([moment] * 250, pa.timestamp("ns")),
        "words": pa.array([None, *["<b>"] * 249]),
        "nested": pa.array([{"a": [1, 2]}] * 250),
    }
    head, said = parquet_head(parquet(pa.table(columns)))
    assert head is not None, said
    assert (head.titles, head.row_count, head.is_cut) == ([*columns], 250, True)
    assert len(head.rows) == MOST_ROWS
    assert head.rows[1] == ("1", "2026-12-01 03:44:55.000000000", "<b>", "{'a': [1, 2]}")
    assert head.rows[0][2] == ""
    empty, _ = parquet_head(parquet(pa.table({"a": pa.array([], pa.int64())})))
    assert empty is not None
    assert (empty.titles, empty.rows, empty.is_cut) == (["a"], [], False)


def test_cells_of_megabytes_are_told_by_their_size() -> None:
    head, _ = parquet_head(parquet(pa.table({"image": pa.array([b"x" * 1_000_000] * 20)})))
    assert head is not None
    assert head.rows[0] == ("(1.0 MB)",)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\xff" * 100 + b"PAR1"])
def test_what_is_no_parquet_file_is_said(content: bytes) -> None:
    head, said = parquet_head(io.BytesIO(content))
    assert head is None
    assert "cannot be read" in said


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    file = parquet(pa.table({"a": [1]}))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    head, said = parquet_head(file)
    assert head is None
    assert "pip install pyarrow" in said
