"""Rows of `series`: what is known of a series at a glance, and where its open chunk begins."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from trackboard.model import Value, ValueKind
from trackboard.ports import Points
from trackboard.stores.codec.chunk import FULL, Damaged, Packed, Unpacker
from trackboard.stores.engine.database import pieces
from trackboard.stores.points.damage import Damage
from trackboard.stores.points.summaries import last_value
from trackboard.stores.rules.short_text import short
from trackboard.stores.schema.extreme_steps import read_extreme_steps
from trackboard.stores.schema.tables import chunk, from_column, series, to_column


class SeriesKey(NamedTuple):
    """What makes a series: its run's number, its name, and whether it is text."""

    run: int
    name: str
    is_text: bool


OPEN, SMALL, WHOLE = 0, 1, 2  # levels of a chunk


@dataclass(slots=True)
class SeriesState:
    """A series while points are appended to it. `tail` is its open chunk, None when there is none."""

    id: int
    key: SeriesKey
    kind: ValueKind
    count: int = 0
    tail_start: int = 0
    tail: Points | None = None
    last_value: Value = 0
    last_step: int = 0
    last_time_s: float = math.nan
    min_value: float = math.nan
    max_value: float = math.nan
    max_step: int = -(2**63)
    min_value_step: int | None = None
    max_value_step: int | None = None
    table: str = ""

    @property
    def full_end(self) -> int:
        """Where the full chunks end and what may still be merged begins."""
        return self.tail_start if self.key.is_text else self.count - self.count % FULL

    def row(self) -> dict[str, Any]:
        """The columns that change when points are appended."""
        text = self.last_value if isinstance(self.last_value, str) else None
        number = None if isinstance(self.last_value, str) else self.last_value
        return {
            "kind": int(self.kind),
            "points": self.count,
            "tail_start": self.tail_start,
            "last_number": None if number is None else to_column(float(number)),
            "last_integer": None if isinstance(number, float) or number is None else int(number),
            "last_text": None if text is None else json.dumps(text),
            "last_step": self.last_step,
            "last_time_s": to_column(self.last_time_s),
            "min_value": to_column(self.min_value),
            "max_value": to_column(self.max_value),
            "max_step": self.max_step,
            "min_value_step": self.min_value_step,
            "max_value_step": self.max_value_step,
            "extremes_of": self.count,
        }


_TAIL = (
    chunk.c.points.label("tail_count"),
    chunk.c.kind.label("tail_kind"),
    chunk.c.codec.label("tail_codec"),
    chunk.c.data.label("tail_data"),
    chunk.c.checksum.label("tail_checksum"),
)
_OPEN = sa.and_(chunk.c.series == series.c.id, chunk.c.start == series.c.tail_start)
_STATE = sa.select(series, *_TAIL).select_from(series.outerjoin(chunk, _OPEN))


def load_states(
    connection: sa.Connection,
    keys: Collection[SeriesKey],
    unpacker: Unpacker,
    damages: list[Damage],
) -> dict[SeriesKey, SeriesState]:
    """The series among `keys` that exist, with their open chunks.

    One that is damaged is closed as it is, and told in `damages`: what follows goes into a new one.
    """
    found = {}
    lacking = {}
    for runs, names in _blocks(keys):
        query = _STATE.where(series.c.run.in_(runs), short(series.c.name).in_(names))
        for row in connection.execute(query):
            state = _state(row)
            found[state.key] = state
            if row.extremes_of != row.points and not state.key.is_text:
                lacking[state.id] = state
            if row.tail_data is not None:
                try:
                    state.tail = _tail(row, unpacker)
                except Damaged as error:
                    damages.append(Damage(row.id, row.tail_start, row.tail_count, error.message))
                    _close_tail(connection, state)
    if lacking:
        steps = read_extreme_steps(connection, unpacker, lacking)
        for state in lacking.values():
            state.min_value_step, state.max_value_step = steps[state.id]
    return found


def _tail(row: sa.Row[Any], unpacker: Unpacker) -> Points:
    return unpacker.read(
        Packed.of(row.tail_count, row.tail_kind, row.tail_codec, row.tail_data, row.tail_checksum)
    )


def _close_tail(connection: sa.Connection, state: SeriesState) -> None:
    """Close an open chunk as one of its series' other closed chunks."""
    closed = sa.update(chunk).where(chunk.c.series == state.id, chunk.c.start == state.tail_start)
    connection.execute(closed.values(level=WHOLE if state.key.is_text else SMALL))
    state.tail_start = state.count


def _blocks(keys: Iterable[SeriesKey]) -> Iterator[tuple[list[int], list[str]]]:
    """Runs and names to ask for together; runs that log the same names share one question."""
    names_of: dict[int, dict[str, None]] = {}
    for key in keys:
        names_of.setdefault(key.run, {})[key.name] = None
    runs_of: dict[frozenset[str], list[int]] = {}
    for each, names in names_of.items():
        runs_of.setdefault(frozenset(names), []).append(each)
    for block, runs in runs_of.items():
        for some_runs in pieces(runs, 200):
            for some_names in pieces(sorted(block)):
                yield some_runs, some_names


def _state(row: sa.Row[Any]) -> SeriesState:
    kind = ValueKind(row.kind)
    return SeriesState(
        id=row.id,
        key=SeriesKey(row.run, row.name, bool(row.is_text)),
        kind=kind,
        count=row.points,
        tail_start=row.tail_start,
        last_value=last_value(row, kind),
        last_step=row.last_step,
        last_time_s=from_column(row.last_time_s),
        min_value=from_column(row.min_value),
        max_value=from_column(row.max_value),
        max_step=row.max_step,
        min_value_step=row.min_value_step,
        max_value_step=row.max_value_step,
        table=row.table,
    )


def last_id(connection: sa.Connection) -> int:
    """The number that was given to the newest series."""
    return int(connection.execute(sa.select(sa.func.max(series.c.id))).scalar_one() or 0)


def write_states(
    connection: sa.Connection, states: Iterable[SeriesState], known: Collection[int]
) -> None:
    """Write the summaries: new rows for the series that are not among the `known` ids."""
    fresh, changed = [], []
    for state in states:
        if state.id in known:
            changed.append({"of_id": state.id, **state.row()})
        else:
            key = state.key._asdict()
            fresh.append({"id": state.id, **key, "table": state.table, **state.row()})
    if fresh:
        connection.execute(sa.insert(series), fresh)
    if changed:
        connection.execute(sa.update(series).where(series.c.id == sa.bindparam("of_id")), changed)
