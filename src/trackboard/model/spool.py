"""What is known of a spool from outside: how long its segments are, and whether its writer lives."""

from __future__ import annotations

import enum
from typing import NamedTuple


class Segment(NamedTuple):
    """A segment and how many bytes it had when it was looked at."""

    number: int
    size_bytes: int


class Liveness(enum.Enum):
    """What a reader can know about a writer."""

    ALIVE = "alive"  # it holds its lock
    DEAD = "dead"  # its lock is free
    UNKNOWN = "unknown"  # it may be on another machine, or its file system has no locks
