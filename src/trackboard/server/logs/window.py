"""Lines around an offset of a log; a piece of it is read, however long the file is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trackboard.server.logs.terminal import Shown, Terminal

if TYPE_CHECKING:
    from trackboard.service import FilePiece

PIECE_BYTES = 64 * 1024
MOST_LINES = 1000
COUNTED_BYTES = 2 * 1024 * 1024  # before a line: so far lines are counted, and then have numbers
BEFORE_BYTES = 4 * 1024  # what is shown before a line that is asked for
Read = Callable[
    [int, int], "FilePiece | None"
]  # from an offset, so many bytes at most; None: no such file


@dataclass(frozen=True)
class Line:
    """A line, or a part of one that is too long for a page.

    Attributes:
        offset: Where in the file it begins, which is its address.
        number: Its number from 1; None: it is too far from the file's begin to be counted.
        shown: What is seen of it.
    """

    offset: int
    number: int | None
    shown: Shown


@dataclass(frozen=True)
class Window:
    """Lines of a log.

    Attributes:
        lines: The lines.
        begin: Where in the file the first of them begins.
        end: Where the last of them ends.
        size_bytes: How long the file is.
        is_cut: Whether the first begins within a line that is longer than a page.
    """

    lines: tuple[Line, ...]
    begin: int
    end: int
    size_bytes: int
    is_cut: bool


def read_before(read: Read, end: int | None) -> Window | None:
    """Read lines that end at an offset, or at the end of the file; None: there is no such file."""
    size_bytes = _size_of(read)
    if size_bytes is None:
        return None
    end = size_bytes if end is None else min(end, size_bytes)
    begin = max(0, end - PIECE_BYTES)
    data = _read(read, begin, end - begin)
    cut = data.find(b"\n", 0, len(data) - 1) + 1 if begin else 0
    most = MOST_LINES + data.endswith(b"\n")
    parts = data[cut:].rsplit(b"\n", most)
    cut += len(parts[0]) + 1 if len(parts) > most else 0
    return _window(read, data[cut:], begin + cut, size_bytes, is_cut=bool(begin) and not cut)


def read_around(read: Read, offset: int) -> Window | None:
    """Read lines around an offset, most of them behind it; None: there is no such file."""
    size_bytes = _size_of(read)
    if size_bytes is None:
        return None
    offset = min(offset, size_bytes)
    begin = max(0, offset - BEFORE_BYTES)
    data = _read(read, begin, PIECE_BYTES)
    cut = data.find(b"\n", 0, offset - begin) + 1 if begin else 0
    if begin and not cut:
        cut = offset - begin  # a line that is longer than what stands before it here
    return _window(read, _whole(data[cut:], begin + cut, size_bytes), begin + cut, size_bytes)


def read_from(read: Read, begin: int) -> Window | None:
    """Read lines from an offset on; None: there is no such file."""
    size_bytes = _size_of(read)
    if size_bytes is None:
        return None
    begin = min(begin, size_bytes)
    data = _whole(_read(read, begin, PIECE_BYTES), begin, size_bytes)
    return _window(read, data, begin, size_bytes)


def _size_of(read: Read) -> int | None:
    found = read(0, 0)
    return None if found is None else found.size_bytes


def _read(read: Read, begin: int, count: int) -> bytes:
    """The bytes from an offset; none where the file became shorter meanwhile, and begins anew."""
    piece = read(begin, count) if count else None
    return piece.data if piece is not None and piece.offset == begin else b""


def _whole(data: bytes, begin: int, size_bytes: int) -> bytes:
    """The first lines, whole ones where there is more behind them."""
    parts = data.split(b"\n", MOST_LINES)
    if len(parts) > MOST_LINES:
        return data[: len(data) - len(parts[-1])]
    end = data.rfind(b"\n") + 1 if begin + len(data) < size_bytes else 0
    return data[:end] if end else data


def _window(
    read: Read, data: bytes, begin: int, size_bytes: int, *, is_cut: bool | None = None
) -> Window:
    if is_cut is None:
        is_cut = begin > 0 and _read(read, begin - 1, 1) != b"\n"
    number = None if begin > COUNTED_BYTES else _count_lines(read, begin)
    terminal = Terminal()
    lines: list[Line] = []
    offset = begin
    for raw in data.split(b"\n"):
        if offset < begin + len(data):
            shown = terminal.show(_decode(raw, is_part=is_cut and not lines))
            lines.append(Line(offset, None if number is None else number + len(lines), shown))
        offset += len(raw) + 1
    return Window(tuple(lines), begin, begin + len(data), size_bytes, is_cut)


def _count_lines(read: Read, end: int) -> int:
    """The number of the line that begins at an offset, or holds it."""
    return 1 + sum(
        _read(read, begin, min(PIECE_BYTES, end - begin)).count(b"\n")
        for begin in range(0, end, PIECE_BYTES)
    )


def _decode(raw: bytes, *, is_part: bool) -> str:
    if is_part:  # it may begin within a character
        raw = raw.lstrip(bytes(range(0x80, 0xC0)))
    return raw.decode("utf-8", "replace")
