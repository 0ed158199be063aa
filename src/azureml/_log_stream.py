"""A growing log as it is printed here: each line once, progress bars folded, whatever its size.

Standard library only and fit for Python 3.9.
"""

from __future__ import annotations

import codecs
import os
import sys
from pathlib import Path
from typing import BinaryIO

from trackboard.notice import in_notebook

LIMIT_BYTES = 10_000_000  # printed of one log
NOTEBOOK_BYTES = 2_000_000  # Jupyter's server throws away what comes faster than some MB in a row
_PIECE_BYTES = 1 << 18
_END_BYTES = 1 << 14  # printed of the end of a longer one
_LINE_CHARACTERS = 1 << 16  # kept of a line that has not ended


class LogStream:
    """One log.

    Args:
        path: Where it is; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
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
        try:
            file = open(self.path, "rb")  # noqa: SIM115 - closed below; other errors are not meant
        except FileNotFoundError:
            return False
        with file:
            size_bytes = os.fstat(file.fileno()).st_size
            if size_bytes < self._read_bytes:  # it was begun anew
                self._begin()
            before = self._read_bytes
            self._print_to(file, min(size_bytes, self._limit_bytes))
            if size_bytes > self._limit_bytes:
                self._cut(file, size_bytes, to_the_end=to_the_end)
        if to_the_end:
            self._lines.end()
        return self._read_bytes > before

    def _print_to(self, file: BinaryIO, end: int) -> None:
        file.seek(self._read_bytes)
        while self._read_bytes < end:
            piece = file.read(min(_PIECE_BYTES, end - self._read_bytes))
            if not piece:
                break
            self._read_bytes += len(piece)
            self._lines.add(piece)

    def _cut(self, file: BinaryIO, size_bytes: int, *, to_the_end: bool) -> None:
        """Say that it is too long, and print its end once that is known."""
        if not self._is_cut:
            self._is_cut = True
            self._lines.end()
            _write(
                f"[trackboard] the log is longer than {self._limit_bytes / 1e6:.0f} MB: from here on only its"
                f" end is printed, when the run has ended. All of it is in {self.path}\n"
            )
        if to_the_end:
            start = max(self._read_bytes, size_bytes - _END_BYTES)
            file.seek(start)
            piece = file.read(size_bytes - start)
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
