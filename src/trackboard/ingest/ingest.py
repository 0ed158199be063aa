"""Spool to store, exactly once: a bounded pass by whoever holds the workspace's lock.

Small backlogs go first, so that a quiet run is never kept waiting by a flood. What a writer said
and how far it was read are stored in one transaction: after a crash anywhere the next pass reads on.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from trackboard.errors import Unavailable
from trackboard.ingest.cursor import START, Cursor
from trackboard.ingest.files import write_bytes
from trackboard.ingest.lock import FileLock
from trackboard.ingest.removal import remove_leftovers, remove_spool
from trackboard.model import FileBytes, RunId, RunKind, WriterId
from trackboard.ports import Batch, Position, Store
from trackboard.spool import (
    Liveness,
    Segment,
    boot_id,
    list_segments,
    list_writers,
    probe,
    read_writer,
)

_log = logging.getLogger("trackboard")

PASS_S = 0.1
_LITTLE_BYTES = 16 << 10  # a backlog up to this is stored first; the floods take turns
_FIRST_BYTES = 128 << 10  # of a pass's first transaction: what is new and small is stored at once
_MOST_BYTES = 4 << 20  # of the later ones, as far as the pass has time for them
_PROBE_EVERY_S = 0.5  # how often a silent writer is asked whether it lives


@dataclass(frozen=True)
class Pass:
    """What one pass did."""

    unread_bytes: int  # seen and not stored yet
    was_complete: bool  # everything that could be read at its start is stored


@dataclass
class _Spool:
    cursor: Cursor
    segments: list[Segment]
    is_dead: bool
    is_stuck: bool = False

    @property
    def unread_bytes(self) -> int:
        return self.cursor.unread_bytes(self.segments)


class Ingest:
    """Stores what the spools of one workspace hold. Safe from several threads and processes.

    Args:
        spool_folder: Where the spools are.
        lock: The workspace's lock file.
        store: Where to store.
        run_folder: Where the plain files of a run belong.
        may_ingest: Asked before each pass. While it says no (the workspace cannot be written, or another
            database ingests it) nothing is stored, written or removed, and nobody waits.
    """

    def __init__(
        self,
        spool_folder: Path,
        lock: Path,
        store: Store,
        run_folder: Callable[[RunId], Path],
        may_ingest: Callable[[], bool] = lambda: True,
    ) -> None:
        self._spool_folder = spool_folder
        self._lock = FileLock(lock)
        self._store = store
        self._run_folder = run_folder
        self._may_ingest = may_ingest
        self._cursors: dict[WriterId, Cursor] = {}
        self._probed_at_s: dict[WriterId, float] = {}
        self._dead: set[WriterId] = set()
        self._served_at_s: dict[WriterId, float] = {}
        self._behind: set[WriterId] = set()  # the last pass did not read all that they had
        self._pid = 0
        self._refusal: Unavailable | None = None  # the first of the pass
        self._said = ""

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
        for writer in list_writers(self._spool_folder):
            cursor = Cursor(self._spool_folder / writer, writer)
            cursor.position = positions.get(writer) or self._store.position(writer)
            unread += cursor.unread_bytes(list_segments(cursor.folder))
        return unread

    def refresh(self, budget_s: float) -> int:
        """Store what there is for about `budget_s`, then say how many bytes are still unread.

        When another process is at it, wait for what it makes of what was there at the call. A disk that
        refuses is said once; what is stored already can be shown all the same.
        """
        deadline_s = time.monotonic() + budget_s
        goal: _Goal | None = None
        while True:
            try:
                with self._store.limit_waits(budget_s):  # a stopped writer must not hold a page
                    done = self.run_pass(min(PASS_S, deadline_s - time.monotonic()))
            except Unavailable as error:
                self._say(error)
                return self.unread_bytes()
            if done is not None and done.was_complete:
                return 0
            if done is None and not self._may_ingest():
                return self.unread_bytes()
            if done is None:
                goal = goal or _Goal(self._spool_folder)
                if goal.is_stored(self._store):
                    return 0
                time.sleep(0.002)
            if time.monotonic() >= deadline_s:
                return self.unread_bytes() if done is None else done.unread_bytes

    def _say(self, error: Unavailable) -> None:
        if error.message != self._said:
            self._said = error.message
            _log.warning("trackboard cannot store what is recorded: %s", error)

    def drain(self, patience_s: float = 30.0) -> None:
        """Return when everything that was said before the call is stored, or at once where it may not be.

        Raises:
            Unavailable: For so long nobody stored anything (names who holds the lock), or the disk
                refuses.
        """
        goal: _Goal | None = None
        last_version, last_progress_s = -1, time.monotonic()
        while True:
            done = self.run_pass()
            if (done is not None and done.was_complete) or not self._may_ingest():
                return
            goal = goal or _Goal(self._spool_folder)  # or writers that go on might keep us forever
            if goal.is_stored(self._store):
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
        self._probed_at_s.clear()
        self._dead.clear()
        self._behind.clear()
        remove_leftovers(self._spool_folder)

    def _run(self, deadline_s: float) -> Pass:
        self._refusal = None
        spools = self._look()
        waiting = [spool for spool in spools if spool.unread_bytes]
        room, begin_s = _FIRST_BYTES, time.monotonic()
        while waiting:
            self._store_some(waiting, room)
            waiting = [s for s in waiting if s.unread_bytes and not s.is_stuck]
            now_s = time.monotonic()
            fits = room * (deadline_s - now_s) / max(now_s - begin_s, 1e-6)
            if fits < _FIRST_BYTES:  # it would end too late
                break
            room, begin_s = int(min(fits, 4 * room, _MOST_BYTES)), now_s
        self._behind = {spool.cursor.writer for spool in waiting}
        for spool in spools:
            is_over = spool.is_dead or spool.cursor.ended
            if is_over and not spool.is_stuck and not spool.unread_bytes:
                self._end(spool.cursor)
        unread = sum(spool.unread_bytes for spool in spools if not spool.is_stuck)
        return Pass(unread, was_complete=not waiting)

    def _look(self) -> list[_Spool]:
        """What there is to read. Life is asked before sizes: the dead write nothing more."""
        positions = self._store.positions()
        writers = list_writers(self._spool_folder)
        for gone in self._cursors.keys() - set(writers):
            del self._cursors[gone]
            self._probed_at_s.pop(gone, None)
            self._served_at_s.pop(gone, None)
            self._dead.discard(gone)
        spools = []
        for writer in writers:
            cursor = self._cursor(writer, positions)
            is_dead = self._is_dead(cursor)
            segments = list_segments(cursor.folder, begin=cursor.position.segment)
            spools.append(_Spool(cursor, segments, is_dead))
        return spools

    def _cursor(self, writer: WriterId, positions: Mapping[WriterId, Position]) -> Cursor:
        cursor = self._cursors.get(writer)
        if cursor is None:
            cursor = self._cursors[writer] = Cursor(self._spool_folder / writer, writer)
        position = positions.get(writer)
        if position is None:  # never seen, or it has ended and only its folder is left
            position = self._store.position(writer)
            cursor.ended = position > START
        cursor.seek(position)
        return cursor

    def _is_dead(self, cursor: Cursor) -> bool:
        now_s, asked_s = time.monotonic(), self._probed_at_s.get(cursor.writer)
        if cursor.writer in self._dead:
            return True
        if cursor.writer in self._behind:  # its end is not reached anyway
            return False
        if asked_s is not None and now_s - asked_s < _PROBE_EVERY_S:
            return False
        self._probed_at_s[cursor.writer] = now_s
        if probe(cursor.folder) is Liveness.DEAD:
            self._dead.add(cursor.writer)
        return cursor.writer in self._dead

    def _store_some(self, spools: list[_Spool], room: int) -> None:
        """One transaction of about `room` bytes: what is little first, then the floods in turn."""
        batches: list[Batch] = []
        for spool in sorted(spools, key=self._turn):
            before = spool.unread_bytes
            self._served_at_s[spool.cursor.writer] = time.monotonic()
            batch = self._read(spool, room)
            if batch is None:
                spool.is_stuck = True
                continue
            batches.append(batch)
            room -= before - spool.unread_bytes
            if room <= 0:
                break
        if batches:
            self._store.apply(batches)

    def _turn(self, spool: _Spool) -> tuple[float, int]:
        unread = spool.unread_bytes
        is_flood = unread > _LITTLE_BYTES
        return (self._served_at_s.get(spool.cursor.writer, 0.0) if is_flood else -1.0, unread)

    def _read(self, spool: _Spool, most_bytes: int) -> Batch | None:
        """The next piece of one spool; None when it can give none now, which keeps no other waiting."""
        try:
            batch = spool.cursor.read(spool.segments, most_bytes=most_bytes, is_final=spool.is_dead)
            return None if batch is None else self._with_files(batch)
        except Unavailable as error:
            self._refusal = self._refusal or error
        except OSError as error:
            self._refusal = self._refusal or Unavailable(
                f"the spool {spool.cursor.folder} could not be read: {error.strerror or error}",
                hint="Mend its rights, or the disk; nothing of it is lost.",
            )
        return None

    def _with_files(self, batch: Batch) -> Batch:
        pieces = [event for event in batch.events if isinstance(event, FileBytes)]
        if not pieces:
            return batch
        deleted = self._store.list_deleted({piece.run for piece in pieces})
        pieces = [piece for piece in pieces if piece.run not in deleted]
        others = tuple(event for event in batch.events if not isinstance(event, FileBytes))
        return replace(batch, events=(*others, *write_bytes(pieces, self._run_folder)))

    def _end(self, cursor: Cursor) -> None:
        """The writer is gone and all of it is stored: close its runs and remove its folder."""
        who = read_writer(cursor.folder)
        process = f"process {who.pid} on {who.host}" if who else "the process"
        how = "ended" if cursor.ended else "died"
        owned = self._store.list_runs(ids=self._store.list_owned([cursor.writer]))
        if any(run.kind is RunKind.JOB for run in owned):
            process = f"the job's worker, {process},"
        cause = f"{process} {how} before the run was completed"
        has_restarted = who and who.host == socket.gethostname() and who.boot != boot_id()
        if has_restarted and not cursor.ended:
            cause = "the machine restarted while it ran"
        self._store.end_writer(cursor.writer, cause=cause, time_s=time.time())
        remove_spool(cursor.folder, is_stored=lambda: self._is_stored(cursor))

    def _is_stored(self, cursor: Cursor) -> bool:
        """Ask the database once more: it may have been deleted, or a copy put there, since it was written."""
        return self._store.position(cursor.writer) >= cursor.position


class _Goal:
    """How far the spools had been written at a moment."""

    def __init__(self, spool_folder: Path) -> None:
        self._spool_folder = spool_folder
        self._ends: dict[WriterId, Position] = {}
        for writer in list_writers(spool_folder):
            for number, size in list_segments(spool_folder / writer):
                if size:
                    self._ends[writer] = Position(number, size)

    def is_stored(self, store: Store) -> bool:
        """Whether all of it is stored. What is, or was removed since then, is not asked for again."""
        positions = store.positions()
        for writer, end in list(self._ends.items()):
            stored = positions.get(writer) or store.position(writer)
            if stored >= end or not (self._spool_folder / writer).exists():
                del self._ends[writer]
        return not self._ends
