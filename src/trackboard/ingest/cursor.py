"""Reading one spool on from where it was stored."""

from __future__ import annotations

import os
from pathlib import Path

from trackboard.ingest.decode import Definitions, decode, is_unfinished, learn_definitions
from trackboard.model import Ended, Event, Lost, RunId, WriterId
from trackboard.ports import Batch, Position, SeriesPoints
from trackboard.spool import Segment
from trackboard.spool.layout import HEADER, MAX_PAYLOAD_BYTES, segment_name

START = Position(0, 0)


class Cursor:
    """A place in one writer's spool, with what the segment has defined up to there.

    Args:
        folder: The spool's folder.
        writer: Its id.
    """

    def __init__(self, folder: Path, writer: WriterId) -> None:
        self.folder = folder
        self.writer = writer
        self.position = START
        self.ended = False  # it said that nothing follows
        self._definitions = Definitions()
        self._runs: set[RunId] = set()  # of earlier segments
        self._budget = 0

    def seek(self, position: Position) -> None:
        """Go to a stored position; what is defined before it in its segment is learned."""
        if position == self.position:
            return
        begin, definitions = self.position.offset, self._definitions
        if position.segment != self.position.segment or begin > position.offset:
            begin, definitions = 0, Definitions()
        data = self._read(position.segment, begin, position.offset - begin)
        learn_definitions(data, definitions)
        # Both at once and last: a place without its definitions would lose what follows it.
        self.position, self._definitions = position, definitions

    def unread_bytes(self, segments: list[Segment]) -> int:
        """How many bytes follow, given the segments' sizes."""
        at = self.position
        return sum(
            max(0, size - (at.offset if number == at.segment else 0))
            for number, size in segments
            if number >= at.segment
        )

    def read(self, segments: list[Segment], *, most_bytes: int, is_final: bool) -> Batch | None:
        """Decode the next records, at most about `most_bytes`, and move on behind them.

        Args:
            segments: What to read, with the sizes to read up to.
            most_bytes: Enough for one call.
            is_final: No more will be written: a record that does not check out ends its segment.

        Returns:
            The batch, or None when nothing further can be read now.
        """
        start = self.position
        self._budget = most_bytes
        events: list[Event] = []
        points: list[SeriesPoints] = []
        skipped = 0
        for number, size in segments:
            if number < self.position.segment or Position(number, size) <= self.position:
                continue  # stored; a file that has become shorter does not lead back
            if number > self.position.segment:
                self._runs |= self._definitions.runs()
                self.position, self._definitions = Position(number, 0), Definitions()
            is_sound = True
            while is_sound and self._budget > 0 and self.position.offset < size:
                is_sound = self._decode_some(size, events, points)
            unsound = 0 if is_sound else size - self.position.offset
            is_last = number == segments[-1].number
            if self._budget <= 0 or (unsound and is_last and not is_final):
                break  # more next time
            if not (unsound and is_last and self._is_unfinished(unsound)):
                skipped += unsound
            self.position = Position(number, size)
        if self.position == start:
            return None
        if skipped and not points and not any(hasattr(event, "run") for event in events):
            runs = sorted(self._runs | self._definitions.runs())  # whom else to warn?
            events += [Lost(run, 0, "a part of its stream is damaged") for run in runs]
        return Batch(self.writer, start, self.position, tuple(events), tuple(points), skipped)

    def _decode_some(self, size: int, events: list[Event], points: list[SeriesPoints]) -> bool:
        """Decode within the budget; False when the next record does not check out."""
        number, offset = self.position
        take = min(size - offset, self._budget)
        decoded = decode(self._read(number, offset, take), self._definitions)
        if decoded.end == 0 and take < size - offset:  # one record larger than what is left
            take = min(size - offset, max(take, self._record_bytes(number, offset)))
            decoded = decode(self._read(number, offset, take), self._definitions)
        events += decoded.events
        points += decoded.points
        self.ended = self.ended or any(isinstance(event, Ended) for event in decoded.events)
        self.position = Position(number, offset + decoded.end)
        is_cut_short = decoded.end > 0 and take < size - offset
        self._budget -= take if is_cut_short else decoded.end
        return is_cut_short or decoded.end == size - offset

    def _is_unfinished(self, count: int) -> bool:
        number, offset = self.position
        return count <= MAX_PAYLOAD_BYTES and is_unfinished(self._read(number, offset, count))

    def _record_bytes(self, number: int, offset: int) -> int:
        """How long the record at `offset` says it is; 0 for one that cannot be."""
        header = self._read(number, offset, HEADER.size)
        length = HEADER.unpack(header)[0] if len(header) == HEADER.size else 0
        return HEADER.size + length if 0 < length <= MAX_PAYLOAD_BYTES else 0

    def _read(self, number: int, offset: int, count: int) -> bytes:
        """Bytes of a segment; fewer where the file, or the spool, has been taken away meanwhile."""
        try:
            fd = os.open(self.folder / segment_name(number), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return b""
        try:
            return os.pread(fd, count, offset)
        finally:
            os.close(fd)
