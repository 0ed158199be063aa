"""Apply batches of the stream: positions, events and points in one transaction, exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

from trackboard.errors import Conflict
from trackboard.model import Ended, RunId, TextLogged, ValueKind, WriterId
from trackboard.ports import Batch, Points, Position, SeriesPoints
from trackboard.stores import life, removal, runs
from trackboard.stores.appender import Appender, NewPoints
from trackboard.stores.chunk import to_int64
from trackboard.stores.database import Database, pieces, version
from trackboard.stores.mention import mentioned, without
from trackboard.stores.run_book import RunBook
from trackboard.stores.schema import run, writer
from trackboard.stores.series import SeriesKey
from trackboard.stores.short_text import storable

_START = Position(0, 0)


def apply(database: Database, appender: Appender, batches: Sequence[Batch]) -> None:
    """See `trackboard.ports.Store.apply`."""
    with database.write() as connection:
        now = (database.generation, version(connection))
        states = appender.take(now)
        _advance(connection, batches)
        about = dict.fromkeys(each for batch in batches for each in mentioned(batch))
        deleted = removal.list_deleted(connection, about)
        if deleted:
            batches = without(batches, deleted)
        book = RunBook(connection, [each for each in about if each not in deleted])
        for batch in batches:
            for event in batch.events:
                book.tell(event, batch.writer)
            if batch.skipped_bytes:
                _warn_of_damage(book, batch)
        book.write()
        added = _sorted_by_series(book, batches)
        if added:
            appender.append(connection, added, states)
        ended = [book.key(each) for each in book.ended]
        if ended:
            appender.compact(connection, ended)
            gone = set(ended)
            states = {key: state for key, state in states.items() if key.run not in gone}
    appender.keep(now, states)


def positions(connection: sa.Connection) -> dict[WriterId, Position]:
    """Where to read on, of all writers that have not ended."""
    query = sa.select(writer).where(writer.c.ended.is_(False)).order_by(writer.c.id)
    return {
        WriterId(row.id): Position(row.segment, row.offset) for row in connection.execute(query)
    }


def position(connection: sa.Connection, writer_id: WriterId) -> Position:
    """Where to read on."""
    return _read_positions(connection, [writer_id]).get(writer_id, _START)


def end_writer(
    database: Database, appender: Appender, writer_id: WriterId, cause: str, time_s: float
) -> tuple[RunId, ...]:
    """See `trackboard.ports.Store.end_writer`."""
    with database.write(durable=True) as connection:
        if writer_id in _read_positions(connection, [writer_id]):
            gone = sa.update(writer).where(writer.c.id == writer_id).values(ended=True)
            connection.execute(gone)
        else:
            connection.execute(sa.insert(writer), [_writer_row(writer_id, _START, ended=True)])
        failed = []
        for row in runs.read_runs(connection, run.c.owner == writer_id):
            record = runs.record_of(row)
            if not record.run.state.is_terminal:
                ended = runs.row_of(life.end_owner(record, cause, time_s), row.experiment)
                connection.execute(sa.update(run).where(run.c.id == row.id).values(ended))
                failed.append(row)
        appender.compact(connection, [row.id for row in failed])
    return tuple(RunId(row.run_id) for row in failed)


def _advance(connection: sa.Connection, batches: Sequence[Batch]) -> None:
    """Move the writers' positions on, or raise Conflict when somebody else has done so."""
    known = _read_positions(connection, {batch.writer for batch in batches})
    rows: dict[WriterId, dict[str, Any]] = {}
    at = dict(known)
    for batch in batches:
        stored = at.get(batch.writer, _START)
        if batch.start != stored:
            raise Conflict(
                f"spool {batch.writer} is stored up to {tuple(stored)}, and a batch begins at"
                f" {tuple(batch.start)}",
                hint="Somebody else stored it meanwhile: read on from the stored position.",
            )
        at[batch.writer] = batch.end
        row = rows.setdefault(batch.writer, _writer_row(batch.writer, batch.end, ended=False))
        ended = any(isinstance(event, Ended) for event in batch.events)
        row.update(segment=batch.end.segment, offset=batch.end.offset, ended=ended)
        row["skipped_bytes"] += batch.skipped_bytes
    fresh = [row for each, row in rows.items() if each not in known]
    changed = [
        {
            "of_id": row["id"],
            "of_segment": row["segment"],
            "of_offset": row["offset"],
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


_MOVE = (
    sa.update(writer)
    .where(writer.c.id == sa.bindparam("of_id"))
    .values(
        segment=sa.bindparam("of_segment"),
        offset=sa.bindparam("of_offset"),
        ended=sa.bindparam("of_ended"),
        skipped_bytes=writer.c.skipped_bytes + sa.bindparam("of_skipped"),
    )
)


def _writer_row(writer_id: WriterId, at: Position, *, ended: bool) -> dict[str, Any]:
    return {
        "id": writer_id,
        "segment": at.segment,
        "offset": at.offset,
        "ended": ended,
        "skipped_bytes": 0,
    }


def _read_positions(
    connection: sa.Connection, writers: Iterable[WriterId]
) -> dict[WriterId, Position]:
    return {
        WriterId(row.id): Position(row.segment, row.offset)
        for piece in pieces(writers)
        for row in connection.execute(sa.select(writer).where(writer.c.id.in_(piece)))
    }


def _warn_of_damage(book: RunBook, batch: Batch) -> None:
    text = life.skipped(batch.skipped_bytes)
    for each in dict.fromkeys(mentioned(batch)):
        book.warn(each, text)


def _sorted_by_series(book: RunBook, batches: Sequence[Batch]) -> dict[SeriesKey, list[NewPoints]]:
    added: dict[SeriesKey, list[NewPoints]] = {}
    for batch in batches:
        for part in batch.points:
            if len(part.steps):
                key = SeriesKey(book.key(part.run), storable(part.name), is_text=False)
                added.setdefault(key, []).append(_numbers(part))
        texts: dict[SeriesKey, list[TextLogged]] = {}
        for event in batch.events:
            if isinstance(event, TextLogged):
                key = SeriesKey(book.key(event.run), storable(event.name), is_text=True)
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
