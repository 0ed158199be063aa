"""Looks for a regular expression in a log: in linear time (RE2), and a part of the file at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from trackboard.errors import UsageError
from trackboard.ports.store.pattern import compile_re2
from trackboard.server.logs.terminal import strip_sequences
from trackboard.server.logs.window import BEFORE_BYTES, Read

MOST_MATCHES = 100
SEARCH_S = 1.0
_READ_BYTES = 1024 * 1024
_PIECE_BYTES = (
    16 * 1024
)  # between two looks at the clock: the dearest expressions take 20 us for a byte
_AGAIN_BYTES = (
    1024  # of a line that is longer than a piece: so much is searched in the next one, too
)
_MEMORY_BYTES = 128 * 1024  # of an expression; it bounds how long each byte takes
_LONGEST = 1000  # characters of an expression
_AROUND = 200  # characters of a line before and behind what matches


@dataclass(frozen=True)
class Match:
    """A line that matches.

    Attributes:
        offset: Where in the file it begins; of what matches far behind that, where this is.
        before: The text before what matches.
        found: What matches.
        after: The text behind it.
    """

    offset: int
    before: str
    found: str
    after: str


@dataclass(frozen=True)
class Search:
    """What was found in a part of a log.

    Attributes:
        matches: The lines.
        begin: Where it began to look.
        end: Where it stopped; searching goes on from there.
        size_bytes: How long the file is.
    """

    matches: tuple[Match, ...]
    begin: int
    end: int
    size_bytes: int


def search(
    read: Read,
    expression: str,
    begin: int = 0,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Search | None:
    """Look for lines that match, until there are many or the time is over; None: there is no such file.

    Args:
        read: Reads the file.
        expression: A regular expression as RE2 has it.
        begin: Where to begin, in bytes.
        clock: Tells the time, in seconds.

    Raises:
        UsageError: The expression is none, or too large.
    """
    pattern = _compile(expression)
    first = read(0, 0)
    if first is None:
        return None
    ends_s = clock() + SEARCH_S
    begin = min(begin, first.size_bytes)
    matches: list[Match] = []
    at, reader = begin, _Reader(read)
    while at < first.size_bytes:
        piece = reader.read(at)
        if not piece:
            break
        data, looked = _cut(piece, is_last=at + len(piece) >= first.size_bytes)
        for match, end in _matches(pattern, data, looked, at):
            matches.append(match)
            if len(matches) == MOST_MATCHES:
                return Search(tuple(matches), begin, min(end, at + looked), first.size_bytes)
        at += looked
        if clock() >= ends_s:
            break
    return Search(tuple(matches), begin, min(at, first.size_bytes), first.size_bytes)


class _Reader:
    """Gives small pieces of what is read in large ones."""

    def __init__(self, read: Read) -> None:
        self._read, self._begin, self._data = read, 0, b""

    def read(self, at: int) -> bytes:
        """The bytes from an offset on; none where the file became shorter meanwhile."""
        begin = at - self._begin
        if not 0 <= begin <= len(self._data) - _PIECE_BYTES:
            piece = self._read(at, _READ_BYTES)
            if piece is None or piece.offset != at:
                return b""
            begin, self._begin, self._data = 0, at, piece.data
        return self._data[begin : begin + _PIECE_BYTES]


def _compile(expression: str) -> Any:
    if len(expression) > _LONGEST:
        raise UsageError(
            f"this expression has {len(expression):,} characters", hint=f"{_LONGEST:,} at most."
        )
    return compile_re2(expression, in_lines=True, memory_bytes=_MEMORY_BYTES)


def _cut(data: bytes, *, is_last: bool) -> tuple[bytes, int]:
    """What is searched of a piece, and how far the next one is: whole lines, unless one is too long."""
    if is_last:
        return data, len(data)
    end = data.rfind(b"\n") + 1
    if end:
        return data[:end], end
    return data, len(data) - _AGAIN_BYTES


def _matches(pattern: Any, data: bytes, looked: int, at: int) -> Iterator[tuple[Match, int]]:
    """Lines that match, each once, and where each ends; what begins behind `looked` is the next piece's."""
    if b"\x1b" in data or b"\r" in data:
        yield from _matches_of_seen(pattern, data, at)
        return
    begin = 0
    while begin < len(data) and (found := pattern.search(data, begin)) is not None:
        first, last = found.span()
        if looked <= first < len(data) or (first == len(data) and data.endswith(b"\n")):
            return  # of the next piece, or of no line
        line = data.rfind(b"\n", 0, first) + 1
        end = data.find(b"\n", last)
        end = len(data) if end < 0 else end
        yield _match(data[line:end], first - line, last - line, at + line), at + end + 1
        begin = end + 1


def _matches_of_seen(pattern: Any, data: bytes, at: int) -> Iterator[tuple[Match, int]]:
    """The same without control sequences, which would stand between what is seen side by side."""
    for raw in data.split(b"\n"):
        end = at + len(raw) + 1
        line = strip_sequences(raw.rstrip(b"\r").decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )
        if (raw or end <= at + len(data)) and (found := pattern.search(line)) is not None:
            first, last = found.span()
            yield _match(line, first, last, at), end
        at = end


def _match(line: bytes, first: int, last: int, offset: int) -> Match:
    def decode(raw: bytes) -> str:
        return raw.decode("utf-8", "replace")

    return Match(
        offset if first < BEFORE_BYTES else offset + first,
        decode(line[max(0, first - 4 * _AROUND) : first])[-_AROUND:],
        decode(line[first : min(last, first + 4 * _AROUND)])[:_AROUND],
        decode(line[last : last + 4 * _AROUND])[:_AROUND],
    )
