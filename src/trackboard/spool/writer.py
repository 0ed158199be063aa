"""The writing side of a spool: one append per record, on the caller's thread.

What `append_*` returned from is the kernel's: SIGKILL cannot take it back. Nothing here waits for a
reader, and nothing here raises for a disk that is full, read-only or gone: what could not be stored is
counted, said once, and told to the reader as soon as the disk takes records again. What describes a run
(that it exists, its state, tags, files) is kept in memory meanwhile and stored then.

Threads: append, define and rotate happen under one re-entrant lock (a signal handler may log too).
Forks: the child lets go of what it inherited and opens a spool of its own at its first record.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import functools
import logging
import os
import shutil
import threading
import time
from functools import partial
from pathlib import Path
from typing import Callable, Dict, List, Set, Tuple, Union
from zlib import crc32

from trackboard.errors import UsageError
from trackboard.model import (
    Ended,
    Event,
    FileBytes,
    Heartbeat,
    Lost,
    RunId,
    TextLogged,
    WriterId,
    new_writer_id,
)
from trackboard.spool import alive
from trackboard.spool.events import encode_event, encode_json
from trackboard.spool.layout import (
    BYTES_HEAD,
    FLOAT_SCALAR,
    FORMAT,
    HEADER,
    INT_SCALAR,
    KIND_BYTES,
    MAX_PAYLOAD_BYTES,
    SCALAR_BYTES,
    SCALAR_RECORD,
    SCALAR_RECORD_BYTES,
    SEGMENT_BYTES,
    segment_name,
)

_log = logging.getLogger("trackboard")
_writers: Set[SpoolWriter] = set()  # all of this process: each has to be closed at its end
_RETRY_S = 0.5  # a disk that refused is asked again this much later
_MOST_KEPT = 10_000  # records kept in memory for such a disk

_pack_header = HEADER.pack
_pack_scalar = SCALAR_RECORD.pack
_pack_float = FLOAT_SCALAR.pack
_pack_int = INT_SCALAR.pack
_write = os.write
_now = time.time


class SeriesRef:
    """A series as this writer calls it. `epoch` is the segment in which it was last defined."""

    __slots__ = ("epoch", "id", "name", "run", "table")

    def __init__(self, number: int, run: RunId, name: str, table: str = "") -> None:
        self.id = number
        self.run = run
        self.name = name
        self.table = table
        self.epoch = -1

    def definition(self) -> bytes:
        """The record that names it."""
        record = {"k": "series", "id": self.id, "run": self.run, "name": self.name}
        if self.table:
            record["table"] = self.table
        return encode_json(record)


class FileRef:
    """A growing file as this writer calls it."""

    __slots__ = ("epoch", "id", "path", "run")

    def __init__(self, number: int, run: RunId, path: str) -> None:
        self.id = number
        self.run = run
        self.path = path
        self.epoch = -1

    def definition(self) -> bytes:
        """The record that names it."""
        return encode_json({"k": "file", "id": self.id, "run": self.run, "path": self.path})


class SpoolWriter:
    """Appends records to this process's spool below `spool_folder`.

    The spool's own folder is made at the first record, under a fresh id.

    Args:
        spool_folder: `spool/` of a workspace; made when it is missing.
        segment_bytes: A segment that has grown to this size is followed by the next.
    """

    def __init__(self, spool_folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._spool_folder = Path(spool_folder)
        self._segment_bytes = segment_bytes
        self._forget()
        _hook_process()
        _writers.add(self)

    def _forget(self) -> None:
        """Begin anew: nothing is open, no id, nothing lost. Also what a forked child does."""
        self._lock = threading.RLock()
        self._writer = WriterId("")
        self._fd = -1
        self._alive_fd = -1
        self._size = 0
        self._segment = -1
        self._before = {"number": -1, "bytes": 0}  # the last segment that was left, and its length
        self._epoch = 0  # counts segments and re-openings; tells which definitions are due
        self._next_id = 0
        self._closed = False
        self._kept: List[Tuple[RunId, bytes]] = []
        self._lost: Dict[RunId, int] = {}
        self._lost_reason = ""
        self._said_lost = False
        self._retry_at_s = 0.0
        self._is_opening = False
        self._waiting: List[Callable[[], None]] = []

    # -- what callers say ----------------------------------------------------------------------

    @property
    def writer(self) -> WriterId:
        """This spool's id; empty before the first record."""
        return self._writer

    @property
    def lost_count(self) -> int:
        """Records that could not be stored and have not been reported yet."""
        return sum(self._lost.values())

    @property
    def is_behind(self) -> bool:
        """Whether something that describes a run waits in memory for a disk that refused it."""
        return bool(self._kept)

    @property
    def was_refused(self) -> bool:
        """Whether the disk has ever refused a record, which is lost unless it describes a run."""
        return self._said_lost

    def series(self, run: RunId, name: str, table: str = "") -> SeriesRef:
        """Name a series once, for `append_float` and `append_int`."""
        with self._lock:
            self._next_id += 1
            return SeriesRef(self._next_id, run, name, table)

    def file(self, run: RunId, path: str) -> FileRef:
        """Name a growing file once, for `append_bytes`."""
        with self._lock:
            self._next_id += 1
            return FileRef(self._next_id, run, path)

    def append_float(self, series: SeriesRef, flags: int, step: int, value: float) -> None:
        """Append one float, stamped with the time now."""
        body = _pack_float(3, flags, 0, series.id, step, _now(), value)
        self._append_scalar(series, _pack_scalar(SCALAR_BYTES, crc32(body), body))

    def append_int(self, series: SeriesRef, kind: int, flags: int, step: int, value: int) -> None:
        """Append one int (kind 2) or bool (kind 1), stamped with the time now."""
        body = _pack_int(kind, flags, 0, series.id, step, _now(), value)
        self._append_scalar(series, _pack_scalar(SCALAR_BYTES, crc32(body), body))

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
        is_kept = not isinstance(event, (Ended, Heartbeat, Lost, TextLogged))
        self._append(getattr(event, "run", RunId("")), payload, is_kept=is_kept)

    def sync(self) -> None:
        """Ask the disk to keep what was appended; survives a power cut when it returns.

        A disk that refused before is tried at once.
        """
        with self._lock:
            self._sync()
            if self._fd >= 0:
                self._check_folder()

    def close(self) -> None:
        """Say that nothing follows, and let go. May be repeated; a later record begins a new spool."""
        with self._lock:
            if self._fd < 0 and not self._lost and not self._kept:
                return
            if self._fd >= 0:
                self._check_folder()
            self._retry_at_s = 0.0  # the last chance
            self._append(RunId(""), encode_event(Ended(_now())))
            self._sync()  # no look at the folder now: whoever has read this far removes it
            self._say_what_stays_lost()
            self._release()
            self._forget_refs()

    # -- under the lock ---------------------------------------------------------------------------

    def _sync(self) -> None:
        self._retry_at_s = 0.0
        if self._kept:
            self._ensure_open()
        if self._fd >= 0:
            with contextlib.suppress(OSError):  # the records are the kernel's already
                os.fsync(self._fd)

    def _append_scalar(self, series: SeriesRef, record: bytes) -> None:
        with self._lock:
            if series.epoch != self._epoch and not self._define(series):
                self._put_off(series.run, partial(self._append_scalar, series, record))
                return
            try:
                written = _write(self._fd, record)
            except OSError as error:
                self._refused(series.run, error, 0)
                return
            if written != SCALAR_RECORD_BYTES:
                self._refused(series.run, OSError(errno.ENOSPC, "short write"), written)
                return
            self._size += SCALAR_RECORD_BYTES
            if self._size >= self._segment_bytes:
                self._rotate()

    def _append(
        self,
        run: RunId,
        payload: bytes,
        ref: Union[SeriesRef, FileRef, None] = None,
        *,
        is_kept: bool = False,
    ) -> None:
        with self._lock:
            is_due = ref is not None and ref.epoch != self._epoch
            is_ready = self._define(ref) if ref is not None and is_due else self._ensure_open()
            if is_ready and self._put(self._fd, payload):
                if self._size >= self._segment_bytes:
                    self._rotate()
            elif is_kept and len(self._kept) < _MOST_KEPT:
                self._kept.append((run, payload))
            elif is_ready:
                self._count_lost(run)
            else:
                self._put_off(run, lambda: self._append(run, payload, ref))

    def _put(self, fd: int, payload: bytes) -> bool:
        """Write one record to a segment; False leaves the segment as it was, and closed."""
        record = _pack_header(len(payload), crc32(payload)) + payload
        written = 0
        try:
            written = _write(fd, record)
            if written != len(record):
                raise OSError(errno.ENOSPC, "short write")
        except OSError as error:
            self._cut(fd, written)
            self._note_refusal(error)
            return False
        self._size += len(record)
        return True

    def _define(self, ref: Union[SeriesRef, FileRef]) -> bool:
        if not self._ensure_open():
            return False
        epoch = self._epoch  # a signal handler may move on to another segment right behind us
        if not self._put(self._fd, ref.definition()):
            return False
        ref.epoch = epoch
        return epoch == self._epoch or self._define(ref)

    def _ensure_open(self) -> bool:
        if self._fd >= 0:
            return True
        if self._is_opening or time.monotonic() < self._retry_at_s:
            return False
        self._is_opening = True
        try:
            if not self._writer:
                self._begin_spool()
            self._open_segment()
        except OSError as error:
            self._note_refusal(error)
            return False
        finally:
            self._is_opening = False
        return self._report_lost() and self._catch_up() and self._store_kept()

    def _begin_spool(self) -> None:
        """Make the folder aside, so that whoever sees it can ask whether its writer lives."""
        writer = new_writer_id()
        aside = self._spool_folder / f".{writer}"
        aside.mkdir(parents=True)
        try:
            self._alive_fd = alive.hold(aside)
            aside.rename(self._spool_folder / writer)
        except OSError:
            self._close_fd("_alive_fd")
            shutil.rmtree(aside, ignore_errors=True)
            raise
        self._writer = writer

    def _open_segment(self) -> None:
        number = self._segment + 1
        path = self._spool_folder / self._writer / segment_name(number)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        fd = os.open(path, flags, 0o644)
        self._size = 0
        payload = encode_json(
            {
                "k": "segment",
                "format": FORMAT,
                "writer": self._writer,
                "number": number,
                "before": self._before,
            }
        )
        if not self._put(fd, payload):
            path.unlink()
            raise OSError(errno.ENOSPC, "no room to begin a segment", str(path))
        self._segment = number
        self._fd = fd
        self._epoch += 1

    def _rotate(self) -> None:
        """Begin the next segment. The old one is synced by a thread that ends with it: nobody waits."""
        self._epoch += 1  # first: from here on a signal handler that logs goes the slow way
        self._before = {"number": self._segment, "bytes": self._size}
        full, self._fd = self._fd, -1
        thread = threading.Thread(target=_sync_and_close, args=(full,), daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the interpreter is ending
            os.close(full)
        self._ensure_open()

    def _put_off(self, run: RunId, append: Callable[[], None]) -> None:
        """What cannot be stored now: kept for a moment if a segment is just being begun, else lost."""
        if self._is_opening:  # we are in a signal handler that interrupted it
            self._waiting.append(append)
        else:
            self._count_lost(run)

    def _catch_up(self) -> bool:
        """Append what signal handlers logged while the segment was being begun."""
        while self._waiting:
            self._waiting.pop(0)()
        return self._fd >= 0

    # -- when the disk refuses ----------------------------------------------------------------------

    def _refused(self, run: RunId, error: OSError, written: int) -> None:
        self._cut(self._fd, written)
        self._note_refusal(error)
        self._count_lost(run)

    def _cut(self, fd: int, written: int) -> None:
        """Take a short write back and leave this segment; the next record begins another one."""
        self._epoch += 1
        with contextlib.suppress(OSError):  # a torn tail is what readers expect at a segment's end
            if written > 0:
                os.ftruncate(fd, os.fstat(fd).st_size - written)
        with contextlib.suppress(OSError):
            os.close(fd)
        if fd == self._fd:
            self._before = {"number": self._segment, "bytes": self._size}
            self._fd = -1

    def _note_refusal(self, error: OSError) -> None:
        self._retry_at_s = time.monotonic() + _RETRY_S
        self._lost_reason = error.strerror or str(error)
        if not self._said_lost:
            self._said_lost = True
            _log.warning(
                "trackboard cannot record in %s: %s. Training goes on; what is lost is counted.",
                self._spool_folder,
                self._lost_reason,
            )

    def _count_lost(self, run: RunId) -> None:
        if run:  # that the writer lives or ended is no loss
            self._lost[run] = self._lost.get(run, 0) + 1

    def _store_kept(self) -> bool:
        while self._kept:
            if not self._put(self._fd, self._kept[0][1]):
                return False
            self._kept.pop(0)
        return True

    def _check_folder(self) -> None:
        """Leave a segment that was deleted: what is appended to it, nobody will ever read."""
        if os.fstat(self._fd).st_nlink == 0:
            self._cut(self._fd, 0)
            self._note_refusal(OSError(errno.ENOENT, "the folder was deleted"))

    def _say_what_stays_lost(self) -> None:
        """The only place for it when even the last try failed."""
        count = self.lost_count + len(self._kept)
        if count:
            _log.warning("trackboard lost %d records of this process.", count)

    def _report_lost(self) -> bool:
        """Tell the reader what is missing, now that the disk takes records again."""
        while self._lost:
            run, count = next(iter(self._lost.items()))
            if not self._put(self._fd, encode_event(Lost(run, count, self._lost_reason))):
                return False
            del self._lost[run]
        return True

    # -- letting go ---------------------------------------------------------------------------------

    def _release(self) -> None:
        self._close_fd("_fd")
        self._close_fd("_alive_fd")

    def _forget_refs(self) -> None:
        """A closed writer may be used again: under a new id, with every definition due."""
        epoch, next_id = self._epoch + 1, self._next_id
        self._forget()
        self._epoch, self._next_id = epoch, next_id

    def _close_fd(self, name: str) -> None:
        fd: int = getattr(self, name)
        if fd >= 0:
            with contextlib.suppress(OSError):  # nothing more can be done with it
                os.close(fd)
        setattr(self, name, -1)

    def _after_fork(self) -> None:
        self._release()
        self._forget_refs()


def _sync_and_close(fd: int) -> None:
    with contextlib.suppress(OSError):  # the records are the kernel's already
        os.fsync(fd)
    os.close(fd)


@functools.lru_cache(maxsize=None)
def _hook_process() -> None:
    os.register_at_fork(after_in_child=_after_fork)
    atexit.register(_close_all)


def _after_fork() -> None:
    for writer in list(_writers):
        writer._after_fork()


def _close_all() -> None:
    for writer in list(_writers):
        writer.close()
