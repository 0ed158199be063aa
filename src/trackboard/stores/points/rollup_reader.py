"""Read series aggregated over intervals of steps, from as few chunks as an exact answer takes.

A closed chunk that lies within the steps that are asked for is its rollup, kept in memory since its first
reading; one that lies outside is not read; one that is cut by their ends, or of which finer intervals are
asked for, is decoded. Which steps a chunk has, only its points say, so the first question decodes all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trackboard.model import SeriesId, ValueKind
from trackboard.ports import Points, Rollup, interval_bits
from trackboard.stores.codec.chunk import Unpacker
from trackboard.stores.engine.database import pieces
from trackboard.stores.points.appender import cut
from trackboard.stores.points.damage import Damage
from trackboard.stores.points.reader import decode
from trackboard.stores.points.rollups import (
    ChunkKey,
    ChunkRollup,
    RollupCache,
    Rows,
    choose,
    roll_up,
    roll_up_chunks,
    rows_of,
    to_rollup,
)
from trackboard.stores.points.series import OPEN
from trackboard.stores.schema.tables import chunk, run, series

_AT_ONCE = 100  # series
_LARGE = 1024  # points of a chunk whose rollup is kept
_TOGETHER = 64  # chunks that are decoded at once
_MOST_DECODED = 250  # chunks of a series that are held until it is clear how fine its rows are

_AMONG = chunk.c.series.in_(sa.bindparam("ids", expanding=True))
_IS_KEPT = sa.and_(chunk.c.level != OPEN, chunk.c.points >= _LARGE)
_ORDER = (chunk.c.series, chunk.c.start)
_PACKED = (chunk.c.points, chunk.c.kind, chunk.c.codec, chunk.c.data, chunk.c.checksum)
_RUNS = (
    sa.select(series.c.id, run.c.run_id)
    .join(run, run.c.id == series.c.run)
    .where(series.c.id.in_(sa.bindparam("ids", expanding=True)), ~series.c.is_text)
)
_KEPT: sa.Select[Any] = sa.select(*_ORDER, chunk.c.points).where(_AMONG, _IS_KEPT).order_by(*_ORDER)
_OTHERS: sa.Select[Any] = sa.select(*_ORDER, *_PACKED).where(_AMONG, ~_IS_KEPT).order_by(*_ORDER)
_SOME: sa.Select[Any] = (
    sa.select(*_ORDER, *_PACKED)
    .where(
        chunk.c.series == sa.bindparam("series"),
        chunk.c.start.between(sa.bindparam("first"), sa.bindparam("last")),
    )
    .order_by(chunk.c.start)
)


@dataclass(frozen=True)
class _Wanted:
    """How many buckets are wanted, of which steps."""

    limit: int
    first_step: int | None
    last_step: int | None

    def holds(self, found: ChunkRollup) -> bool:
        """Whether all points of a chunk are asked for."""
        return (self.first_step is None or found.first_step >= self.first_step) and (
            self.last_step is None or found.last_step <= self.last_step
        )

    def touches(self, found: ChunkRollup) -> bool:
        """Whether some points of a chunk may be asked for."""
        return (self.first_step is None or found.last_step >= self.first_step) and (
            self.last_step is None or found.first_step <= self.last_step
        )

    def interval_bits(self, rollups: Collection[ChunkRollup], others: Collection[Points]) -> int:
        """How long the intervals are, for the steps of chunks as far as they are asked for."""
        ends = [(each.first_step, each.last_step) for each in rollups]
        ends += [(int(each.steps.min()), int(each.steps.max())) for each in others]
        first, last = min(first for first, _ in ends), max(last for _, last in ends)
        return interval_bits(
            first if self.first_step is None else max(first, self.first_step),
            last if self.last_step is None else min(last, self.last_step),
            self.limit,
        )

    def choose(self, points: Points) -> Points:
        """Those of some points that are asked for."""
        return choose(points, self.first_step, self.last_step)


@dataclass(frozen=True, eq=False)
class _Stretch:
    """Chunks that were decoded together: their starts, how many points each has, and these."""

    starts: Sequence[int]
    counts: Sequence[int]
    points: Points

    def parts(self) -> Iterator[Points]:
        """The points of each chunk."""
        at = 0
        for count in self.counts:
            yield cut(self.points, at, at + count)
            at += count


class RollupReader:
    """Reads rollups in one transaction.

    Args:
        connection: The transaction.
        cache: Keeps the rollups of chunks.
        generation: Which of the databases this is that were at its address.
        damages: Gets what is damaged.
    """

    def __init__(
        self,
        connection: sa.Connection,
        cache: RollupCache,
        generation: int,
        damages: list[Damage],
    ) -> None:
        self._connection = connection
        self._cache = cache
        self._generation = generation
        self._damages = damages
        self._unpacker = Unpacker()

    def read(
        self, ids: Sequence[SeriesId], limit: int, first_step: int | None, last_step: int | None
    ) -> dict[SeriesId, Rollup]:
        """The rollups of series; see `trackboard.ports.SeriesStore.read_rollups`."""
        wanted = _Wanted(limit, first_step, last_step)
        found: dict[SeriesId, Rollup] = {}
        for piece in pieces(dict.fromkeys(ids), _AT_ONCE):
            among = {"ids": piece}
            runs = {row.id: row.run_id for row in self._connection.execute(_RUNS, among).all()}
            keys: dict[int, list[ChunkKey]] = {each: [] for each in runs}
            others: dict[int, list[sa.Row[Any]]] = {each: [] for each in runs}
            among = {"ids": [*runs]}
            for each, start, points in self._connection.execute(_KEPT, among).all():
                keys[each].append(ChunkKey(self._generation, runs[each], each, start, points))
            for row in self._connection.execute(_OTHERS, among).all():
                others[row.series].append(row)
            for each in piece:
                if each in runs:
                    found[each] = self._read_one(each, keys[each], others.pop(each), wanted)
        return found

    def _read_one(
        self,
        series_id: int,
        keys: Sequence[ChunkKey],
        others: Sequence[sa.Row[Any]],
        wanted: _Wanted,
    ) -> Rollup:
        """The rollup of one series from its chunks: those whose rollups are kept, and the others."""
        rollups, decoded = self._roll_up(series_id, keys)
        touched = {at: each for at, each in rollups.items() if wanted.touches(each)}
        chosen = {each.starts[0]: wanted.choose(each.points) for each in self._decode(others)}
        chosen = {at: points for at, points in chosen.items() if len(points)}
        if not touched and not chosen:
            return to_rollup([], 0)
        bits = wanted.interval_bits(touched.values(), chosen.values())
        rows: dict[int, Rows] = {}
        for at, each in touched.items():
            if each.rows is not None and each.bits <= bits and wanted.holds(each):
                rows[at] = each.rows
        lacking = [at for at in touched if at not in rows]
        for at, points in self._read_chunks(series_id, lacking, decoded):
            chosen[at] = wanted.choose(points)
        count = sum(touched[at].points for at in rows) + sum(map(len, chosen.values()))
        if count <= wanted.limit:
            chosen.update(self._read_chunks(series_id, [*rows], decoded))
            return to_rollup([rows_of(chosen[at]) for at in sorted(chosen)], bits)
        rows.update((at, roll_up(points, bits)) for at, points in chosen.items())
        return to_rollup([rows[at] for at in sorted(rows)], bits)

    def _roll_up(
        self, series_id: int, keys: Sequence[ChunkKey]
    ) -> tuple[dict[int, ChunkRollup], dict[int, Points]]:
        """The rollups of chunks by their start, and the points of those that had to be decoded, if few."""
        kept = self._cache.find(keys)
        found = {key.start: rollup for key, rollup in kept.items()}
        unknown = {key.start: key for key in keys if key not in kept}
        decoded: dict[int, Points] = {}
        for stretch in self._read_stretches(series_id, unknown):
            rollups = roll_up_chunks(stretch.points, stretch.counts)
            for at, rollup, points in zip(stretch.starts, rollups, stretch.parts(), strict=True):
                found[at] = rollup
                self._cache.keep(unknown[at], rollup)
                if len(decoded) < _MOST_DECODED:
                    decoded[at] = points
        return found, decoded

    def _read_chunks(
        self, series_id: int, starts: Collection[int], decoded: Mapping[int, Points]
    ) -> Iterator[tuple[int, Points]]:
        """The points of some chunks, neighbours together, by the start of the first."""
        yield from ((at, decoded[at]) for at in starts if at in decoded)
        lacking = [at for at in starts if at not in decoded]
        for stretch in self._read_stretches(series_id, lacking):
            yield stretch.starts[0], stretch.points

    def _read_stretches(self, series_id: int, starts: Collection[int]) -> Iterator[_Stretch]:
        """The chunks of a series that begin at some indexes."""
        if not starts:
            return
        asked = {*starts}
        between = {"series": series_id, "first": min(asked), "last": max(asked)}
        found = self._connection.execute(_SOME, between)
        yield from self._decode(row for row in found if row.start in asked)

    def _decode(self, rows: Iterable[sa.Row[Any]]) -> Iterator[_Stretch]:
        """The points of rows in order."""
        some: list[sa.Row[Any]] = []
        for row in rows:
            if some and (row.start != some[-1].start + some[-1].points or len(some) == _TOGETHER):
                yield from self._decode_neighbours(some)
                some = []
            some.append(row)
        yield from self._decode_neighbours(some)

    def _decode_neighbours(self, rows: Sequence[sa.Row[Any]]) -> Iterator[_Stretch]:
        """The points of chunks one behind the other, without those that are damaged; none of none."""
        if not rows:
            return
        told = len(self._damages)
        points = decode(rows, ValueKind.BOOL, self._unpacker, self._damages)
        damaged = {each.start for each in self._damages[told:]}
        counts = {row.start: int(row.points) for row in rows if row.start not in damaged}
        if counts:
            yield _Stretch([*counts], [*counts.values()], points)
