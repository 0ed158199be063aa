"""Reading one spool on from where it was stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from trackboard.ingest.definitions import Definitions
from trackboard.ingest.succession import Step, Succession, Visibility
from trackboard.model import Ended, Event, Heartbeat, RecordsDropped, RunId, Segment, WriterId
from trackboard.ports import Batch, Position, Refused, SavedDefinitions, SeriesPoints, Spool
from trackboard.spool.layout import FORMAT, HEADER, MAX_PAYLOAD_BYTES

START = Position(0, 0)

ReadDefinitions = Callable[[WriterId, Position], SavedDefinitions]


@dataclass
class _Found:
    """What one reading has found so far."""

    start: Position
    events: list[Event] = field(default_factory=list)
    points: list[SeriesPoints] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    continues: WriterId | None = None
    skipped_bytes: int = 0


class Cursor:
    """A place in one writer's spool, with what the segment has defined up to there.

    Args:
        spool: The writer's spool.
        read_definitions: What is saved of a segment's definitions (see `StreamStore.read_definitions`).
        succession: When to leave a segment.
    """

    def __init__(
        self,
        spool: Spool,
        read_definitions: ReadDefinitions = lambda *_: SavedDefinitions(START),
        succession: Succession | None = None,
    ) -> None:
        self.spool = spool
        self.writer = spool.writer
        self.position = START
        self.ended = False  # it said that nothing follows
        self._read_definitions = read_definitions
        self._succession = Succession(spool) if succession is None else succession
        self._learned = START  # up to where the definitions are known
        self._definitions = Definitions()
        self._unsaved: list[bytes] = []  # definitions that no batch has brought to the store
        self._unsaved_from = START
        self._runs: set[RunId] = set()  # of earlier segments
        self._left: dict[
            int, int
        ] = {}  # sizes of segments that were left before they were all read
        self._budget = 0

    @property
    def is_of_newer_format(self) -> bool:
        """Whether the segment that begins here is not ours to read."""
        if self.position.offset:
            return False
        header = self._succession.header(self.position.segment)
        return header is not None and header.format != FORMAT

    def find_former(self, segments: Sequence[Segment]) -> WriterId | None:
        """The spool for which this one goes on, as long as nothing of it has been read."""
        if self.position > START:
            return None
        headers = (self._succession.header(number) for number, _ in segments)  # some hold nothing
        first = next((header for header in headers if header is not None), None)
        return WriterId(first.continues) if first and first.continues else None

    @property
    def first_segment(self) -> int:
        """The first segment of which more may come."""
        return min((*self._left, self.position.segment))

    def seek(self, position: Position) -> None:
        """Go to a stored position; what is defined before it is learned when it is needed."""
        self.position = position

    def mark(self) -> Callable[[], None]:
        """A function that leads back here."""
        at, definitions = self.position, self._definitions.copy()
        learned, ended = self._learned, self.ended

        def rewind() -> None:
            self.position, self._definitions = at, definitions.copy()
            self._learned, self.ended = learned, ended

        return rewind

    def unread_bytes(self, segments: Sequence[Segment]) -> int:
        """How many bytes follow, given the segments' sizes."""
        at = self.position
        if self.is_of_newer_format:
            return 0
        return self._late_bytes(segments) + sum(
            max(0, size - (at.offset if number == at.segment else 0))
            for number, size in segments
            if number >= at.segment
        )

    def read(
        self,
        segments: Sequence[Segment],
        *,
        most_bytes: int,
        is_final: bool,
        is_complete: bool = True,
    ) -> Batch | None:
        """Decode the next records, at most about `most_bytes`, and move on behind them.

        Args:
            segments: What to read, with the sizes to read up to.
            most_bytes: Enough for one call.
            is_final: No more will be written: a record that does not check out ends its segment.
            is_complete: What is seen is what was written (see `Visibility`).

        Returns:
            The batch, or None when nothing further can be read now.
        """
        visibility = Visibility(is_complete, is_final)
        self._unsaved, self._unsaved_from = [], self.position  # the store has what was read before
        self._load_definitions()
        found = _Found(self.position)
        self._budget = most_bytes
        sizes = dict(segments)
        while self._budget > 0 and not self.is_of_newer_format:
            size, is_sound = sizes.get(self.position.segment, 0), True
            while is_sound and self._budget > 0 and self.position.offset < size:
                is_sound = self._decode_some(size, found)
            if self._budget <= 0:
                break
            step = self._succession.next(self.position, segments, visibility)
            if step is None:
                break
            found.skipped_bytes += self._take(step, size)
        late_bytes = self._late_bytes(segments)
        if self.position == found.start and not late_bytes:
            return None
        if late_bytes:
            self._left = {number: sizes.get(number, size) for number, size in self._left.items()}
            found.events += self._report_damage(f"{late_bytes} bytes of the stream came too late")
        return self._batch(found)

    def refuse(self, batch: Batch, error: str) -> Batch:
        """The same batch, of one record, without what it says: the record is refused."""
        number, end = batch.end
        begin = batch.start.offset if batch.start.segment == number else 0
        payload = self._read(number, begin, end - begin)[HEADER.size :]
        about = [
            each.run
            for each in (*batch.events, *batch.points)
            if not isinstance(each, (Heartbeat, Ended))
        ]
        at, run = Position(number, begin), about[0] if about else None
        refused = Refused(self.writer, at, payload, error, run)
        return replace(batch, events=(), points=(), refused=(*batch.refused, refused))

    def _batch(self, found: _Found) -> Batch:
        if found.skipped_bytes and not found.points and not any(map(_run_of, found.events)):
            found.events += self._report_damage(
                "a part of its stream is damaged"
            )  # whom else to warn?
        return Batch(
            self.writer,
            found.start,
            self.position,
            tuple(found.events),
            tuple(found.points),
            found.skipped_bytes,
            tuple(found.refused),
            tuple(self._unsaved),
            self._unsaved_from,
            found.continues,
        )

    def _report_damage(self, reason: str) -> list[RecordsDropped]:
        return [
            RecordsDropped(run, 0, reason) for run in sorted(self._runs | self._definitions.runs())
        ]

    # -- from segment to segment --------------------------------------------------------------------

    def _take(self, step: Step, size: int) -> int:
        """Make a step; how many bytes of damage it leaves behind."""
        skipped = step.skipped_bytes
        if step.to.segment == self.position.segment:
            if self._is_unfinished(skipped):
                skipped = 0
        else:
            self._runs |= self._definitions.runs()
            self._definitions = Definitions()
            self._unsaved, self._unsaved_from = [], step.to
            if step.is_guess:
                self._left[self.position.segment] = size
        self.position = self._learned = step.to
        return skipped

    def _late_bytes(self, segments: Sequence[Segment]) -> int:
        """Bytes that turned up in segments that were left."""
        if not self._left:
            return 0
        return sum(max(0, size - self._left.get(number, size)) for number, size in segments)

    # -- within a segment ---------------------------------------------------------------------------

    def _load_definitions(self) -> None:
        """Bring the definitions to the position: what the store has saved, and the bytes behind that."""
        at, begin, definitions = self.position, self._learned, self._definitions
        if begin == at:
            return
        if begin.segment != at.segment or begin > at:
            begin, definitions = Position(at.segment, 0), Definitions()
        unsaved: list[bytes] = []
        if begin < at:
            saved = self._read_definitions(self.writer, begin)
            if saved.end.segment == at.segment:
                for record in saved.records:
                    definitions.take(record)
                begin = min(max(begin, saved.end), at)
            from trackboard.ingest.decode import learn_definitions  # loads numpy

            data = self._read(at.segment, begin.offset, at.offset - begin.offset)
            unsaved = learn_definitions(data, definitions)
        # All at once and last: a place without its definitions would lose what follows it.
        self._learned, self._definitions = at, definitions
        self._unsaved, self._unsaved_from = unsaved, begin

    def _decode_some(self, size: int, found: _Found) -> bool:
        """Decode within the budget; False when the next record does not check out."""
        from trackboard.ingest.decode import decode  # loads numpy, which many a pass does not need

        number, offset = self.position
        take = min(size - offset, self._budget)
        decoded = decode(self._read(number, offset, take), self._definitions)
        if decoded.end == 0 and take < size - offset:  # one record larger than what is left
            take = min(size - offset, max(take, self._record_bytes(number, offset)))
            decoded = decode(self._read(number, offset, take), self._definitions)
        found.events += decoded.events
        found.points += decoded.points
        found.skipped_bytes += decoded.skipped_bytes
        found.continues = decoded.continues or found.continues
        found.refused += [
            Refused(
                self.writer,
                Position(number, offset + each.offset),
                each.payload,
                each.error,
                each.run,
            )
            for each in decoded.refused
        ]
        self._unsaved += decoded.definitions
        self.ended = self.ended or any(isinstance(event, Ended) for event in decoded.events)
        self.position = self._learned = Position(number, offset + decoded.end)
        is_cut_short = decoded.end > 0 and take < size - offset
        self._budget -= take if is_cut_short else decoded.end
        return is_cut_short or decoded.end == size - offset

    def _is_unfinished(self, count: int) -> bool:
        from trackboard.ingest.decode import is_unfinished

        number, offset = self.position
        return count <= MAX_PAYLOAD_BYTES and is_unfinished(self._read(number, offset, count))

    def _record_bytes(self, number: int, offset: int) -> int:
        """How long the record at `offset` says it is; 0 for one that cannot be."""
        header = self._read(number, offset, HEADER.size)
        length = HEADER.unpack(header)[0] if len(header) == HEADER.size else 0
        return HEADER.size + length if 0 < length <= MAX_PAYLOAD_BYTES else 0

    def _read(self, number: int, offset: int, count: int) -> bytes:
        return self.spool.read(number, offset, count)


def _run_of(event: Event) -> RunId | None:
    return getattr(event, "run", None)
