"""A real pseudo-terminal as standard output, of any width."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import termios
import threading
from collections.abc import Iterator

import pytest


class Screen:
    """What was written to a terminal."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)

    @property
    def raw(self) -> str:
        """All of it, with what a terminal obeys."""
        return b"".join(self._pieces).decode().replace("\r\n", "\n")

    @property
    def lines(self) -> list[str]:
        """Its lines, as they are read."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.raw).splitlines()


@contextlib.contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> Iterator[Screen]:
    """Let `sys.stdout` be a terminal during the block; the screen is whole after it."""
    master, slave = os.openpty()
    termios.tcsetwinsize(slave, (24, columns))
    screen = Screen()

    def read() -> None:
        with contextlib.suppress(OSError):  # the other end was closed
            while piece := os.read(master, 1 << 16):
                screen.add(piece)

    reader = threading.Thread(target=read)
    reader.start()
    with monkeypatch.context() as patch:
        for name in ("COLUMNS", "NO_COLOR"):
            patch.delenv(name, raising=False)
        patch.setenv("TERM", "xterm-256color")
        with io.TextIOWrapper(os.fdopen(slave, "wb"), "utf-8", write_through=True) as stream:
            patch.setattr(sys, "stdout", stream)
            yield screen
    reader.join()
    os.close(master)
