"""The worker's log, which is its standard error."""

from __future__ import annotations

import sys
import time


def note(text: str) -> None:
    """Write a line with the time before it."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
