"""A record sink in a list: for tests of what is recorded, and the second one that keeps its contract."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from trackboard.errors import Unavailable, UsageError
from trackboard.model import (
    ArtifactLogged,
    Event,
    FileAdded,
    FileBytes,
    FileRef,
    RunId,
    SeriesRef,
    Value,
    ValueKind,
)
from trackboard.ports.record_sink import RecordSink
from trackboard.spool.events import encode_event
from trackboard.spool.layout import MAX_PAYLOAD_BYTES


@dataclass(frozen=True)
class RecordedValue:
    """A value of a series, as it was recorded. `step` is None where none was given."""

    run: RunId
    name: str
    table: str
    kind: ValueKind
    step: int | None
    time_s: float
    value: Value


class MemorySink:
    """`trackboard.ports.RecordSink` that remembers; see there for what each method promises.

    What a forked child records is gone with the child.
    """

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._lock = threading.RLock()
        self._records: list[Event | RecordedValue] = []
        self._files: dict[str, bytes] = {}
        self._unnamed: Counter[str] = Counter()
        self._named: set[str] = set()

    @property
    def records(self) -> tuple[Event | RecordedValue, ...]:
        """All that was recorded, in order; bytes of growing files are `FileBytes`."""
        with self._lock:
            return tuple(self._records)

    @property
    def files(self) -> Mapping[str, bytes]:
        """Complete files by key."""
        with self._lock:
            return dict(self._files)

    @property
    def is_behind(self) -> bool:
        """Never: there is no disk."""
        return False

    @property
    def was_refused(self) -> bool:
        """Never."""
        return False

    def series(self, run: RunId, name: str, table: str = "") -> SeriesRef:
        """Name a series once."""
        return SeriesRef(next(self._ids), run, name, table)

    def file(self, run: RunId, path: str) -> FileRef:
        """Name a growing file once."""
        return FileRef(next(self._ids), run, path)

    def append_float(self, series: SeriesRef, flags: int, step: int, value: float) -> None:
        """Append one float."""
        self._append(series, ValueKind.FLOAT, flags, step, value)

    def append_int(self, series: SeriesRef, kind: int, flags: int, step: int, value: int) -> None:
        """Append one integer or bool."""
        of_kind = ValueKind(kind)
        self._append(
            series, of_kind, flags, step, bool(value) if of_kind is ValueKind.BOOL else int(value)
        )

    def _append(
        self, series: SeriesRef, kind: ValueKind, flags: int, step: int, value: Value
    ) -> None:
        at = step if flags else None
        with self._lock:
            self._records.append(
                RecordedValue(series.run, series.name, series.table, kind, at, time.time(), value)
            )

    def append_bytes(self, file: FileRef, offset: int, data: bytes) -> None:
        """Append bytes of a growing file."""
        with self._lock:
            self._records.append(FileBytes(file.run, file.path, offset, bytes(data)))

    def append_event(self, event: Event) -> None:
        """Append an event."""
        if not isinstance(event, FileBytes):
            size_bytes = len(encode_event(event))
            if size_bytes > MAX_PAYLOAD_BYTES:
                raise UsageError(
                    f"a text of {size_bytes:,} bytes is too long to be recorded",
                    hint=f"Use at most {MAX_PAYLOAD_BYTES:,} bytes, or put it into a file of the run.",
                )
        with self._lock:
            if isinstance(event, FileAdded | ArtifactLogged):
                self._named.add(event.key)
                self._unnamed[event.key] -= 1
            self._records.append(event)

    def put_file(self, source: BinaryIO) -> tuple[str, int]:
        """Keep a complete file."""
        try:
            data = b"".join(iter(lambda: source.read(1 << 20), b""))
        except OSError as error:
            raise Unavailable(f"a file could not be read: {error}", hint="Try again.") from error
        key = f"sha256:{hashlib.sha256(data).hexdigest()}"
        with self._lock:
            self._files[key] = data
            self._unnamed[key] += 1
        return key, len(data)

    def discard_file(self, key: str) -> None:
        """Forget a file."""
        with self._lock:
            self._unnamed[key] -= 1
            if self._unnamed[key] <= 0 and key not in self._named:
                self._files.pop(key, None)

    def sync(self) -> None:
        """Nothing to ask for."""


if TYPE_CHECKING:

    def _fits(sink: MemorySink) -> RecordSink:
        return sink
