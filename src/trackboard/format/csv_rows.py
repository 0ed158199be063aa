"""Rows as CSV, as RFC 4180 has it, but with one character at the end of a line."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

_LINE_END = "\r\n"  # both are quoted in cells then: Python before 3.13 quotes only what ends lines


def write_rows(file: TextIO, rows: Iterable[Sequence[object]]) -> None:
    """Write rows, each a line; cells with quotes, commas or ends of lines are quoted.

    Args:
        file: Where to; it translates no ends of lines.
        rows: The rows. None is an empty cell, floats are written so that they read as the same.
    """
    csv.writer(_Lines(file), lineterminator=_LINE_END).writerows(rows)


class _Lines:
    """Ends lines with one character; a writer of CSV hands over a line at a time."""

    def __init__(self, file: TextIO) -> None:
        self._write = file.write

    def write(self, line: str) -> int:
        return self._write(line[:-2] + "\n")
