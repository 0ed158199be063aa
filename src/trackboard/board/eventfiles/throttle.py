"""How often something that costs time may be done: about once a second, less often when it is slow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

INTERVAL_S = 1.0
_REST_FACTOR = 20  # at most one twentieth of the time is spent on it


class Throttle:
    """Says when the next step is due. The first one is at once."""

    def __init__(self) -> None:
        self._due = float("-inf")

    def is_due(self) -> bool:
        """Whether the next step may be taken now."""
        return time.monotonic() >= self._due

    @contextmanager
    def step(self) -> Iterator[None]:
        """Take a step; the slower it is, the later the next one."""
        begin = time.monotonic()
        try:
            yield
        finally:
            end = time.monotonic()
            self._due = end + max(INTERVAL_S, _REST_FACTOR * (end - begin))
