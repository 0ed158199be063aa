"""Spool to store, exactly once: a bounded pass by whoever holds the workspace's lock.

The smallest backlog goes first, so that a quiet run is never kept waiting by a flood. What a writer said
and how far it was read are stored in one transaction: after a crash anywhere the next pass reads on.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from trackboard.errors import Unavailable
from trackboard.ingest.cursor import START, Cursor
from trackboard.ingest.files import write_bytes
from trackboard.ingest.lock import FileLock
from trackboard.model import FileBytes, RunId, WriterId
from trackboard.ports import Batch, Position, Store
from trackboard.spool import (
    Liveness,
    Segment,
    list_segments,
    list_writers,
    probe,
    read_writer,
)

PASS_S = 0.1
_SPOOL_BYTES = 4 << 20  # at most so much of one spool in turn
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
    """

    def __init__(
        self,
        spool_folder: Path,
        lock: Path,
        store: Store,
        run_folder: Callable[[RunId], Path],
    ) -> None:
        self._spool_folder = spool_folder
        self._lock = FileLock(lock)
        self._store = store
        self._run_folder = run_folder
        self._cursors: dict[WriterId, Cursor] = {}
        self._probed_at_s: dict[WriterId, float] = {}

    def run_pass(self, budget_s: float = PASS_S) -> Pass | None:
        """Store what there is, for about `budget_s`; None when another process is at it."""
        with self._lock.attempt() as is_held:
            if not is_held:
                return None
            return self._run(time.monotonic() + budget_s)

    def unread_bytes(self) -> int:
        """Bytes that lie in the spools and are not stored."""
        positions = self._store.positions()
        unread = 0
        for writer in list_writers(self._spool_folder):
            cursor = Cursor(self._spool_folder / writer, writer)
            cursor.position = positions.get(writer, START)
            unread += cursor.unread_bytes(list_segments(cursor.folder))
        return unread

    def refresh(self, budget_s: float) -> int:
        """Store what there is for about `budget_s`, then say how many bytes are still unread.

        When another process is at it, wait for what it makes of what was there at the call.
        """
        deadline_s = time.monotonic() + budget_s
        goal = self._ends()
        while True:
            done = self.run_pass(min(PASS_S, deadline_s - time.monotonic()))
            if done is not None and done.was_complete:
                return 0
            if done is None:
                if self._is_stored(goal):
                    return 0
                time.sleep(0.002)
            if time.monotonic() >= deadline_s:
                return self.unread_bytes() if done is None else done.unread_bytes

    def drain(self, patience_s: float = 30.0) -> None:
        """Return when everything that was said before the call is stored.

        Raises:
            Unavailable: For so long nobody stored anything; names who holds the lock.
        """
        goal = self._ends()
        last_version, last_progress_s = -1, time.monotonic()
        while True:
            done = self.run_pass()
            if done is not None and done.was_complete:
                return
            if done is None:
                if self._is_stored(goal):
                    return
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

    def _run(self, deadline_s: float) -> Pass:
        spools = self._look()
        waiting = [spool for spool in spools if spool.unread_bytes]
        while waiting:
            self._store_some(waiting)
            waiting = [s for s in waiting if s.unread_bytes and not s.is_stuck]
            if time.monotonic() >= deadline_s:
                break
        for spool in spools:
            if not spool.unread_bytes and (spool.is_dead or spool.cursor.ended):
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
        spools = []
        for writer in writers:
            cursor = self._cursor(writer, positions)
            is_dead = self._is_dead(cursor)
            spools.append(_Spool(cursor, list_segments(cursor.folder), is_dead))
        return spools

    def _cursor(self, writer: WriterId, positions: Mapping[WriterId, Position]) -> Cursor:
        cursor = self._cursors.get(writer)
        if cursor is None:
            cursor = self._cursors[writer] = Cursor(self._spool_folder / writer, writer)
        position = positions.get(writer)
        if position is None:  # never seen, or it has ended and only its folder is left
            position = self._store.position(writer)
        cursor.seek(position)
        return cursor

    def _is_dead(self, cursor: Cursor) -> bool:
        now_s = time.monotonic()
        if now_s - self._probed_at_s.get(cursor.writer, -_PROBE_EVERY_S) < _PROBE_EVERY_S:
            return False
        self._probed_at_s[cursor.writer] = now_s
        return probe(cursor.folder) is Liveness.DEAD

    def _store_some(self, spools: list[_Spool]) -> None:
        """One transaction: a piece of each spool, the smallest backlog first, about 4 MB in all."""
        batches: list[Batch] = []
        room = _SPOOL_BYTES
        for spool in sorted(spools, key=lambda spool: spool.unread_bytes):
            before = spool.unread_bytes
            batch = spool.cursor.read(spool.segments, most_bytes=room, is_final=spool.is_dead)
            if batch is None:
                spool.is_stuck = True
                continue
            batches.append(self._with_files(batch))
            room -= before - spool.unread_bytes
            if room <= 0:
                break
        if batches:
            try:
                self._store.apply(batches)
            except BaseException:
                self._cursors.clear()  # they are ahead of what is stored
                raise

    def _with_files(self, batch: Batch) -> Batch:
        pieces = [event for event in batch.events if isinstance(event, FileBytes)]
        if not pieces:
            return batch
        others = tuple(event for event in batch.events if not isinstance(event, FileBytes))
        return replace(batch, events=(*others, *write_bytes(pieces, self._run_folder)))

    def _end(self, cursor: Cursor) -> None:
        """The writer is gone and all of it is stored: close its runs and remove its folder."""
        who = read_writer(cursor.folder)
        process = f"process {who.pid} on {who.host}" if who else "the process"
        how = "ended" if cursor.ended else "died"
        self._store.end_writer(
            cursor.writer,
            cause=f"{process} {how} before the run was completed",
            time_s=time.time(),
        )
        aside = cursor.folder.with_name(f".ended-{cursor.writer}")
        cursor.folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)

    # -- without the lock ---------------------------------------------------------------------------

    def _ends(self) -> dict[WriterId, Position]:
        ends = {}
        for writer in list_writers(self._spool_folder):
            segments = list_segments(self._spool_folder / writer)
            if segments:
                ends[writer] = Position(*segments[-1])
        return ends

    def _is_stored(self, goal: Mapping[WriterId, Position]) -> bool:
        return all(self._store.position(writer) >= end for writer, end in goal.items())
