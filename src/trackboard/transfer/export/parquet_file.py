"""Tables as Parquet files, by way of Arrow; points in groups of rows, so that few are in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from trackboard.history.points import join_points
from trackboard.history.table import load_library
from trackboard.model import RunId
from trackboard.transfer.export.points import Piece

if TYPE_CHECKING:
    import pyarrow as pa

_GROUP_POINTS = 1 << 18
_COMPRESSION = "zstd"
_INSTEAD = "pip install 'trackboard[frames]', or export CSV, which needs nothing more."


def load_parquet() -> Any:
    """Import what writes Parquet.

    Raises:
        UsageError: It is not installed.
    """
    return load_library("pyarrow.parquet", instead=_INSTEAD)


def write_points(
    file: BinaryIO,
    pieces: Iterable[Piece],
    called: Mapping[RunId, str],
    *,
    group_points: int = _GROUP_POINTS,
) -> int:
    """Write a row for each point, in the columns of `History.to_arrow`.

    Args:
        file: Where to.
        pieces: The points.
        called: What the runs are called, by id.
        group_points: From how many points on a group of rows is written.

    Returns:
        How many rows there are.
    """
    count = waiting_points = 0
    waiting: list[Piece] = []
    schema = _join([], called).schema
    with load_parquet().ParquetWriter(file, schema, compression=_COMPRESSION) as writer:
        for piece in pieces:
            waiting.append(piece)
            waiting_points += len(piece.points)
            if waiting_points >= group_points:
                writer.write_table(_join(waiting, called))
                count, waiting_points = count + waiting_points, 0
                waiting.clear()
        if waiting:
            writer.write_table(_join(waiting, called))
    return count + waiting_points


def write_table(file: BinaryIO, table: pa.Table) -> None:
    """Write a table."""
    load_parquet().write_table(table, file, compression=_COMPRESSION)


def _join(pieces: list[Piece], called: Mapping[RunId, str]) -> pa.Table:
    runs = list({piece.run.id: piece.run for piece in pieces}.values())
    return join_points(runs, called, [(piece.series, piece.points) for piece in pieces]).to_arrow()
