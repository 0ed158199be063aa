"""How far a snapshot is, said on the client's console when it takes a while."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from trackboard.format.amounts import count, size

_PATIENCE_S = 2.0  # nothing is said before
_TERMINAL_S = 0.2  # between two lines, each of which replaces the last one
_PLAIN_FACTOR = 3.0  # elsewhere lines stay, so there are few: after 2, 6, 18, 54 s


class Progress:
    """Tells how many files were looked at; silent for whoever is quick.

    Args:
        source: The folder.
        stream: Where to; None: standard error.
    """

    def __init__(self, source: str, stream: TextIO | None = None) -> None:
        self._source = source
        self._stream = sys.stderr if stream is None else stream
        self._is_terminal = self._stream.isatty()
        self._began_s = time.monotonic()
        self._next_s = self._began_s + _PATIENCE_S
        self._files = self._size_bytes = 0
        self._width = 0  # of the line to be replaced

    def add_file(self) -> None:
        """One more file was looked at."""
        self._files += 1
        if not self._files % 256:
            self._print_line()

    def add_bytes(self, size_bytes: int) -> None:
        """So much was copied."""
        self._size_bytes += size_bytes
        self._print_line()

    def close(self) -> None:
        """Leave the line as it is."""
        if self._width:
            self._stream.write("\n")
            self._stream.flush()
            self._width = 0

    def _print_line(self) -> None:
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        line = f"trackboard: taking a snapshot of {self._source}: {count(self._files, 'file')}"
        line += f", {size(self._size_bytes)} copied"
        if self._is_terminal:
            self._next_s = now_s + _TERMINAL_S
            self._stream.write(f"\r{line:{self._width}}")
            self._width = len(line)
        else:
            self._next_s = now_s + (now_s - self._began_s) * (_PLAIN_FACTOR - 1)
            self._stream.write(f"{line}\n")
        self._stream.flush()
