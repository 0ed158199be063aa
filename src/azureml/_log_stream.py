"""A growing log as it is printed here: each line once, progress bars folded, whatever its size.

Standard library only and fit for Python 3.9.
"""

from __future__ import annotations

import codecs
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Optional

from trackboard.notice import in_notebook

if TYPE_CHECKING:
    from trackboard.service import FilePiece

Tail = Callable[[str, int, int], "Optional[FilePiece]"]

LIMIT_BYTES = 10_000_000  # printed of one log
NOTEBOOK_BYTES = 2_000_000  # Jupyter's server throws away what comes faster than some MB in a row
_PIECE_BYTES = 1 << 18
_END_BYTES = 1 << 14  # printed of the end of a longer one
_LINE_CHARACTERS = 1 << 16  # kept of a line that has not ended


class LogStream:
    """One log.

    Args:
        tail: Reads on in a log, by its path, an offset and a limit; None: there is none yet.
        path: Which log.
        place: Where people find it.
    """

    def __init__(self, tail: Tail, path: str, location: Path) -> None:
        self.path = path
        self._tail = tail
        self._location = location
        self._limit_bytes = NOTEBOOK_BYTES if in_notebook() else LIMIT_BYTES
        self._begin()

    def _begin(self) -> None:
        self._read_bytes = 0
        self._lines = _Lines()
        self._is_cut = False  # no more is printed until its end is known

    def show(self, *, to_the_end: bool) -> bool:
        """Print what has come since.

        Args:
            to_the_end: It does not grow any more: also a line without a line break.

        Returns:
            Whether anything had come.
        """
        piece = self._tail(self.path, self._read_bytes, 0)
        if piece is None:
            return False
        if piece.offset < self._read_bytes:  # it was begun anew
            self._begin()
        before = self._read_bytes
        self._print_to(min(piece.size_bytes, self._limit_bytes))
        if piece.size_bytes > self._limit_bytes:
            self._cut(piece.size_bytes, to_the_end=to_the_end)
        if to_the_end:
            self._lines.end()
        return self._read_bytes > before

    def _print_to(self, end: int) -> None:
        while self._read_bytes < end:
            data = self._read(self._read_bytes, min(_PIECE_BYTES, end - self._read_bytes))
            if not data:
                break
            self._read_bytes += len(data)
            self._lines.add(data)

    def _read(self, offset: int, limit_bytes: int) -> bytes:
        """Read on; nothing where it was begun anew meanwhile."""
        piece = self._tail(self.path, offset, limit_bytes)
        return b"" if piece is None or piece.offset != offset else piece.data

    def _cut(self, size_bytes: int, *, to_the_end: bool) -> None:
        """Say that it is too long, and print its end once that is known."""
        if not self._is_cut:
            self._is_cut = True
            self._lines.end()
            _write(
                f"[trackboard] the log is longer than {self._limit_bytes / 1e6:.0f} MB: from here on only its"
                f" end is printed, when the run has ended. All of it is in {self._location}\n"
            )
        if to_the_end:
            start = max(self._read_bytes, size_bytes - _END_BYTES)
            piece = self._read(start, size_bytes - start)
            if start > self._read_bytes:
                piece = piece[piece.find(b"\n") + 1 :]  # not the middle of a line
            self._read_bytes = size_bytes
            self._lines.add(piece)


class _Lines:
    """Bytes as lines, as far as they have come."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""  # of a line that has not ended
        self._shown = 0  # characters of that line that are seen already, as a progress bar
        self._is_open = False  # the begin of that line was printed already: it is very long
        self._is_screen = _is_screen()

    def add(self, data: bytes) -> None:
        """Print what is whole, and the newest state of a progress bar."""
        whole, newline, rest = (self._rest + self._decoder.decode(data)).rpartition("\n")
        is_bar = "\r" in rest.rstrip("\r") or (bool(self._shown) and not newline)
        self._rest = _folded(rest) + ("\r" if rest.endswith("\r") else "")
        if newline:
            self._print("\n".join(map(_folded, whole.split("\n"))) + "\n")
            self._is_open = False
        if len(self._rest) > _LINE_CHARACTERS:
            self._print(self._rest)
            self._rest, self._is_open = "", True
        elif is_bar and self._is_screen and self._rest:
            shown = self._rest.rstrip("\r")
            _write(f"\r{shown:{self._shown}}")
            self._shown = len(shown)

    def end(self) -> None:
        """Print what has no line break at its end."""
        rest = self._rest + self._decoder.decode(b"", final=True)
        self._rest = ""
        if rest or self._shown or self._is_open:
            self._print(f"{_folded(rest)}\n")
        self._is_open = False

    def _print(self, text: str) -> None:
        """Print lines; the first takes the place of a progress bar that is seen."""
        if self._shown:
            first, newline, others = text.partition("\n")
            text = f"\r{first:{self._shown}}{newline}{others}"
            self._shown = 0
        _write(text)


def _folded(line: str) -> str:
    """A line as a terminal shows it in the end: what stands behind its last carriage return."""
    bare = line.rstrip("\r")  # before a line break they mean nothing
    return bare[bare.rfind("\r") + 1 :]


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _is_screen() -> bool:
    """Whether a carriage return takes back what was printed: a terminal, or a notebook."""
    return sys.stdout.isatty() or in_notebook()
