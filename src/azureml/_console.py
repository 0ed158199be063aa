"""What the SDK's calls print: one place, so that nothing else does."""

from __future__ import annotations

import sys


def print_line(text: str) -> None:
    """Write a line where a notebook's user reads it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
