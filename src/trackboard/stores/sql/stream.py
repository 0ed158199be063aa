"""Apply batches of the stream: positions, events and points in one transaction, exactly once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

from trackboard.errors import Conflict
from trackboard.model import Ended, RunId, TextLogged, ValueKind, WriterId
from trackboard.ports import Batch, Points, Position, SeriesPoints
from trackboard.stores.engine.database import Database, write_number
from trackboard.stores.points.appender import Appender, NewPoints
from trackboard.stores.points.series import SeriesKey
from trackboard.stores.rows import runs
from trackboard.stores.rows.definitions import forget_definitions, save_definitions
from trackboard.stores.rows.quarantine import add_refused
from trackboard.stores.rules import run_transitions
from trackboard.stores.rules.batch_runs import (
    list_batch_runs,
    list_event_runs,
    list_point_runs,
    without,
)
from trackboard.stores.rules.short_text import storable
from trackboard.stores.rules.steps import to_int64
from trackboard.stores.schema.tables import run, writer
from trackboard.stores.sql.positions import START, position_of, read_positions, read_writers
from trackboard.stores.sql.run_updates import RunUpdates
from trackboard.stores.sql.stream_cache import Known, StreamCache, WriterState


def apply(
    database: Database, cache: StreamCache, appender: Appender, batches: Sequence[Batch]
) -> None:
    """See `trackboard.ports.Store.apply`."""
    with database.write() as connection:
        now = (database.generation, write_number(connection))
        known = cache.take(now)
        back = _advance(connection, known.writers, batches)
        back |= _take_over(connection, known.writers, batches)
        revived = runs.list_wrongly_failed(connection, back) if back else ()
        updates = RunUpdates(connection, _list_changing(known, batches, revived), known.runs)
        if updates.deleted:
            batches = without(batches, updates.deleted)
        add_refused(connection, [each for batch in batches for each in batch.refused])
        for run_id in revived:
            updates.revive(run_id)
        for batch in batches:
            _apply_batch(updates, batch)
        updates.write()
        added = _sorted_by_series(updates, batches)
        ended = {updates.key(each) for each in updates.ended}
        fresh = updates.list_fresh()
        if added:
            appender.append(connection, added, known.series, fresh=fresh, complete=ended & fresh)
        if ended:
            appender.compact(connection, sorted(ended - fresh))
            known.series = {key: it for key, it in known.series.items() if key.run not in ended}
    cache.keep(now, known)


def _list_changing(
    known: Known, batches: Sequence[Batch], revived: Collection[RunId]
) -> Collection[RunId]:
    """The runs whose rows are needed: of those that only get numbers it is enough to be known."""
    changing = dict.fromkeys(revived)
    for batch in batches:
        changing.update(dict.fromkeys(list_event_runs(batch)))
        for each in list_point_runs(batch):
            if batch.skipped_bytes or storable(each) not in known.runs:
                changing[each] = None
    return changing


def _apply_batch(updates: RunUpdates, batch: Batch) -> None:
    for event in (*batch.events, *run_transitions.dropped_by_refusal(batch.refused)):
        updates.apply(event, batch.writer)
    if batch.skipped_bytes:
        text = run_transitions.skipped(batch.skipped_bytes)
        for run_id in dict.fromkeys(list_batch_runs(batch)):
            updates.warn(run_id, text)


def end_writer(
    database: Database, appender: Appender, writer_id: WriterId, cause: str, time_s: float
) -> tuple[RunId, ...]:
    """See `trackboard.ports.Store.end_writer`."""
    with database.write(durable=True) as connection:
        _mark_ended(connection, writer_id)
        failed = []
        for row in runs.read_runs(connection, run.c.owner == writer_id):
            record = runs.record_of(row)
            if not record.run.state.is_terminal:
                ended = runs.row_of(
                    run_transitions.end_owner(record, cause, time_s), row.experiment
                )
                connection.execute(sa.update(run).where(run.c.id == row.id).values(ended))
                failed.append(row)
        appender.compact(connection, [row.id for row in failed])
    return tuple(RunId(row.run_id) for row in failed)


def _mark_ended(connection: sa.Connection, writer_id: WriterId) -> None:
    """Nothing is expected of a writer any more; what it says all the same, its segments explain."""
    forget_definitions(connection, [writer_id])
    ended = {"ended": True, "defined_segment": None, "defined_offset": None}
    if writer_id in read_positions(connection, [writer_id]):
        connection.execute(sa.update(writer).where(writer.c.id == writer_id).values(ended))
    else:
        gone = WriterState(START, None, ended=True)
        connection.execute(sa.insert(writer), [_row_of(writer_id, gone, 0)])


def _take_over(
    connection: sa.Connection, known: dict[WriterId, WriterState], batches: Sequence[Batch]
) -> set[WriterId]:
    """Give the runs of writers that are continued to those that continue them."""
    successors = {batch.continues: batch.writer for batch in batches if batch.continues is not None}
    for former in successors:
        _mark_ended(connection, former)
        known.pop(former, None)
        successor = run_transitions.last_successor(former, successors)
        connection.execute(sa.update(run).where(run.c.owner == former).values(owner=successor))
    return set(successors.values())


def _advance(
    connection: sa.Connection, known: dict[WriterId, WriterState], batches: Sequence[Batch]
) -> set[WriterId]:
    """Move the writers' positions on, or raise Conflict when somebody else has done so.

    Args:
        connection: A write transaction.
        known: What is known of the writers' rows; brought up to date.
        batches: What they said.

    Returns:
        The writers that had been declared ended.
    """
    asked = {batch.writer for batch in batches}
    unknown = asked - known.keys()
    if unknown:
        rows = read_writers(connection, unknown)
        known.update((each, _state_of(row)) for each, row in rows.items())
    before = {each: known[each] for each in asked if each in known}
    skipped = dict.fromkeys((batch.writer for batch in batches), 0)
    complete: list[Batch] = []
    for batch in batches:
        old = known.get(batch.writer, _NEVER_SEEN)
        if batch.start != old.position:
            raise Conflict(
                f"spool {batch.writer} is stored up to {tuple(old.position)}, and a batch begins at"
                f" {tuple(batch.start)}",
                hint="Somebody else stored it meanwhile: read on from the stored position.",
            )
        ended = any(isinstance(event, Ended) for event in batch.events)
        covered = old.covered
        if batch.completes(covered):
            covered = batch.end
            complete.append(batch)
        known[batch.writer] = WriterState(batch.end, covered, ended)
        skipped[batch.writer] += batch.skipped_bytes
    fresh = [_row_of(each, known[each], skipped[each]) for each in skipped if each not in before]
    changed = [
        {f"of_{name}": value for name, value in _row_of(each, known[each], skipped[each]).items()}
        for each in skipped
        if each in before
    ]
    if fresh:
        connection.execute(sa.insert(writer), fresh)
    if changed:
        connection.execute(_MOVE, changed)
    save_definitions(connection, complete)
    return {each for each, old in before.items() if old.ended}


_NEVER_SEEN = WriterState(START, None, ended=False)
_MOVE = (
    sa.update(writer)
    .where(writer.c.id == sa.bindparam("of_id"))
    .values(
        segment=sa.bindparam("of_segment"),
        offset=sa.bindparam("of_offset"),
        defined_segment=sa.bindparam("of_defined_segment"),
        defined_offset=sa.bindparam("of_defined_offset"),
        ended=sa.bindparam("of_ended"),
        skipped_bytes=writer.c.skipped_bytes + sa.bindparam("of_skipped_bytes"),
    )
)


def _row_of(writer_id: WriterId, state: WriterState, skipped_bytes: int) -> dict[str, Any]:
    covered = state.covered
    return {
        "id": writer_id,
        "segment": state.position.segment,
        "offset": state.position.offset,
        "defined_segment": None if covered is None else covered.segment,
        "defined_offset": None if covered is None else covered.offset,
        "ended": state.ended,
        "skipped_bytes": skipped_bytes,
    }


def _state_of(row: sa.Row[Any]) -> WriterState:
    covered = None
    if row.defined_segment is not None:
        covered = Position(row.defined_segment, row.defined_offset)
    return WriterState(position_of(row), covered, row.ended)


def _sorted_by_series(
    updates: RunUpdates, batches: Sequence[Batch]
) -> dict[SeriesKey, list[NewPoints]]:
    added: dict[SeriesKey, list[NewPoints]] = {}
    for batch in batches:
        for part in batch.points:
            if len(part.steps):
                key = SeriesKey(updates.key(part.run), storable(part.name), is_text=False)
                added.setdefault(key, []).append(_numbers(part))
        texts: dict[SeriesKey, list[TextLogged]] = {}
        for event in batch.events:
            if isinstance(event, TextLogged):
                key = SeriesKey(updates.key(event.run), storable(event.name), is_text=True)
                texts.setdefault(key, []).append(event)
        for key, events in texts.items():
            added.setdefault(key, []).append(_texts(events))
    return added


def _numbers(part: SeriesPoints) -> NewPoints:
    points = Points(part.steps, part.times_s, part.values)
    return NewPoints(points, part.has_step, part.kind, part.table)


def _texts(events: Sequence[TextLogged]) -> NewPoints:
    values = np.empty(len(events), object)
    values[:] = [event.value for event in events]
    points = Points(
        np.array([to_int64(event.step or 0) for event in events], np.int64),
        np.array([event.time_s for event in events], np.float64),
        values,
    )
    has_step = np.array([event.step is not None for event in events])
    return NewPoints(points, has_step, ValueKind.TEXT, events[0].table)
