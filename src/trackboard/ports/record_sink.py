"""The contract of a record sink: what a live run writes to, on the caller's thread.

Guarantees: what `append_*` returned from is taken, exactly once, in the order of the calls of a thread: the
events among themselves, the values that one `SeriesRef` got, the bytes that one `FileRef` got. All methods
may be called from any thread, from a signal handler in the middle of any of them, and in forked children,
which disturb nothing that their parent recorded. None waits for a reader, a network or another process, nor
raises for a disk that is full, read-only or gone: what could not be taken is counted, said once, and told as
`RecordsDropped` when the sink takes records again; what describes a run (all events but text and heartbeats)
is kept meanwhile and taken then.

A complete file is put first and named by an event (`FileAdded`, `ArtifactLogged`) after that. Unlike all else
it is refused when the disk refuses: who keeps a file waits for it, and hears of it. Whoever reads the event
finds the file; what no event names goes with the sink. The same content is kept once.

Lengths are the caller's to check: names, keys and paths have up to the characters of `model.LIMITS`.

Not promised: an order between events, values and bytes, or between the values of two refs, also where both
are one series; that two threads' records are in the order of their calls; how many pieces bytes come in.
"""

from __future__ import annotations

from typing import BinaryIO, Protocol

from trackboard.model import Event, FileRef, RunId, SeriesRef


class RecordSink(Protocol):
    """Takes what is recorded."""

    @property
    def is_behind(self) -> bool:
        """Whether something that describes a run waits in memory for a disk that refused it."""
        ...

    @property
    def was_refused(self) -> bool:
        """Whether a record was ever refused or lost; one that describes a run may be stored by now."""
        ...

    def series(self, run: RunId, name: str, table: str = "") -> SeriesRef:
        """Name a series once, for `append_float` and `append_int`; says nothing by itself.

        Refs of one run and name are the same series; who wants its values in order keeps one.

        Args:
            run: Whose it is.
            name: As it is stored.
            table: The table that it is a column of.
        """
        ...

    def file(self, run: RunId, path: str) -> FileRef:
        """Name a growing file once, for `append_bytes`; says nothing by itself.

        Args:
            run: Whose it is.
            path: Posix path within the run.
        """
        ...

    def append_float(self, series: SeriesRef, flags: int, step: int, value: float) -> None:
        """Append one float, stamped with the time now. A call costs microseconds.

        Args:
            series: One of this sink.
            flags: 1: `step` was given; 0: it is the series' count at that moment.
            step: int64; 0 where none was given.
            value: NaN and infinities included.
        """
        ...

    def append_int(self, series: SeriesRef, kind: int, flags: int, step: int, value: int) -> None:
        """Append one integer or bool, stamped with the time now.

        Args:
            series: One of this sink.
            kind: Of `ValueKind`: 1 is a bool, 2 an integer.
            flags: As in `append_float`.
            step: As in `append_float`.
            value: int64; 0 or 1 for a bool.
        """
        ...

    def append_bytes(self, file: FileRef, offset: int, data: bytes) -> None:
        """Append bytes of a growing file.

        Args:
            file: One of this sink.
            offset: Where in the file; 0 starts it again from nothing.
            data: May be empty with offset 0: an empty file.
        """
        ...

    def append_event(self, event: Event) -> None:
        """Append an event, with the time that it says.

        Raises:
            UsageError: As JSON it has more than 16 MiB. Nothing of it was taken.
            Unavailable: The file that it names is gone since `put_file`. Nothing of it was taken.
        """
        ...

    def put_file(self, source: BinaryIO) -> tuple[str, int]:
        """Keep everything that `source` still holds, for events to name. Nobody else waits meanwhile.

        Args:
            source: Read to its end, in pieces.

        Returns:
            The key (`sha256:<64 hex digits>`) and the size in bytes.

        Raises:
            Unavailable: The disk refused, or a signal handler asks that interrupts the sink's first record;
                nothing is left of it.
        """
        ...

    def discard_file(self, key: str) -> None:
        """Forget a file that was put once and that no event is to name. What an event names stays.

        Args:
            key: Of a file; of any other nothing happens.
        """
        ...

    def sync(self) -> None:
        """Ask for what was appended to survive a power cut. May be repeated; whoever logs does not wait.

        A disk that refused before is tried at once.
        """
        ...
