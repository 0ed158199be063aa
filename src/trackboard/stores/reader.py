"""Read points back: whole series, samples of them, or a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import numpy as np
import sqlalchemy as sa

from trackboard.model import SeriesId, ValueKind
from trackboard.ports import Points
from trackboard.stores import thin
from trackboard.stores.appender import WHOLE, cut
from trackboard.stores.chunk import DTYPES, FULL, Columns, Packed, Unpacker, frozen, read_preview
from trackboard.stores.database import Database, pieces
from trackboard.stores.schema import chunk, from_column, series
from trackboard.stores.series import last_value

_AT_ONCE = 200  # chunks

_AMONG = chunk.c.series.in_(sa.bindparam("ids", expanding=True))
_DATA: sa.Select[Any] = sa.select(
    chunk.c.series, chunk.c.start, chunk.c.points, chunk.c.kind, chunk.c.codec, chunk.c.data
).order_by(chunk.c.series, chunk.c.start)
_WHOLE = _DATA.where(_AMONG)
_PREVIEWS = (
    sa.select(chunk.c.series, chunk.c.kind, chunk.c.preview)
    .where(chunk.c.level == WHOLE, _AMONG)
    .order_by(chunk.c.series, chunk.c.start)
)
_BEHIND_FULL = sa.and_(
    series.c.id == chunk.c.series, chunk.c.start >= series.c.points - series.c.points % FULL
)
_REST = _WHOLE.join(series, _BEHIND_FULL)
_SUMMARIES = sa.select(series).where(series.c.id.in_(sa.bindparam("ids", expanding=True)))
_KINDS = {int(kind): kind for kind in ValueKind}

Rows = Mapping[int, sa.Row[Any]]


def read_points(
    connection: sa.Connection, ids: Sequence[SeriesId], limit: int | None
) -> dict[SeriesId, Points]:
    """Points of several series, at most `limit` of each."""
    asked = dict.fromkeys(ids)
    if limit is None:
        found = dict(_read_whole(connection, asked))
    elif limit == 1:
        found = {each: _last(row) for each, row in _summaries(connection, asked).items()}
    else:
        found = _read_samples(connection, _summaries(connection, asked), limit)
    return {each: found[each] for each in asked if each in found}


def _summaries(connection: sa.Connection, ids: Iterable[int]) -> Rows:
    rows: dict[int, sa.Row[Any]] = {}
    for piece in pieces(ids):
        found = connection.execute(_SUMMARIES, {"ids": piece})
        rows.update((row.id, row) for row in found)
    return rows


def _read_samples(connection: sa.Connection, rows: Rows, limit: int) -> dict[int, Points]:
    short, long, texts = _sorted_out(rows, limit)
    found = {
        each: thin.thinned(points, limit)
        for part in (_read_whole(connection, short), _read_previews(connection, long, rows))
        for each, points in part
    }
    for each in texts:
        found[each] = _read_some_texts(connection, rows[each], limit)
    return found


def _sorted_out(rows: Rows, limit: int) -> tuple[list[int], list[int], list[int]]:
    """Series to read whole, those long enough for their previews, and long texts."""
    short: list[int] = []
    long: list[int] = []
    texts: list[int] = []
    for each, row in rows.items():
        if row.points <= limit:
            short.append(each)
        elif row.is_text:
            texts.append(each)
        else:
            (long if row.points // FULL * thin.PREVIEW >= limit else short).append(each)
    return short, long, texts


def _last(row: sa.Row[Any]) -> Points:
    kind = ValueKind(row.kind)
    values = np.array([last_value(row, kind)], DTYPES[kind])
    return frozen(np.array([row.last_step]), np.array([from_column(row.last_time_s)]), values)


def _by_series(
    connection: sa.Connection, query: sa.Select[Any], ids: Iterable[int]
) -> Iterator[tuple[int, list[sa.Row[Any]]]]:
    for piece in pieces(ids):
        found = connection.execute(query, {"ids": piece}).partitions(_AT_ONCE)
        for each, rows in groupby(chain.from_iterable(found), key=itemgetter(0)):
            yield int(each), list(rows)


def _read_whole(connection: sa.Connection, ids: Iterable[int]) -> Iterator[tuple[int, Points]]:
    """All points. A series is as wide as the widest of its chunks."""
    unpacker = Unpacker()
    for each, rows in _by_series(connection, _WHOLE, ids):
        yield each, _decoded([_packed(row) for row in rows], ValueKind.BOOL, unpacker)


def _packed(row: Iterable[Any]) -> Packed:
    """A row of `_DATA`. By position: a run may have thousands of series."""
    _, _, count, kind, codec, data = row
    return Packed(count, _KINDS[kind], codec, data)


def _decoded(chunks: Sequence[Packed], least: ValueKind, unpacker: Unpacker) -> Points:
    """The points of some chunks, in the widest of their kinds, or `least`."""
    if len(chunks) == 1 and chunks[0].kind >= least:
        return unpacker.read(chunks[0])
    kind = max(least, *[each.kind for each in chunks])
    columns = Columns.empty(sum(each.count for each in chunks), kind)
    at = 0
    for each in chunks:
        unpacker.fill(each, columns.part(at, at + each.count))
        at += each.count
    return columns.freeze()


def _read_previews(
    connection: sa.Connection, ids: Sequence[int], known: Rows
) -> Iterator[tuple[int, Points]]:
    """The points that stand for each full chunk, and likewise for what lies behind them."""
    unpacker = Unpacker()
    behind = dict(_by_series(connection, _REST, ids))
    for each, rows in _by_series(connection, _PREVIEWS, ids):
        kind = ValueKind(known[each].kind)
        parts = [read_preview(row.preview, ValueKind(row.kind)) for row in rows]
        if each in behind:
            rest = _decoded([_packed(row) for row in behind[each]], kind, unpacker)
            chosen = thin.preview(rest.values)
            parts.append(Points(rest.steps[chosen], rest.times_s[chosen], rest.values[chosen]))
        yield (
            each,
            frozen(
                np.concatenate([part.steps for part in parts]),
                np.concatenate([part.times_s for part in parts]),
                np.concatenate([part.values.astype(DTYPES[kind], copy=False) for part in parts]),
            ),
        )


def _read_some_texts(connection: sa.Connection, row: sa.Row[Any], limit: int) -> Points:
    """An even sample, reading only the chunks that it comes from."""
    wanted = np.linspace(0, row.points - 1, limit).round().astype(np.int64)
    query = sa.select(chunk.c.start).where(chunk.c.series == row.id).order_by(chunk.c.start)
    starts = np.array(connection.execute(query).scalars().all(), np.int64)
    homes = np.searchsorted(starts, wanted, side="right") - 1
    columns = Columns.empty(limit, ValueKind.TEXT)
    unpacker, at = Unpacker(), 0
    for piece in pieces(np.unique(homes).tolist()):
        chosen = chunk.c.start.in_([int(starts[home]) for home in piece])
        for found in connection.execute(_DATA.where(chunk.c.series == row.id, chosen)):
            points = unpacker.read(_packed(found))
            inside = wanted[(wanted >= found.start) & (wanted < found.start + found.points)]
            stop = at + len(inside)
            columns.steps[at:stop] = points.steps[inside - found.start]
            columns.times_s[at:stop] = points.times_s[inside - found.start]
            columns.values[at:stop] = points.values[inside - found.start]
            at = stop
    return columns.freeze()


def iter_points(database: Database, series_id: SeriesId) -> Iterator[Points]:
    """All points of one series, a chunk at a time; no transaction stays open in between.

    Chunks may be merged meanwhile: each step asks for the chunk that holds the next index.
    """
    unpacker = Unpacker()
    with database.read() as connection:
        row = connection.execute(sa.select(series).where(series.c.id == series_id)).one_or_none()
    at, end = 0, row.points if row is not None else 0
    while row is not None and at < end:
        here = (
            chunk.c.series == series_id,
            chunk.c.start <= at,
            chunk.c.start + chunk.c.points > at,
        )
        query = _DATA.where(*here).order_by(None).order_by(chunk.c.start.desc()).limit(1)
        with database.read() as connection:
            found = connection.execute(query).one()
        points = cut(unpacker.read(_packed(found)), at - found.start, end - found.start)
        at = found.start + found.points
        values = points.values.astype(DTYPES[ValueKind(row.kind)], copy=False)
        yield frozen(points.steps.view(), points.times_s.view(), values.view())
