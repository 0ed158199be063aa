"""Spool to store, exactly once: a bounded pass by whoever holds the workspace's lock.

Small backlogs go first, so that a quiet run is never kept waiting by a flood. What a writer said
and how far it was read are stored in one transaction: after a crash anywhere the next pass reads on.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from trackboard.errors import Conflict, Unavailable
from trackboard.ingest.cursor import START, Cursor
from trackboard.ingest.files import move_files, write_bytes
from trackboard.ingest.goal import Goal
from trackboard.ingest.liveness import LivenessCheck
from trackboard.ingest.quarantine import DATA_ERRORS, MOST_REFUSED, store_apart
from trackboard.ingest.succession import Succession
from trackboard.layout.locks import FileLock
from trackboard.model import (
    ArtifactLogged,
    FileAdded,
    FileBytes,
    FileRemoved,
    RunKind,
    Segment,
    WriterId,
)
from trackboard.ports import (
    Batch,
    Blobs,
    Position,
    RunFiles,
    RunStore,
    Spool,
    SpoolArea,
    SpoolSource,
    StreamStore,
)

_log = logging.getLogger("trackboard")

PASS_S = 0.1
_ON_DISK = (FileBytes, FileRemoved)  # events that change the plain files of a run
_NAMES_FILE = (FileAdded, ArtifactLogged)  # events that name a complete file
_LITTLE_BYTES = 16 << 10  # a backlog up to this is stored first; the floods take turns
_FIRST_BYTES = 128 << 10  # of a pass's first transaction: what is new and small is stored at once
_MOST_BYTES = 4 << 20  # of the later ones, as far as the pass has time for them


class IngestStore(StreamStore, RunStore, Protocol):
    """What ingest needs of a store."""


@dataclass(frozen=True)
class Pass:
    """What one pass did."""

    unread_bytes: int  # seen and not stored yet
    was_complete: bool  # everything that could be read at its start is stored
    stuck: frozenset[WriterId] = frozenset()  # of these nothing more can be read now


@dataclass
class _SeenSpool:
    cursor: Cursor
    segments: list[Segment]
    is_complete: bool  # what is seen is what was written
    is_dead: bool
    is_stuck: bool = False
    unread_bytes: int = field(init=False)  # behind the cursor

    def __post_init__(self) -> None:
        self.count_unread()

    def count_unread(self) -> None:
        """Count what is behind the cursor, which has moved."""
        self.unread_bytes = self.cursor.unread_bytes(self.segments)

    def read(self, most_bytes: int) -> Batch | None:
        batch = self.cursor.read(
            self.segments,
            most_bytes=most_bytes,
            is_final=self.is_dead,
            is_complete=self.is_complete,
        )
        self.count_unread()
        return batch


class Ingest:
    """Stores what the spools of one workspace hold. Safe from several threads and processes.

    Args:
        source: Where the spools are.
        lock: The workspace's lock file.
        store: Where to store.
        files: Where the files of runs belong that grow.
        blobs: Where the complete ones belong.
        may_ingest: Asked before each pass. While it says no (the workspace cannot be written, or another
            database ingests it) nothing is stored, written or removed, and nobody waits.
        clock: Monotonic seconds, by which silence is measured.
    """

    def __init__(
        self,
        source: SpoolSource,
        lock: Path,
        store: IngestStore,
        files: RunFiles,
        blobs: Blobs,
        may_ingest: Callable[[], bool] = lambda: True,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._lock = FileLock(lock)
        self._store = store
        self._files = files
        self._blobs = blobs
        self._may_ingest = may_ingest
        self._cursors: dict[WriterId, Cursor] = {}
        self._clock = clock
        self._liveness = LivenessCheck(source.is_local, clock)
        self._served_at_s: dict[WriterId, float] = {}
        self._behind: set[WriterId] = set()  # the last pass did not read all that they had
        self._pid = 0
        self._refusal: Unavailable | None = None  # the first of the pass
        self._said: set[str] = set()

    def run_pass(self, budget_s: float = PASS_S) -> Pass | None:
        """Store what there is, for about `budget_s`; None when that is another process's to do.

        Raises:
            Unavailable: A spool could not be read, or its files not be written; all others are stored.
        """
        if not self._may_ingest():
            return None
        with self._lock.attempt() as is_held:
            if not is_held:
                return None
            if self._pid != os.getpid():  # a fork may have interrupted the parent's pass
                self._pid = os.getpid()
                self._begin()
            done = self._run(time.monotonic() + budget_s)
            refusal = self._refusal
        if refusal is not None:
            raise refusal
        return done

    def unread_bytes(self) -> int:
        """Bytes that lie in the spools and are not stored."""
        positions = self._store.positions()
        unread = 0
        for writer, spool in self._spools().items():
            cursor = Cursor(spool)
            cursor.position = positions.get(writer) or self._store.position(writer)
            unread += cursor.unread_bytes(spool.list_segments())
        return unread

    def refresh(self, budget_s: float) -> int:
        """Store what there is for about `budget_s`, then say how many bytes are still unread.

        When another process is at it, wait for what it makes of what was there at the call. A disk that
        refuses is said once; what is stored already can be shown all the same.
        """
        deadline_s = time.monotonic() + budget_s
        goal: Goal | None = None
        while True:
            try:
                with self._store.limit_waits(budget_s):  # a stopped writer must not hold a page
                    done = self.run_pass(min(PASS_S, deadline_s - time.monotonic()))
            except Unavailable as error:
                self._warn_once(f"trackboard cannot store what is recorded: {error}")
                return self.unread_bytes()
            if done is not None and done.was_complete:
                return 0
            if done is None and not self._may_ingest():
                return self.unread_bytes()
            if done is None:
                goal = goal or self._goal()
                if goal.is_stored():
                    return 0
                time.sleep(0.002)
            if time.monotonic() >= deadline_s:
                return self.unread_bytes() if done is None else done.unread_bytes

    def _warn_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            _log.warning("%s", text)

    def _goal(self) -> Goal:
        return Goal(self._spools(), self._store, self._liveness.is_complete)

    def _spools(self) -> dict[WriterId, Spool]:
        """All spools that are read."""
        spools = self._source.list_spools()
        return {**self._source.list_set_aside(SpoolArea.SILENT), **spools}

    def drain(self, patience_s: float = 30.0) -> None:
        """Return when everything that was said before the call is stored, or at once where it may not be.

        Raises:
            Unavailable: For so long nobody stored anything (names who holds the lock), or the disk
                refuses.
        """
        goal: Goal | None = None
        last_version, last_progress_s = -1, time.monotonic()
        while True:
            done = self.run_pass()
            if (done is not None and done.was_complete) or not self._may_ingest():
                return
            goal = goal or self._goal()  # or writers that go on might keep us forever
            if goal.is_stored(() if done is None else done.stuck):
                return
            if done is None:
                time.sleep(0.002)
            version = self._store.version()
            if version != last_version:
                last_version, last_progress_s = version, time.monotonic()
            elif time.monotonic() - last_progress_s > patience_s:
                raise Unavailable(
                    f"nothing was stored for {patience_s:.0f} s; the lock is held by {self._lock.holder()}",
                    hint=f"Look at that process, or end it. The lock is {self._lock.path}.",
                )

    # -- under the lock -----------------------------------------------------------------------------

    def _begin(self) -> None:
        """The first pass of this process: forget what a fork brought, clear what the killed left."""
        self._cursors.clear()
        self._liveness.clear()
        self._behind.clear()
        self._source.prepare()
        for writer in (
            self._source.list_set_aside(SpoolArea.QUARANTINE).keys() & self._store.positions()
        ):
            self._end_quarantined(writer)  # whoever set it aside was killed before that

    def _run(self, deadline_s: float) -> Pass:
        self._refusal = None
        spools = self._scan()
        waiting = [spool for spool in spools if spool.unread_bytes]
        room, begin_s = _FIRST_BYTES, time.monotonic()
        while waiting:
            if not self._store_some(_predecessors_first(waiting), room):
                break
            waiting = [s for s in waiting if s.unread_bytes and not s.is_stuck]
            now_s = time.monotonic()
            fits = room * (deadline_s - now_s) / max(now_s - begin_s, 1e-6)
            if fits < _FIRST_BYTES:  # it would end too late
                break
            room, begin_s = int(min(fits, 4 * room, _MOST_BYTES)), now_s
        self._behind = {spool.cursor.writer for spool in waiting}
        for spool in spools:
            if not spool.is_stuck and not spool.unread_bytes:
                self._end_if_over(spool)
        unread = sum(spool.unread_bytes for spool in spools if not spool.is_stuck)
        stuck = frozenset(spool.cursor.writer for spool in spools if spool.is_stuck)
        return Pass(unread, was_complete=not waiting, stuck=stuck)

    def _scan(self) -> list[_SeenSpool]:
        """What there is to read. Life is asked before sizes: the dead write nothing more."""
        spools = self._spools()
        positions = self._store.positions() if spools else {}
        for gone in self._cursors.keys() - spools.keys():
            self._forget(gone)
        seen = []
        for writer, spool in spools.items():
            cursor = self._cursor(spool, positions)
            asks = writer not in self._behind  # else its end is not reached anyway
            is_dead = spool.area is None and self._liveness.is_dead(spool, asks=asks)
            is_complete = self._liveness.is_complete(spool)
            segments = spool.list_segments(begin=cursor.first_segment)
            found = _SeenSpool(cursor, segments, is_complete, is_dead)
            if cursor.is_of_newer_format:
                found.is_stuck = True
                self._warn_once(
                    f"trackboard leaves the spool {spool.location} alone: a newer version writes it. Type:"
                    " pip install --upgrade trackboard"
                )
            seen.append(found)
        return seen

    def _forget(self, writer: WriterId) -> None:
        """Forget what is known of a spool that is gone, or elsewhere."""
        self._cursors.pop(writer, None)
        self._served_at_s.pop(writer, None)
        self._liveness.forget(writer)

    def _cursor(self, spool: Spool, positions: Mapping[WriterId, Position]) -> Cursor:
        writer = spool.writer
        cursor = self._cursors.get(writer)
        if cursor is None or cursor.spool != spool:
            succession = Succession(spool, self._clock)
            cursor = Cursor(spool, self._store.read_definitions, succession)
            self._cursors[writer] = cursor
        position = positions.get(writer)
        if position is None:  # never seen, or it has ended and only its folder is left
            position = self._store.position(writer)
            cursor.ended = position > START
        cursor.seek(position)
        return cursor

    def _store_some(self, spools: list[_SeenSpool], room: int) -> bool:
        """One transaction of about `room` bytes: what is little first, then the floods in turn.

        Returns:
            Whether to go on: False when somebody else has stored some of it.
        """
        read: list[tuple[_SeenSpool, Batch]] = []
        for spool in sorted(spools, key=self._priority):
            before = spool.unread_bytes
            self._served_at_s[spool.cursor.writer] = time.monotonic()
            batch = self._read(spool, room)
            if batch is None:
                spool.is_stuck = True
                continue
            read.append((spool, batch))
            room -= before - spool.unread_bytes
            if room <= 0:
                break
        batches = [batch for _, batch in read]
        try:
            self._store.apply(batches)
        except Conflict:
            if all(self._store.position(batch.writer) == batch.start for batch in batches):
                raise  # it is not about the positions
            self._cursors.clear()
            return False
        except DATA_ERRORS:
            for spool, batch in read:
                spool.cursor.seek(batch.start)
            for spool, batch in read:
                self._store_apart(spool, batch.end)
        else:
            refusing = [spool for spool, batch in read if batch.refused]
            self._quarantine(refusing)
        return True

    def _store_apart(self, spool: _SeenSpool, end: Position) -> None:
        """Store what one spool holds without what the store refuses of it."""
        store_apart(
            self._store, spool.cursor, lambda room: self._read(spool, room), end, _FIRST_BYTES
        )
        spool.count_unread()
        self._quarantine([spool])

    def _quarantine(self, spools: list[_SeenSpool]) -> None:
        """Set those spools aside of which too much cannot be stored."""
        if not spools:
            return
        counts = self._store.count_refused([spool.cursor.writer for spool in spools])
        for spool in spools:
            writer, count = spool.cursor.writer, counts.get(spool.cursor.writer, 0)
            if count < MOST_REFUSED:
                continue
            spool.is_stuck = True
            if moved := self._set_aside(spool.cursor, SpoolArea.QUARANTINE):
                self._warn_once(
                    f"trackboard set the spool {moved.location} aside: {count} of its records could not be"
                    " stored. Nothing of it is deleted."
                )
                self._end_quarantined(writer)

    def _priority(self, spool: _SeenSpool) -> tuple[float, int]:
        unread = spool.unread_bytes
        is_flood = unread > _LITTLE_BYTES
        return (self._served_at_s.get(spool.cursor.writer, 0.0) if is_flood else -1.0, unread)

    def _read(self, spool: _SeenSpool, most_bytes: int) -> Batch | None:
        """The next piece of one spool; None when it can give none now, which keeps no other waiting."""
        try:
            batch = spool.read(most_bytes)
            return None if batch is None else self._with_files(spool.cursor.spool, batch)
        except (Unavailable, OSError) as error:
            self._note_refusal(spool.cursor.spool, error)
        return None

    def _note_refusal(self, spool: Spool, error: Unavailable | OSError) -> None:
        if isinstance(error, OSError):
            error = Unavailable(
                f"the spool {spool.location} could not be read: {error.strerror or error}",
                hint="Mend its rights, or the disk; nothing of it is lost.",
            )
        self._refusal = self._refusal or error

    def _with_files(self, spool: Spool, batch: Batch) -> Batch:
        """The batch, once the files that it is about are where readers of it look for them."""
        pieces = [event for event in batch.events if isinstance(event, _ON_DISK)]
        naming = [event for event in batch.events if isinstance(event, _NAMES_FILE)]
        if not pieces and not naming:
            return batch
        deleted = self._store.list_deleted({event.run for event in (*pieces, *naming)})
        move_files((event for event in naming if event.run not in deleted), spool, self._blobs)
        pieces = [piece for piece in pieces if piece.run not in deleted]
        others = tuple(event for event in batch.events if not isinstance(event, _ON_DISK))
        return replace(batch, events=(*others, *write_bytes(pieces, self._files)))

    def _end_if_over(self, spool: _SeenSpool) -> None:
        """End the writer of a spool of which all is stored, if it will never write again."""
        cursor, read_from = spool.cursor, spool.cursor.spool
        if read_from.area is not None:  # its writer was taken for dead
            if self._liveness.is_silent(read_from):
                self._end(cursor)
                self._remove(spool)
        elif spool.is_dead or cursor.ended:
            self._end(cursor)
            self._remove(spool)
        elif self._liveness.is_presumed_dead(read_from) and (
            moved := self._set_aside(cursor, SpoolArea.SILENT)
        ):
            cursor.spool = moved
            self._end(cursor)  # last: the spool of an ended writer may be deleted where it was

    def _remove(self, spool: _SeenSpool) -> None:
        """Remove a spool of which all is stored: what its outbox still has, no record names."""
        cursor, read_from = spool.cursor, spool.cursor.spool
        if not spool.is_complete:  # unless it was shown later than its record
            try:
                for key in read_from.list_files():
                    read_from.move_file(key, self._blobs)
            except (Unavailable, OSError) as error:
                self._note_refusal(read_from, error)
                return
        self._source.remove(read_from, lambda: self._is_stored(cursor))

    def _end_quarantined(self, writer: WriterId) -> None:
        cause = "its stream was set aside: too many records of it could not be stored"
        self._store.end_writer(writer, cause=cause, time_s=time.time())

    def _set_aside(self, cursor: Cursor, area: SpoolArea) -> Spool | None:
        """Put a spool aside; None where that is refused."""
        try:
            moved = self._source.set_aside(cursor.spool, area)
        except OSError as error:
            self._refusal = self._refusal or Unavailable(
                f"the spool {cursor.spool.location} could not be moved: {error.strerror or error}",
                hint="Make the folder of the workspace one that you may write to.",
            )
            return None
        self._forget(cursor.writer)
        return moved

    def _end(self, cursor: Cursor) -> None:
        """Close the runs of a writer that is gone."""
        who = cursor.spool.find_process()
        process = f"process {who.pid} on {who.host}" if who else "the process"
        how = "ended" if cursor.ended else "died"
        owned = self._store.list_runs(ids=self._store.list_owned([cursor.writer]), deleted=None)
        if any(run.kind is RunKind.JOB for run in owned):
            process = f"the job's worker, {process},"
        cause = f"{process} {how} before the run was completed"
        if who and not who.is_of_this_boot and not cursor.ended:
            cause = "the machine restarted while it ran"
        self._store.end_writer(cursor.writer, cause=cause, time_s=time.time())

    def _is_stored(self, cursor: Cursor) -> bool:
        """Ask the database once more: it may have been deleted, or a copy put there, since it was written."""
        return self._store.position(cursor.writer) >= cursor.position


def _predecessors_first(waiting: list[_SeenSpool]) -> list[_SeenSpool]:
    """Those that go on for none of the others: what a process said is read in the order it was said."""
    unread = {spool.cursor.writer for spool in waiting}
    first = [each for each in waiting if each.cursor.find_former(each.segments) not in unread]
    return first or waiting
