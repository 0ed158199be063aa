"""When a reader may leave a segment for the next one.

The end of a segment is said, not seen: a segment's header says where the one before it ends. On a file
system of one machine the names and sizes that are seen are the ones that were written; a network file
system may show names in any order and sizes that are old. There a reader leaves a segment only when it
has read up to what is said, or when nothing has moved for so long that nothing will.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from trackboard.ingest.silence import ELSEWHERE_S, Unchanged
from trackboard.model import Segment
from trackboard.ports import Position, Spool
from trackboard.spool import Malformed, SegmentHeader, decode_record, parse_json
from trackboard.spool.layout import FORMAT
from trackboard.spool.reader import read_payload

_HEADER_BYTES = 4096  # more than a header ever has


@dataclass(frozen=True)
class Step:
    """Where to read on, and how many bytes that should be there are left behind.

    `is_guess`: they may still come, as far as can be known.
    """

    to: Position
    skipped_bytes: int = 0
    is_guess: bool = False


@dataclass(frozen=True)
class Visibility:
    """What a reader can rely on.

    `is_complete`: names and sizes are those that were written (a file system of one machine, or this
    boot wrote it). `is_final`: and nothing more will be written.
    """

    is_complete: bool
    is_final: bool


class Succession:
    """The order of one spool's segments.

    Args:
        spool: The spool.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        spool: Spool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spool = spool
        self._headers: dict[int, SegmentHeader] = {}
        self._position = Unchanged(clock)
        self._rest = Unchanged(clock)

    def header(self, number: int) -> SegmentHeader | None:
        """The first record of a segment; None while it cannot be read."""
        if number not in self._headers:
            found = _read_header(self._spool, number)
            if found is None:
                return None
            self._headers[number] = found
        return self._headers[number]

    def next(
        self, at: Position, segments: Sequence[Segment], visibility: Visibility
    ) -> Step | None:
        """The step from a place behind which no sound record is seen; None: wait there.

        Args:
            at: The place.
            segments: What is seen of the spool.
            visibility: What can be relied on.
        """
        rest = sum(max(0, size - at.offset) for number, size in segments if number == at.segment)
        later = [number for number, _ in segments if number > at.segment]
        if not later:
            end = Position(at.segment, at.offset + rest)
            return Step(end, rest) if rest and visibility.is_final else None
        readable = next((number for number in later if self.header(number)), None)
        header = None if readable is None else self.header(readable)
        if visibility.is_complete or visibility.is_final:
            if header is None and rest and len(later) == 1 and not visibility.is_final:
                return None  # it is being begun, and will say whether the rest is damage
            return _forced(at, rest, later, readable, header)
        if readable is None or header is None:
            return None
        if header.before is not None and Position(*header.before) <= at:
            return Step(Position(readable, 0))
        if not self._is_over(at, segments, header):
            return None
        return replace(_forced(at, rest, later, readable, header), is_guess=True)

    def _is_over(self, at: Position, segments: Sequence[Segment], following: SegmentHeader) -> bool:
        """Whether what is missing here will never come, as far as time can tell."""
        size = dict(segments).get(at.segment, 0)
        rest = tuple(each for each in segments if each.number >= at.segment)
        is_silent = self._rest.seconds(rest) > ELSEWHERE_S
        still_s = max(self._position.seconds((at, size)), self._spool.unwritten_s(at.segment))
        is_still = still_s > ELSEWHERE_S
        if following.before is None or Position(*following.before) <= Position(at.segment, size):
            return is_still  # of an earlier version, or it is all there and damaged
        return is_still and is_silent


def _forced(
    at: Position, rest: int, later: list[int], readable: int | None, header: SegmentHeader | None
) -> Step:
    """The step when nothing more will come here; what should have been there is damage."""
    if readable is None or header is None or header.before is None:
        return Step(Position(later[0], 0), rest)
    number, size_bytes = header.before
    if number <= at.segment:  # what lies behind the said end, or in segments between, holds nothing
        missing = max(0, size_bytes - at.offset) if number == at.segment else 0
        return Step(Position(readable, 0), missing)
    if later[0] <= number:  # its header is damaged
        return Step(Position(later[0], 0), rest)
    return Step(Position(readable, 0), rest + size_bytes)  # it was taken away


def _read_header(spool: Spool, number: int) -> SegmentHeader | None:
    try:
        payload = read_payload(memoryview(spool.read(number, 0, _HEADER_BYTES)), 0)
    except OSError:  # not for us: whoever reads on will say so
        return None
    if payload is None:
        return None
    try:
        said = decode_record(parse_json(bytes(payload)))
    except Malformed:
        said = None
    return said if isinstance(said, SegmentHeader) else SegmentHeader(FORMAT)
