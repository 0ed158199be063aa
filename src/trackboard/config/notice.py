"""The few lines that trackboard says by itself, each once per process."""

from __future__ import annotations

import functools
import sys


@functools.cache
def say_once(text: str) -> None:
    """Write one line to the console, unless this process has said it already."""
    sys.stderr.write(f"trackboard: {text}\n")
