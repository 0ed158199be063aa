"""Records that wait in memory: for a disk that refuses them, or for the one that is being written.

In order, so that what describes a run comes out as it was said. How many records of a run were lost waits
here as well: it is told as soon as the disk takes records again. Each is tried with a note of where: after an
interruption its bytes are there or not, whatever others wrote meanwhile, and nothing is told twice.
"""

from __future__ import annotations

from collections import deque
from typing import Deque, Dict, Iterable, Optional

from trackboard.model import RecordsDropped, Ref, RunId
from trackboard.spool.events import encode_event
from trackboard.spool.layout import pack_record
from trackboard.spool.refs import define
from trackboard.spool.segment import OpenSegment

_MAX_RECORDS = 10_000


class Waiting:
    """A record that is not stored yet.

    Args:
        run: Whose it is.
        record: Its bytes, with their header.
        ref: What it calls by number, which its segment has to define.
        is_kept: Keep it for a disk that refuses it, instead of counting it as lost.
    """

    __slots__ = ("_offset", "_segment", "is_kept", "record", "ref", "run")

    def __init__(
        self, run: RunId, record: bytes, ref: Optional[Ref] = None, *, is_kept: bool = False
    ) -> None:
        self.run = run
        self.record = record
        self.ref = ref
        self.is_kept = is_kept
        self._segment: Optional[OpenSegment] = None
        self._offset = 0

    @property
    def is_stored(self) -> bool:
        """Whether the last try succeeded, though an interruption kept it from being known."""
        return self._segment is not None and self._segment.holds(self.record, self._offset)

    def store(self, segment: OpenSegment) -> None:
        """Append it to a segment, behind the definition that it needs.

        Raises:
            OSError: The disk refuses.
        """
        ref = self.ref
        if ref is not None and ref.defined_in is not segment:
            segment.runs[ref.id] = ref.run
            segment.append(define(ref))
            ref.defined_in = segment
        self._segment = None
        self._offset = segment.size_bytes
        self._segment = segment
        segment.append(self.record)


class Backlog:
    """What waits, the first to be stored first.

    Args:
        max_records: So many may wait; more are counted as lost.
    """

    def __init__(self, *, max_records: int = _MAX_RECORDS) -> None:
        self._max_records = max_records
        self._waiting: Deque[Waiting] = deque()
        self._losses: Dict[RunId, _Loss] = {}  # those that are still counting

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def kept_count(self) -> int:
        """How many records wait."""
        return sum(not isinstance(each, _Loss) for each in self._waiting)

    @property
    def lost_count(self) -> int:
        """How many records were lost, of which nobody was told yet."""
        return sum(each.count for each in self._waiting if isinstance(each, _Loss))

    def keep(self, record: Waiting) -> None:
        """Have a record wait, or count it as lost where there are too many."""
        if len(self._waiting) < self._max_records:
            self._waiting.append(record)
        else:
            self.count_lost(record.run)

    def put_first(self, records: Iterable[Waiting]) -> None:
        """Have some records wait before all others, in their order."""
        self._waiting.extendleft(reversed(list(records)))

    def count_lost(self, run: RunId, count: int = 1, reason: str = "") -> None:
        """Count records of a run that are lost; that a writer lives or ended is no loss."""
        if not run:
            return
        loss = self._losses.get(run)
        if loss is None:
            loss = _Loss(run)
            self._waiting.append(loss)
            self._losses[run] = loss
        loss.count += count
        loss.reason = reason or loss.reason

    def store(self, segment: OpenSegment) -> None:
        """Store all of it, also what signal handlers add meanwhile.

        Raises:
            OSError: The disk refuses; what is not stored goes on waiting.
        """
        while self._waiting:
            first = self._waiting[0]
            if not first.is_stored:
                if isinstance(first, _Loss):
                    self._losses.pop(first.run, None)  # what is lost from now on is told later
                    first.encode()
                first.store(segment)
            if self._waiting[0] is first:
                self._waiting.popleft()


class _Loss(Waiting):
    """How many records of a run are lost."""

    __slots__ = ("count", "reason")

    def __init__(self, run: RunId) -> None:
        super().__init__(run, b"")
        self.count = 0
        self.reason = ""

    def encode(self) -> None:
        self.record = pack_record(encode_event(RecordsDropped(self.run, self.count, self.reason)))
