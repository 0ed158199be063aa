"""What the SDK's calls print: one place, so that nothing else does."""

from __future__ import annotations

import sys
from pathlib import Path


def say(text: str) -> None:
    """Write a line where a notebook's user reads it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class JobConsole:
    """A job's console, as it is printed here: line by line, each once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._shown_bytes = 0

    def show(self, *, to_the_end: bool) -> None:
        """Print the lines that have come since; at the end also one without a line break."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._shown_bytes)
            fresh = file.read()
        whole = fresh if to_the_end else fresh[: fresh.rfind(b"\n") + 1]
        self._shown_bytes += len(whole)
        if whole:
            say(whole.decode("utf-8", "replace").removesuffix("\n"))
