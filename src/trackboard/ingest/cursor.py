"""Reading one spool on from where it was stored."""

from __future__ import annotations

import os
from pathlib import Path

from trackboard.ingest.decode import Definitions, decode, learn_definitions
from trackboard.model import Ended, Event, WriterId
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
        self._budget = 0

    def seek(self, position: Position) -> None:
        """Go to a stored position; what is defined before it in its segment is learned."""
        if position == self.position:
            return
        begin = self.position.offset if position.segment == self.position.segment else 0
        if begin > position.offset or begin == 0:
            begin, self._definitions = 0, Definitions()
        if position.offset > begin:
            data = self._read(position.segment, begin, position.offset - begin)
            learn_definitions(data, self._definitions)
        self.position = position

    def unread_bytes(self, segments: list[Segment]) -> int:
        """How many bytes follow, given the segments' sizes."""
        at = self.position
        return sum(
            size - (at.offset if number == at.segment else 0)
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
            if number < self.position.segment:
                continue
            if number > self.position.segment:
                self.position, self._definitions = Position(number, 0), Definitions()
            is_sound = True
            while is_sound and self._budget > 0 and self.position.offset < size:
                is_sound = self._decode_some(size, events, points)
            unsound = 0 if is_sound else size - self.position.offset
            if self._budget <= 0 or (unsound and number == segments[-1].number and not is_final):
                break  # more next time
            skipped += unsound
            self.position = Position(number, size)
        if self.position == start:
            return None
        return Batch(self.writer, start, self.position, tuple(events), tuple(points), skipped)

    def _decode_some(self, size: int, events: list[Event], points: list[SeriesPoints]) -> bool:
        """Decode within the budget; False when the next record does not check out."""
        number, offset = self.position
        take = min(size - offset, self._budget)
        decoded = decode(self._read(number, offset, take), self._definitions)
        if decoded.end == 0 and take < size - offset:  # one record larger than the budget
            take = min(size - offset, MAX_PAYLOAD_BYTES + HEADER.size)
            decoded = decode(self._read(number, offset, take), self._definitions)
        events += decoded.events
        points += decoded.points
        self.ended = self.ended or any(isinstance(event, Ended) for event in decoded.events)
        self.position = Position(number, offset + decoded.end)
        is_cut_short = decoded.end > 0 and take < size - offset
        self._budget -= take if is_cut_short else decoded.end
        return is_cut_short or decoded.end == size - offset

    def _read(self, number: int, offset: int, count: int) -> bytes:
        fd = os.open(self.folder / segment_name(number), os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(fd, count, offset)
        finally:
            os.close(fd)
