"""Tables as CSV in UTF-8: lines end with one character, cells with commas and line ends are quoted."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain, repeat
from typing import Any, BinaryIO

import numpy as np

from trackboard.format.csv_rows import write_rows
from trackboard.history.table import COLUMNS, as_datetimes
from trackboard.model import RunId, ValueKind
from trackboard.transfer.export.points import Piece


def write_points(file: BinaryIO, pieces: Iterable[Piece], called: Mapping[RunId, str]) -> int:
    """Write a row for each point, in the columns of `History`.

    Numbers are written as they are stored, integers exactly; bools are 0 and 1; times are ISO 8601 in UTC.

    Args:
        file: Where to.
        pieces: The points.
        called: What the runs are called, by id.

    Returns:
        How many rows there are.
    """
    text = io.TextIOWrapper(file, "utf-8", newline="")
    count = 0
    write_rows(text, [COLUMNS])
    for piece in pieces:
        write_rows(text, _rows(piece, called[piece.run.id]))
        count += len(piece.points)
    text.flush()
    text.detach()
    return count


def write_columns(file: BinaryIO, columns: Mapping[str, Sequence[Any]]) -> None:
    """Write columns of one length under their names."""
    text = io.TextIOWrapper(file, "utf-8", newline="")
    write_rows(text, chain([[*columns]], map(_cells, zip(*columns.values(), strict=True))))
    text.flush()
    text.detach()


def _rows(piece: Piece, name: str) -> Iterable[Sequence[object]]:
    run, series, points = piece
    is_text = series.kind is ValueKind.TEXT
    values = points.values.astype(int) if points.values.dtype == bool else points.values
    return zip(
        *(repeat(cell, len(points)) for cell in (run.id, name, run.experiment, series.name)),
        points.steps.tolist(),
        _moments(points.times_s),
        repeat("") if is_text else values.tolist(),
        values.tolist() if is_text else repeat(""),
        strict=False,  # what is repeated has no end
    )


def _cells(row: Sequence[Any]) -> list[Any]:
    return [cell.isoformat() if isinstance(cell, datetime) else cell for cell in row]


def _moments(times_s: Any) -> list[str]:
    """Seconds since the epoch as ISO 8601 in UTC, to the microsecond; empty where it is no time."""
    found = as_datetimes(times_s)
    texts = np.char.add(np.datetime_as_string(found, unit="us"), "Z")
    return np.where(np.isnat(found), "", texts).tolist()  # type: ignore[no-any-return]
