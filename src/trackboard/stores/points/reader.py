"""Read points back: whole series, samples of them, or a chunk at a time.

A chunk that is damaged is left out and told; the others of its series are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import numpy as np
import sqlalchemy as sa

from trackboard.model import SeriesId, ValueKind
from trackboard.ports import Points
from trackboard.stores.codec import downsample
from trackboard.stores.codec.chunk import (
    DTYPES,
    FULL,
    Columns,
    Damaged,
    Packed,
    Unpacker,
    frozen,
    read_preview,
)
from trackboard.stores.engine.database import Database, pieces
from trackboard.stores.points.appender import cut
from trackboard.stores.points.damage import Damage
from trackboard.stores.points.series import WHOLE
from trackboard.stores.points.summaries import last_value
from trackboard.stores.schema.tables import chunk, from_column, series

_AT_ONCE = 200  # chunks

_AMONG = chunk.c.series.in_(sa.bindparam("ids", expanding=True))
_DATA: sa.Select[Any] = sa.select(
    chunk.c.series,
    chunk.c.start,
    chunk.c.points,
    chunk.c.kind,
    chunk.c.codec,
    chunk.c.data,
    chunk.c.checksum,
).order_by(chunk.c.series, chunk.c.start)
_WHOLE = _DATA.where(_AMONG)
_PREVIEWS = (
    sa.select(chunk.c.series, chunk.c.start, chunk.c.kind, chunk.c.preview)
    .where(chunk.c.level == WHOLE, _AMONG)
    .order_by(chunk.c.series, chunk.c.start)
)
_REST = _WHOLE.where(chunk.c.level != WHOLE)
_ONE = _DATA.where(chunk.c.series == sa.bindparam("series"), chunk.c.start == sa.bindparam("start"))
_SUMMARIES = sa.select(series).where(series.c.id.in_(sa.bindparam("ids", expanding=True)))
_KINDS = {int(kind): kind for kind in ValueKind}
Rows = Mapping[int, sa.Row[Any]]


def read_points(
    connection: sa.Connection, ids: Sequence[SeriesId], limit: int | None, damages: list[Damage]
) -> dict[SeriesId, Points]:
    """Points of several series, at most `limit` of each; what is damaged is told in `damages`."""
    asked = dict.fromkeys(ids)
    if limit is None:
        found = dict(_read_whole(connection, asked, damages))
    elif limit == 1:
        found = {each: _last(row) for each, row in _summaries(connection, asked).items()}
    else:
        found = _read_samples(connection, _summaries(connection, asked), limit, damages)
    return {each: found[each] for each in asked if each in found}


def _summaries(connection: sa.Connection, ids: Iterable[int]) -> Rows:
    rows: dict[int, sa.Row[Any]] = {}
    for piece in pieces(ids):
        found = connection.execute(_SUMMARIES, {"ids": piece})
        rows.update((row.id, row) for row in found)
    return rows


def _read_samples(
    connection: sa.Connection, rows: Rows, limit: int, damages: list[Damage]
) -> dict[int, Points]:
    short, long, texts = _sorted_out(rows, limit)
    found = {
        each: downsample.downsample_points(points, limit)
        for part in (
            _read_whole(connection, short, damages),
            _read_previews(connection, long, rows, damages),
        )
        for each, points in part
    }
    for each in texts:
        found[each] = _read_some_texts(connection, rows[each], limit, damages)
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
            (long if row.points // FULL * downsample.PREVIEW >= limit else short).append(each)
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


def _read_whole(
    connection: sa.Connection, ids: Iterable[int], damages: list[Damage]
) -> Iterator[tuple[int, Points]]:
    """All points. A series is as wide as the widest of its chunks."""
    unpacker = Unpacker()
    for each, rows in _by_series(connection, _WHOLE, ids):
        yield each, decode(rows, ValueKind.BOOL, unpacker, damages)


def _unpack(row: Iterable[Any], unpacker: Unpacker, damages: list[Damage]) -> Points:
    """The points of a row of `_DATA`, none when it is damaged. By position: there may be thousands."""
    series_id, start, count, kind, *packed = row
    try:
        return unpacker.read(Packed.of(count, kind, *packed))
    except Damaged as error:
        damages.append(Damage(series_id, start, count, error.message))
        return Columns.empty(0, _KINDS.get(kind, ValueKind.FLOAT)).freeze()


def decode(
    rows: Sequence[sa.Row[Any]], least: ValueKind, unpacker: Unpacker, damages: list[Damage]
) -> Points:
    """The points of some rows of `_DATA` in the widest of their kinds, or `least`; damaged ones are told."""
    if len(rows) == 1 and rows[0].kind >= least:
        return _unpack(rows[0], unpacker, damages)
    kind = max(least, *[_KINDS.get(row.kind, least) for row in rows])
    columns = Columns.empty(sum(row.points for row in rows), kind)
    at = 0
    for row in rows:
        series_id, start, count, *packed = tuple(row)
        try:
            unpacker.fill(Packed.of(count, *packed), columns.part(at, at + count))
            at += count
        except Damaged as error:
            damages.append(Damage(series_id, start, count, error.message))
    return columns.part(0, at).freeze()


def _read_previews(
    connection: sa.Connection, ids: Sequence[int], known: Rows, damages: list[Damage]
) -> Iterator[tuple[int, Points]]:
    """The points that stand for each full chunk, and likewise for what lies between and behind them."""
    unpacker = Unpacker()
    others = dict(_by_series(connection, _REST, ids))
    for each, rows in _by_series(connection, _PREVIEWS, ids):
        parts = {row.start // FULL: _preview(connection, row, unpacker, damages) for row in rows}
        parts |= _blocks(others.pop(each, ()), unpacker, damages)
        yield each, _joined(parts, ValueKind(known[each].kind))
    for each, rows in others.items():  # none of its chunks is full, as some are damaged
        yield each, _joined(_blocks(rows, unpacker, damages), ValueKind(known[each].kind))


def _preview(
    connection: sa.Connection, row: sa.Row[Any], unpacker: Unpacker, damages: list[Damage]
) -> Points:
    """The points that stand for a full chunk, chosen anew when these themselves are damaged."""
    try:
        return read_preview(row.preview, ValueKind(row.kind))
    except Damaged:
        at = {"series": row.series, "start": row.start}
        found = _unpack(connection.execute(_ONE, at).one(), unpacker, damages)
        return _chosen(found)


def _blocks(
    rows: Iterable[sa.Row[Any]], unpacker: Unpacker, damages: list[Damage]
) -> dict[int, Points]:
    """The points that stand for what lies where a full chunk could, by its number."""
    return {
        block: _chosen(decode(list(parts), ValueKind.BOOL, unpacker, damages))
        for block, parts in groupby(rows, key=lambda row: int(row.start) // FULL)
    }


def _chosen(points: Points) -> Points:
    chosen = downsample.preview(points.values)
    return Points(points.steps[chosen], points.times_s[chosen], points.values[chosen])


def _joined(parts: Mapping[int, Points], kind: ValueKind) -> Points:
    ordered = [parts[block] for block in sorted(parts)]
    return frozen(
        np.concatenate([part.steps for part in ordered]),
        np.concatenate([part.times_s for part in ordered]),
        np.concatenate([part.values.astype(DTYPES[kind], copy=False) for part in ordered]),
    )


def _read_some_texts(
    connection: sa.Connection, row: sa.Row[Any], limit: int, damages: list[Damage]
) -> Points:
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
            points = _unpack(found, unpacker, damages)
            if not len(points):
                continue
            inside = wanted[(wanted >= found.start) & (wanted < found.start + found.points)]
            stop = at + len(inside)
            columns.steps[at:stop] = points.steps[inside - found.start]
            columns.times_s[at:stop] = points.times_s[inside - found.start]
            columns.values[at:stop] = points.values[inside - found.start]
            at = stop
    return columns.part(0, at).freeze()


def iter_points(
    database: Database, series_id: SeriesId, report: Callable[[list[Damage]], None]
) -> Iterator[Points]:
    """All points of one series, a chunk at a time; no transaction stays open in between.

    Chunks may be merged meanwhile: each step asks for the chunk that holds the next index. Of what is
    damaged `tell` is told.
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
        damages: list[Damage] = []
        points = cut(_unpack(found, unpacker, damages), at - found.start, end - found.start)
        at = found.start + found.points
        if damages:
            report(damages)
            continue
        values = points.values.astype(DTYPES[ValueKind(row.kind)], copy=False)
        yield frozen(points.steps.view(), points.times_s.view(), values.view())
