"""The writing side of a spool: one append per record, on the caller's thread.

What `append_*` returned from is the kernel's: SIGKILL cannot take it back. Nothing here waits for a
reader or a disk, starts a thread, or raises for a disk that is full, read-only or gone: what could not be
stored is counted, said once, and told to the reader as soon as the disk takes records again. What describes
a run (that it exists, its state, tags, files) is kept in memory meanwhile and stored then.

The quick way of a record is one write to the segment that is open. A look comes first, on the slow way, where
that may be wrong: once a second, after a refusal, and after an exception that came in between (a signal
handler may raise at any bytecode). The look compares what this process holds open with what lies at its path.
When that went away (deleted, moved, closed by others), a new spool is begun in its place; it says again what
describes the runs that go on, and how many records went with the old one.

Threads: all of it happens under one re-entrant lock; a signal handler that logs in the middle of the slow way
leaves its record to the one that it interrupted: it is the kernel's as soon as that call has returned.
Forks: the child lets go of what it inherited and opens a spool of its own at its first record.
"""

from __future__ import annotations

import errno
import itertools
import logging
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Callable, List, Optional, Tuple
from zlib import crc32

from trackboard.errors import Unavailable, UsageError
from trackboard.model import (
    Ended,
    Event,
    FileBytes,
    FileRef,
    Heartbeat,
    RecordsDropped,
    Ref,
    RunId,
    SeriesRef,
    StateChanged,
    TextLogged,
    ValueKind,
    WriterId,
)
from trackboard.spool.backlog import Backlog, Waiting
from trackboard.spool.descriptors import FileIdentity, IgnoredRefusals, is_refusal
from trackboard.spool.events import encode_event
from trackboard.spool.folder import SpoolFolder
from trackboard.spool.layout import (
    BYTES_HEAD,
    FLOAT_SCALAR,
    INT_SCALAR,
    KIND_BYTES,
    MAX_PAYLOAD_BYTES,
    SCALAR_BYTES,
    SCALAR_RECORD,
    SCALAR_RECORD_BYTES,
    SEGMENT_BYTES,
    pack_record,
)
from trackboard.spool.open_runs import OpenRuns
from trackboard.spool.outbox import Outbox
from trackboard.spool.process_hooks import hook_process
from trackboard.spool.reentrancy import ReentrancyGuard
from trackboard.spool.segment import OpenSegment, short_write

_log = logging.getLogger("trackboard")
RETRY_S = 0.5
_MOST_UNSYNCED = 8  # full segments whose files are open until somebody asks for a sync
_CLOSED = OpenSegment(Path(), -1, -1, FileIdentity(-1, -1))

_pack_scalar = SCALAR_RECORD.pack
_write = os.write
_now = time.time


class SpoolWriter:
    """Appends records to this process's spool below `spool_folder`.

    The spool's own folder is made at the first record, under a fresh id.

    Args:
        spool_folder: `spool/` of a workspace; made when it is missing.
        segment_bytes: A segment that has grown to this size is followed by the next.
        retry_s: How much later a disk that refused is asked again.
    """

    def __init__(
        self, spool_folder: Path, *, segment_bytes: int = SEGMENT_BYTES, retry_s: float = RETRY_S
    ) -> None:
        self._retry_s = retry_s
        self._spool_folder = Path(spool_folder)
        self._segment_bytes = segment_bytes
        self._ids = itertools.count(1)
        self._forget()
        hook_process(self)

    def _forget(self) -> None:
        """Begin anew: nothing is open, nothing lost. Also what a forked child does."""
        self._lock = threading.RLock()
        self._guard = ReentrancyGuard()
        self._spool: Optional[SpoolFolder] = None
        self._segment: Optional[OpenSegment] = None  # of the spool
        self._open = _CLOSED  # the same one, while records may be written to it without a look
        self._ready = _CLOSED  # the same one, within the slow way
        self._full: List[OpenSegment] = []  # not synced yet
        self._continues = ""  # the former spool, until its successor is made
        self._was_deleted = False  # that one
        self._backlog = Backlog()
        self._runs = OpenRuns()
        self._outbox = Outbox(self._lock, self._ensure_spool)
        self._retry_at_s = 0.0  # on the monotonic clock; 0: the disk takes records, as far as known
        self._has_lost = False
        self._said_refusal = False
        self._reason = ""

    # -- what callers say ----------------------------------------------------------------------

    @property
    def writer(self) -> WriterId:
        """This spool's id; empty before the first record."""
        return WriterId("") if self._spool is None else self._spool.writer

    @property
    def lost_count(self) -> int:
        """Records that could not be stored and have not been reported yet."""
        return self._backlog.lost_count

    @property
    def is_behind(self) -> bool:
        """Whether something that describes a run waits in memory for a disk that refused it."""
        return self._retry_at_s > 0.0 and self._backlog.kept_count > 0

    @property
    def was_refused(self) -> bool:
        """Whether a record was ever refused or lost; one that describes a run may be stored by now."""
        return self._said_refusal or self._has_lost

    def series(self, run: RunId, name: str, table: str = "") -> SeriesRef:
        """Name a series once, for `append_float` and `append_int`."""
        return SeriesRef(next(self._ids), run, name, table)

    def file(self, run: RunId, path: str) -> FileRef:
        """Name a growing file once, for `append_bytes`."""
        return FileRef(next(self._ids), run, path)

    def append_float(
        self,
        series: SeriesRef,
        flags: int,
        step: int,
        value: float,
        kind: int = ValueKind.FLOAT.value,
        pack: Callable[..., bytes] = FLOAT_SCALAR.pack,
    ) -> None:
        """Append one float, stamped with the time now. This is the quick way, written out."""
        now_s = _now()
        body = pack(kind, flags, 0, series.id, step, now_s, value)
        record = _pack_scalar(SCALAR_BYTES, crc32(body), body)
        with self._lock:
            segment = self._open
            if series.defined_in is segment and -1.0 < now_s - segment.looked_at_s < 1.0:
                try:
                    if _write(segment.fd, record) != SCALAR_RECORD_BYTES:
                        raise short_write()
                    size_bytes = segment.size_bytes = segment.size_bytes + SCALAR_RECORD_BYTES
                except BaseException as error:
                    self._open = _CLOSED  # whoever comes next looks first
                    if not is_refusal(error):
                        raise
                else:
                    if size_bytes < self._segment_bytes and self._open is segment:
                        return
                    if self._rotate_if_full(segment):
                        return
            self._append_slowly(Waiting(series.run, record, series))

    def append_int(self, series: SeriesRef, kind: int, flags: int, step: int, value: int) -> None:
        """Append one int (kind 2) or bool (kind 1), stamped with the time now."""
        self.append_float(series, flags, step, value, kind, INT_SCALAR.pack)

    def append_bytes(self, file: FileRef, offset: int, data: bytes) -> None:
        """Append bytes of a growing file, in records of at most 1 MiB."""
        with self._lock:
            for begin in range(0, max(1, len(data)), 1 << 20):
                head = BYTES_HEAD.pack(KIND_BYTES, 0, 0, file.id, offset + begin)
                self._append(file.run, head + data[begin : begin + (1 << 20)], file)

    def append_event(self, event: Event) -> None:
        """Append an event.

        Raises:
            UsageError: It is larger than a record may be.
            Unavailable: The file that it names went away since it was put.
        """
        if isinstance(event, FileBytes):
            self.append_bytes(self.file(event.run, event.path), event.offset, event.data)
            return
        payload = encode_event(event)
        if len(payload) > MAX_PAYLOAD_BYTES:  # a reader would take it for damage
            raise UsageError(
                f"a text of {len(payload):,} bytes is too long to be recorded",
                hint=f"Use at most {MAX_PAYLOAD_BYTES:,} bytes, or put it into a file of the run.",
            )
        is_kept = not isinstance(event, (Ended, Heartbeat, RecordsDropped, TextLogged))
        with self._lock:
            self._outbox.prepare(event)
            self._runs.note(event, payload)
            self._append(getattr(event, "run", RunId("")), payload, is_kept=is_kept)
            self._outbox.release(event)
            if isinstance(event, StateChanged) and event.state.is_terminal:
                self._runs.end(event.run)

    def put_file(self, source: BinaryIO) -> Tuple[str, int]:
        """Keep a complete file for an event to name. Nobody who logs meanwhile waits for it."""
        return self._outbox.put(source)

    def discard_file(self, key: str) -> None:
        """Forget a file that was put, and that no event is to name."""
        self._outbox.discard(key)

    def sync(self) -> None:
        """Ask the disk to keep what was appended; survives a power cut when it returns.

        A disk that refused before is tried at once. Nobody who logs meanwhile waits for it.
        """
        with self._lock:
            self._retry_at_s = 0.0
            self._open = _CLOSED  # what is synced shall be in its place
            if self._segment is not None or self._backlog:
                self._do_alone(self._ensure_open)
            segments = self._list_segments()
        self._sync(segments)

    def close(self) -> None:
        """Say that nothing follows, and let go. May be repeated; a later record begins a new spool."""
        with self._lock:
            if self._spool is not None or self._backlog:
                self._do_alone(self._end)
            segments = list(self._full)
        self._sync(segments)  # no look at the folder now: whoever has read this far removes it

    def _list_segments(self) -> List[OpenSegment]:
        """What is not synced yet: full segments and the one that is open."""
        return [*self._full, *([] if self._segment is None else [self._segment])]

    def _sync(self, segments: List[OpenSegment]) -> None:
        for segment in segments:
            with IgnoredRefusals():  # the records are the kernel's already
                with self._lock:
                    fd = segment.open_again()
                try:
                    os.fsync(fd)
                finally:
                    os.close(fd)
            with self._lock:
                if segment in self._full:
                    self._full.remove(segment)
                    segment.close()

    # -- under the lock: the quick way ------------------------------------------------------------

    def _append(
        self, run: RunId, payload: bytes, ref: Optional[Ref] = None, *, is_kept: bool = False
    ) -> None:
        record = pack_record(payload)
        segment = self._open
        if segment.is_recent(_now()) and (ref is None or ref.defined_in is segment):
            try:
                segment.append(record)
            except BaseException as error:
                self._open = _CLOSED  # whoever comes next looks first
                if not is_refusal(error):
                    raise
            else:
                if self._rotate_if_full(segment):
                    return
        self._append_slowly(Waiting(run, record, ref, is_kept=is_kept))

    def _rotate_if_full(self, segment: OpenSegment) -> bool:
        """Leave a segment that is full; False: a signal handler has left it before the record came."""
        if self._open is not segment and segment.is_passed():
            return False
        if self._open is not segment or segment.size_bytes >= self._segment_bytes:
            self._do_alone(self._ensure_open)
        return True

    # -- under the lock: the slow way -------------------------------------------------------------

    def _append_slowly(self, record: Waiting) -> None:
        if not self._do_alone(lambda: self._store(record)):
            self._backlog.keep(record)

    def _do_alone(self, work: Callable[[], object]) -> bool:
        """Do `work`, then what signal handlers left to it; False: we are in such a handler."""

        def do() -> None:
            self._ready, self._open = self._open, _CLOSED
            work()
            self._open = self._ready

        while self._guard.run(do):
            if self._retry_at_s or not self._backlog:
                return True
            work = self._ensure_open
        return False

    def _store(self, record: Waiting) -> None:
        refusal: Optional[BaseException] = None
        for _ in range(2):  # when a segment refuses it, the next one may take it
            segment = self._ensure_open()
            if segment is _CLOSED:
                break
            try:
                record.store(segment)
            except BaseException as error:
                self._ready = _CLOSED
                if not is_refusal(error):
                    raise
                self._seal(segment)
                refusal = error
            else:
                return
        else:
            self._note_refusal(refusal)
        if record.is_kept:
            self._backlog.keep(record)
        else:
            self._count_lost(record.run, 1)

    def _ensure_open(self) -> OpenSegment:
        """Have a segment that is in its place and has room, and store what waits for it."""
        ready = self._ready
        if ready.is_recent(_now()) and ready.size_bytes < self._segment_bytes and not self._backlog:
            return ready
        self._ready = _CLOSED
        segment = self._check_segment()
        if segment is None and time.monotonic() < self._retry_at_s:
            return _CLOSED
        try:
            segment = segment or self._begin_segment()
            self._backlog.store(segment)
        except OSError as error:
            if not is_refusal(error):
                raise
            self._seal(segment)
            self._note_refusal(error)
            return _CLOSED
        self._retry_at_s = 0.0
        self._ready = segment
        return segment

    def _ensure_spool(self) -> Path:
        """Have a spool that is in its place; returns its folder.

        Raises:
            Unavailable: The disk refuses, or a signal handler asks while it is being made.
        """
        if self._spool is None or not self._spool.is_in_place():
            self._retry_at_s, self._open = 0.0, _CLOSED
            self._do_alone(self._ensure_open)
        if self._spool is None:
            raise Unavailable(
                f"nothing can be recorded in {self._spool_folder}: {self._reason or 'not now'}",
                hint="Check that you may write to it and that its disk has space.",
            )
        return self._spool.path

    def _check_segment(self) -> Optional[OpenSegment]:
        """Compare what is open with what lies on the disk; None: the next record needs another segment."""
        segment, spool = self._segment, self._spool
        if segment is None or spool is None:
            return None
        now_s = _now()
        if not spool.holds(segment):
            self._abandon_spool(spool)
            return None
        is_sound = segment.settle()
        segment.sound_bytes = segment.size_bytes
        segment.looked_at_s = now_s
        self._runs.forget_ended()
        if is_sound and segment.size_bytes < self._segment_bytes:
            return segment
        self._seal(segment)
        return None

    def _begin_segment(self) -> OpenSegment:
        for _ in range(2):  # a folder may be gone; a new one is not
            now_s = _now()
            spool = self._spool
            if spool is None:
                spool = self._spool = SpoolFolder.make(self._spool_folder, self._continues)
                if self._was_deleted:
                    self._was_deleted = False
                    _log.warning(
                        "trackboard: what was recorded in %s was deleted or moved; recording begins"
                        " anew there.",
                        self._spool_folder,
                    )
            segment = spool.begin_segment()
            if segment is not None and spool.holds(segment):
                segment.looked_at_s = now_s
                self._segment = segment
                if not spool.is_described:
                    self._backlog.put_first(self._runs.describe())
                    spool.is_described = True
                return segment
            self._abandon_spool(spool)
            if segment is not None:
                segment.close()
        raise OSError(errno.ENOENT, "its folder is deleted again and again")

    def _seal(self, segment: Optional[OpenSegment]) -> None:
        """Go on to another segment. This one's file stays open, as closing may wait for the disk."""
        spool = self._spool
        if segment is None or spool is None or segment is not self._segment:
            return
        spool.seal(segment)
        self._segment = None
        self._full.append(segment)
        if len(self._full) > _MOST_UNSYNCED:
            self._full[-1 - _MOST_UNSYNCED].close()

    def _abandon_spool(self, spool: SpoolFolder) -> None:
        """The spool went away: count what went with it. The next one goes on for it."""
        segments = self._list_segments()
        gone = [each.count_gone() for each in segments]
        self._continues, self._was_deleted = spool.last_writer, True
        for run, count in (each for counts in gone for each in counts.items()):
            self._count_lost(run, count, "the folder of its stream was deleted or moved")
        self._segment, self._spool, self._full = None, None, []
        spool.release()
        for segment in segments:
            segment.close()

    def _end(self) -> None:
        self._retry_at_s, self._ready = 0.0, _CLOSED
        self._check_segment()
        if self._spool is not None or self._backlog.kept_count:  # not only to say what is lost
            self._ensure_open()
        segment, spool, stays = self._segment, self._spool, 0
        if self._ready is _CLOSED:
            given_up, self._backlog = self._backlog, Backlog()
            stays = given_up.lost_count + given_up.kept_count
        if spool is not None:
            self._continues = spool.last_writer
        self._ready, self._segment, self._spool, self._was_deleted = _CLOSED, None, None, False
        self._retry_at_s, self._said_refusal, self._has_lost = 0.0, False, False
        try:
            if segment is not None:
                self._full.append(segment)
                segment.append(pack_record(encode_event(Ended(_now()))))
                segment.seal()
        except OSError as error:
            if not is_refusal(error):
                raise
        finally:
            if spool is not None:
                spool.release()
        if stays:  # the only place for it when even the last try failed
            _log.warning("trackboard lost %d records of this process.", stays)

    # -- when the disk refuses --------------------------------------------------------------------

    def _note_refusal(self, error: Optional[BaseException]) -> None:
        self._retry_at_s = time.monotonic() + self._retry_s
        self._reason = getattr(error, "strerror", "") or str(error)
        if not self._said_refusal:
            self._said_refusal = True
            _log.warning(
                "trackboard cannot record in %s: %s. Training goes on; what is lost is counted.",
                self._spool_folder,
                self._reason,
            )

    def _count_lost(self, run: RunId, count: int, reason: str = "") -> None:
        self._has_lost = True
        self._backlog.count_lost(run, count, reason or self._reason)

    def forget_parent(self) -> None:
        """Let go of what a forked child has inherited."""
        for segment in self._list_segments():
            segment.close()
        if self._spool is not None:
            self._spool.release()
        self._forget()


if TYPE_CHECKING:  # the ports load numpy
    from trackboard.ports.record_sink import RecordSink

    def _fits(writer: SpoolWriter) -> RecordSink:
        return writer
