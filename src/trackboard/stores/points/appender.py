"""Append points to series: the open tail, small chunks, full chunks (see design.md, Store).

A series is a row of full chunks of 4,096 points, then small ones of 128 to 4,095, then the open tail.
Appending rewrites the tail at most; when everything behind the full chunks reaches 4,096 points it is
merged and pressed. Text is not merged: its chunks are closed at 128 values or 64 KB.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from trackboard.model import Value, ValueKind
from trackboard.ports import Points
from trackboard.stores.codec.chunk import (
    DTYPES,
    FULL,
    TAIL,
    WORTH_PRESSING,
    Damaged,
    Packed,
    Packer,
    Unpacker,
    extremes,
    first_step,
    frozen,
    kind_of,
    make_preview,
)
from trackboard.stores.engine.database import pieces
from trackboard.stores.points.damage import Damage, note
from trackboard.stores.points.series import (
    OPEN,
    SMALL,
    WHOLE,
    SeriesKey,
    SeriesState,
    last_id,
    load_states,
    write_states,
)
from trackboard.stores.schema.tables import chunk, series, to_column

_TEXT_BYTES = 64 * 1024
_PRESSED_POINTS = 1 << 18  # of chunks that wait to be pressed together


@dataclass(frozen=True, eq=False)
class NewPoints:
    """Points to append; `steps` counts only where `has_step`."""

    points: Points
    has_step: np.ndarray[Any, np.dtype[np.bool_]]
    kind: ValueKind
    table: str = ""


class _Unpressed(NamedTuple):
    """A chunk to press and to add."""

    series_id: int
    start: int
    level: int
    points: Points


@dataclass(eq=False)
class _Writes:
    """Rows of `chunk` to delete from an index on, to replace, and to add; `unpressed` ones become such."""

    deletes: list[dict[str, Any]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    inserts: list[dict[str, Any]] = field(default_factory=list)
    unpressed: list[_Unpressed] = field(default_factory=list)
    unpressed_points: int = 0


class Appender:
    """Appends to series within write transactions, one at a time."""

    def __init__(self) -> None:
        self._packer = Packer()
        self._unpacker = Unpacker()

    def append(
        self,
        connection: sa.Connection,
        added: Mapping[SeriesKey, Sequence[NewPoints]],
        states: dict[SeriesKey, SeriesState],
        *,
        fresh: Collection[int] = (),
        complete: Collection[int] = (),
    ) -> None:
        """Append to many series at once.

        Args:
            connection: A write transaction.
            added: What to append.
            states: What is known of series; brought up to date.
            fresh: Runs that have no series yet.
            complete: Those of them that get no more points: nothing is left for `compact`.
        """
        damages: list[Damage] = []
        unknown = [key for key in added if key not in states and key.run not in fresh]
        states.update(load_states(connection, unknown, self._unpacker, damages))
        known = {states[key].id for key in added if key in states}
        begun = [key for key in added if key not in states]
        if begun:
            for number, key in enumerate(begun, last_id(connection) + 1):
                first = added[key][0]
                states[key] = SeriesState(number, key, first.kind, table=first.table)
        changed = [states[key] for key in added]
        joined = [_joined(states[key].count, parts) for key, parts in added.items()]
        small = self._small_chunks(
            connection,
            damages,
            [
                state
                for state, (points, _) in zip(changed, joined, strict=True)
                if state.id in known
                and _fills(state, len(points))
                and state.tail_start > state.full_end
            ],
        )
        writes = _Writes()
        for state, (points, kind) in zip(changed, joined, strict=True):
            is_complete = state.key.run in complete
            if state.key.is_text:
                self._append_text(state, points, writes, is_complete=is_complete)
            else:
                self._append_numbers(
                    state, points, kind, small.get(state.id, ()), writes, is_complete=is_complete
                )
        self._write(connection, writes)
        write_states(connection, changed, known)
        if damages:
            note(connection, damages)

    def compact(self, connection: sa.Connection, runs: Sequence[int]) -> None:
        """Merge and press what lies behind the full chunks of these runs' series."""
        writes, ended = _Writes(), []
        damages: list[Damage] = []
        for piece in pieces(runs):
            for group in _unmerged(connection, series.c.run.in_(piece)):
                if len(group) == 1 and (group[0].codec != 0 or group[0].points < WORTH_PRESSING):
                    continue
                parts = self._read_all(group, damages)
                if parts is None:
                    continue
                ended.append(
                    {"of_id": group[0].series, "tail_start": group[-1].start + group[-1].points}
                )
                kind = ValueKind(max(row.kind for row in group))
                writes.deletes.append({"of_series": group[0].series, "of_start": group[0].start})
                whole = _concatenate(parts, kind)
                unpressed = _Unpressed(group[0].series, group[0].start, SMALL, whole)
                self._add_pressed(writes, unpressed)
        self._write(connection, writes)
        if ended:
            update = sa.update(series).where(series.c.id == sa.bindparam("of_id"))
            connection.execute(update, ended)
        if damages:
            note(connection, damages)

    def _small_chunks(
        self, connection: sa.Connection, damages: list[Damage], states: Sequence[SeriesState]
    ) -> dict[int, list[Points] | None]:
        """The closed chunks behind the full ones, by series; None where some of them are damaged."""
        found: dict[int, list[Points] | None] = {}
        for piece in pieces(state.id for state in states):
            for group in _unmerged(connection, series.c.id.in_(piece)):
                closed = [row for row in group if row.level != OPEN]
                found[group[0].series] = self._read_all(closed, damages)
        return found

    def _read_all(self, rows: Iterable[sa.Row[Any]], damages: list[Damage]) -> list[Points] | None:
        """The points of some chunks; None when one of them is damaged: they are left as they are."""
        parts = []
        for row in rows:
            try:
                packed = Packed.of(row.points, row.kind, row.codec, row.data, row.checksum)
                parts.append(self._unpacker.read(packed))
            except Damaged as error:
                damages.append(Damage(row.series, row.start, row.points, error.message))
                return None
        return parts

    def _append_numbers(
        self,
        state: SeriesState,
        points: Points,
        kind: ValueKind,
        small: Sequence[Points] | None,
        writes: _Writes,
        *,
        is_complete: bool,
    ) -> None:
        fills, begin, had_tail = _fills(state, len(points)), state.full_end, state.tail is not None
        _summarise(state, points, kind)
        tail = points
        if state.tail is not None:
            tail = _concatenate([state.tail, points], max(kind, kind_of(state.tail)))
        if not fills:
            self._put_tail(state, tail, writes, replaces=had_tail, is_complete=is_complete)
            return
        at = begin if small is not None else state.tail_start
        if small or had_tail:
            writes.deletes.append({"of_series": state.id, "of_start": at})
        whole = _concatenate([*small, tail], state.kind) if small else tail
        room = (
            begin + FULL - at
        )  # up to where a full chunk may begin: less behind damaged small ones
        while len(whole) >= room:
            part, whole = cut(whole, 0, room), cut(whole, room, len(whole))
            level = WHOLE if room == FULL else SMALL
            self._add_pressed(writes, _Unpressed(state.id, at, level, part))
            at, room = at + room, FULL
        state.tail_start, state.tail = at, None
        if len(whole):
            self._put_tail(state, whole, writes, replaces=False, is_complete=is_complete)

    def _put_tail(
        self,
        state: SeriesState,
        tail: Points,
        writes: _Writes,
        *,
        replaces: bool,
        is_complete: bool,
    ) -> None:
        if is_complete and len(tail) >= WORTH_PRESSING:
            self._add_pressed(writes, _Unpressed(state.id, state.tail_start, SMALL, tail))
            state.tail, state.tail_start = None, state.count
            return
        closed = len(tail) >= TAIL
        packed = self._packer.raw(tail, kind_of(tail))
        row = _row(state.id, state.tail_start, SMALL if closed else OPEN, packed, tail)
        (writes.updates if replaces else writes.inserts).append(row)
        state.tail = None if closed else tail
        if closed:
            state.tail_start = state.count

    def _append_text(
        self, state: SeriesState, points: Points, writes: _Writes, *, is_complete: bool
    ) -> None:
        had_tail = state.tail is not None
        _summarise(state, points, ValueKind.TEXT)
        rest = points if state.tail is None else _concatenate([state.tail, points], ValueKind.TEXT)
        state.tail = None
        while len(rest):
            stop = _text_chunk_end(rest)
            part, rest = cut(rest, 0, stop), cut(rest, stop, len(rest))
            closed = len(part) >= (WORTH_PRESSING if is_complete else TAIL) or _is_long(part)
            packed = (self._packer.pressed if closed else self._packer.raw)(part, ValueKind.TEXT)
            row = _row(state.id, state.tail_start, WHOLE if closed else OPEN, packed, part)
            (writes.updates if had_tail else writes.inserts).append(row)
            had_tail = False
            state.tail = None if closed else part
            if closed:
                state.tail_start += len(part)

    def _add_pressed(self, writes: _Writes, added: _Unpressed) -> None:
        """Add a chunk that is pressed together with others: many at once take less time."""
        writes.unpressed.append(added)
        writes.unpressed_points += len(added.points)
        if writes.unpressed_points >= _PRESSED_POINTS:
            self._press(writes)

    def _press(self, writes: _Writes) -> None:
        packed = self._packer.pressed_all([each.points for each in writes.unpressed])
        for each, it in zip(writes.unpressed, packed, strict=True):
            writes.inserts.append(_row(each.series_id, each.start, each.level, it, each.points))
        writes.unpressed, writes.unpressed_points = [], 0

    def _write(self, connection: sa.Connection, writes: _Writes) -> None:
        self._press(writes)
        _execute(connection, writes)


def cut(points: Points, start: int, stop: int) -> Points:
    """A stretch of points, sharing their memory."""
    part = slice(start, stop)
    return Points(points.steps[part], points.times_s[part], points.values[part])


def _fills(state: SeriesState, count: int) -> bool:
    return not state.key.is_text and state.count % FULL + count >= FULL


def _joined(count: int, parts: Sequence[NewPoints]) -> tuple[Points, ValueKind]:
    """All new points of one series, with the steps that were not given filled in."""
    kind = max(part.kind for part in parts)
    points = parts[0].points if len(parts) == 1 else _concatenate([p.points for p in parts], kind)
    has_step = parts[0].has_step
    if len(parts) > 1:
        has_step = np.concatenate([part.has_step for part in parts])
    if has_step.all():
        return points, kind
    counted = np.arange(count, count + len(points), dtype=np.int64)
    return Points(np.where(has_step, points.steps, counted), points.times_s, points.values), kind


def _concatenate(parts: Sequence[Points], kind: ValueKind) -> Points:
    if len(parts) == 1:
        return parts[0]
    return frozen(
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.times_s for part in parts]),
        np.concatenate([part.values.astype(DTYPES[kind], copy=False) for part in parts]),
    )


def _summarise(state: SeriesState, points: Points, kind: ValueKind) -> None:
    state.kind = max(state.kind, kind)
    state.count += len(points)
    last: Value = points.values[-1]
    state.last_value = (
        str(last) if kind is ValueKind.TEXT else _number(points.values[-1], state.kind)
    )
    state.last_step = int(points.steps[-1])
    state.last_time_s = float(points.times_s[-1])
    state.max_step = max(state.max_step, int(points.steps.max()))
    low, high = extremes(points.values)
    if low == low and not low >= state.min_value:  # also when there was none
        state.min_value, state.min_value_step = low, first_step(points, low)
    if high == high and not high <= state.max_value:
        state.max_value, state.max_value_step = high, first_step(points, high)


def _number(value: Any, kind: ValueKind) -> Value:
    if kind is ValueKind.FLOAT:
        return float(value)
    return int(value) if kind is ValueKind.INT else bool(value)


def _row(series_id: int, start: int, level: int, packed: Packed, points: Points) -> dict[str, Any]:
    low, high = extremes(points.values)
    has_preview = level == WHOLE and packed.kind is not ValueKind.TEXT  # nobody reads others'
    return {
        "of_series": series_id,
        "of_start": start,
        "series": series_id,
        "start": start,
        "points": packed.count,
        "level": level,
        "kind": int(packed.kind),
        "codec": packed.codec,
        "first_step": int(points.steps[0]),
        "last_step": int(points.steps[-1]),
        "min_value": to_column(low),
        "max_value": to_column(high),
        "preview": make_preview(points) if has_preview else None,
        "data": packed.data,
        "checksum": packed.computed_checksum,
    }


def _execute(connection: sa.Connection, writes: _Writes) -> None:
    same = (chunk.c.series == sa.bindparam("of_series"), chunk.c.start == sa.bindparam("of_start"))
    if writes.deletes:
        behind = (same[0], chunk.c.start >= sa.bindparam("of_start"))
        connection.execute(sa.delete(chunk).where(*behind), writes.deletes)
    if writes.updates:
        changing = {"of_series", "of_start"} | {c.name for c in chunk.c} - {"series", "start"}
        rows = [{k: v for k, v in row.items() if k in changing} for row in writes.updates]
        connection.execute(sa.update(chunk).where(*same), rows)
    if writes.inserts:
        for row in writes.inserts:
            del row["of_series"], row["of_start"]
        connection.execute(sa.insert(chunk), writes.inserts)


def _unmerged(connection: sa.Connection, which: sa.ColumnElement[bool]) -> list[list[sa.Row[Any]]]:
    """Chunks behind the full ones (of text: the open one), grouped by series, in order."""
    begin = sa.case(
        (series.c.is_text, series.c.tail_start), else_=series.c.points - series.c.points % FULL
    )
    query = (
        sa.select(chunk)
        .join(series, sa.and_(chunk.c.series == series.c.id, chunk.c.start >= begin))
        .where(which)
        .order_by(chunk.c.series, chunk.c.start)
    )
    groups: dict[int, list[sa.Row[Any]]] = {}
    for row in connection.execute(query):
        groups.setdefault(row.series, []).append(row)
    return list(groups.values())


def _text_chunk_end(points: Points) -> int:
    size = 0
    for index, text in enumerate(points.values[:TAIL]):
        size += len(text)
        if size >= _TEXT_BYTES:
            return index + 1
    return min(TAIL, len(points))


def _is_long(points: Points) -> bool:
    return sum(map(len, points.values)) >= _TEXT_BYTES
