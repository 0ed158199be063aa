"""Apply batches of the stream: positions, events and points in one transaction, exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

from trackboard.errors import Conflict
from trackboard.model import Ended, RunId, TextLogged, ValueKind, WriterId
from trackboard.ports import Batch, Points, Position, SeriesPoints
from trackboard.stores.engine.database import Database, version
from trackboard.stores.points.appender import Appender, NewPoints
from trackboard.stores.points.series import SeriesKey
from trackboard.stores.rows import runs
from trackboard.stores.rows.definitions import forget_definitions, save_definitions
from trackboard.stores.rows.quarantine import add_refused
from trackboard.stores.rules import run_transitions
from trackboard.stores.rules.batch_runs import list_batch_runs, without
from trackboard.stores.rules.short_text import storable
from trackboard.stores.rules.steps import to_int64
from trackboard.stores.schema.tables import run, writer
from trackboard.stores.sql import removal
from trackboard.stores.sql.positions import START, position_of, read_positions, read_writers
from trackboard.stores.sql.run_updates import RunUpdates


def apply(database: Database, appender: Appender, batches: Sequence[Batch]) -> None:
    """See `trackboard.ports.Store.apply`."""
    with database.write() as connection:
        now = (database.generation, version(connection))
        states = appender.take(now)
        back = _advance(connection, batches) | _take_over(connection, batches)
        revived = runs.list_wrongly_failed(connection, back) if back else []
        about = dict.fromkeys(
            [*(each for batch in batches for each in list_batch_runs(batch)), *revived]
        )
        deleted = removal.list_deleted(connection, about)
        if deleted:
            batches = without(batches, deleted)
        add_refused(connection, [each for batch in batches for each in batch.refused])
        updates = RunUpdates(connection, [each for each in about if each not in deleted])
        for run_id in revived:
            updates.revive(run_id)
        for batch in batches:
            _apply_batch(updates, batch)
        updates.write()
        added = _sorted_by_series(updates, batches)
        if added:
            appender.append(connection, added, states)
        ended = [updates.key(each) for each in updates.ended]
        if ended:
            appender.compact(connection, ended)
            gone = set(ended)
            states = {key: state for key, state in states.items() if key.run not in gone}
    appender.keep(now, states)


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
        connection.execute(sa.insert(writer), [_writer_row(writer_id, START, ended=True)])


def _take_over(connection: sa.Connection, batches: Sequence[Batch]) -> set[WriterId]:
    """Give the runs of writers that are continued to those that continue them."""
    successors = {batch.continues: batch.writer for batch in batches if batch.continues is not None}
    for former in successors:
        _mark_ended(connection, former)
        successor = run_transitions.last_successor(former, successors)
        connection.execute(sa.update(run).where(run.c.owner == former).values(owner=successor))
    return set(successors.values())


def _advance(connection: sa.Connection, batches: Sequence[Batch]) -> set[WriterId]:
    """Move the writers' positions on, or raise Conflict when somebody else has done so.

    Returns:
        The writers that had been declared ended.
    """
    stored_rows = read_writers(connection, {batch.writer for batch in batches})
    known = {each: position_of(row) for each, row in stored_rows.items()}
    rows: dict[WriterId, dict[str, Any]] = {}
    at = dict(known)
    covered = {each: _covered(row) for each, row in stored_rows.items()}
    complete: list[Batch] = []
    for batch in batches:
        stored = at.get(batch.writer, START)
        if batch.start != stored:
            raise Conflict(
                f"spool {batch.writer} is stored up to {tuple(stored)}, and a batch begins at"
                f" {tuple(batch.start)}",
                hint="Somebody else stored it meanwhile: read on from the stored position.",
            )
        at[batch.writer] = batch.end
        row = rows.setdefault(batch.writer, _writer_row(batch.writer, batch.end, ended=False))
        ended = any(isinstance(event, Ended) for event in batch.events)
        if batch.completes(covered.get(batch.writer)):
            covered[batch.writer] = batch.end
            complete.append(batch)
        row.update(_position_columns(batch.end, covered.get(batch.writer)), ended=ended)
        row["skipped_bytes"] += batch.skipped_bytes
    fresh = [row for each, row in rows.items() if each not in known]
    changed = [
        {
            "of_id": row["id"],
            "of_segment": row["segment"],
            "of_offset": row["offset"],
            "of_defined_segment": row["defined_segment"],
            "of_defined_offset": row["defined_offset"],
            "of_ended": row["ended"],
            "of_skipped": row["skipped_bytes"],
        }
        for each, row in rows.items()
        if each in known
    ]
    if fresh:
        connection.execute(sa.insert(writer), fresh)
    if changed:
        connection.execute(_MOVE, changed)
    save_definitions(connection, complete)
    return {each for each, row in stored_rows.items() if row.ended}


_MOVE = (
    sa.update(writer)
    .where(writer.c.id == sa.bindparam("of_id"))
    .values(
        segment=sa.bindparam("of_segment"),
        offset=sa.bindparam("of_offset"),
        defined_segment=sa.bindparam("of_defined_segment"),
        defined_offset=sa.bindparam("of_defined_offset"),
        ended=sa.bindparam("of_ended"),
        skipped_bytes=writer.c.skipped_bytes + sa.bindparam("of_skipped"),
    )
)


def _writer_row(writer_id: WriterId, at: Position, *, ended: bool) -> dict[str, Any]:
    return {"id": writer_id, **_position_columns(at, None), "ended": ended, "skipped_bytes": 0}


def _position_columns(at: Position, covered: Position | None) -> dict[str, int | None]:
    """Where to read on, and up to where the definitions are kept."""
    return {
        "segment": at.segment,
        "offset": at.offset,
        "defined_segment": None if covered is None else covered.segment,
        "defined_offset": None if covered is None else covered.offset,
    }


def _covered(row: sa.Row[Any]) -> Position | None:
    if row.defined_segment is None:
        return None
    return Position(row.defined_segment, row.defined_offset)


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
