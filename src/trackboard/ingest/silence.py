"""Writers that nobody can prove dead, and from which nothing comes any more.

On the same host and boot the kernel says whether a writer lives (see `spool.alive`), and ingest fails
what the dead leave behind. Everywhere else silence is all there is: no proof, so nothing is stored, and
whoever speaks again was never lost. A job's worker says every 10 s that it lives; a process that records
for itself is heard when it records.

Silence is measured on the reader's monotonic clock from the last growth of the spool that the reader
saw. At first sight there was none: then by the ages of two files, both stamped by the file system's own
clock, so that a reader that has just started knows what a patient one knows.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trackboard.model import WriterId
from trackboard.spool import (
    Liveness,
    Segment,
    list_segments,
    list_writers,
    probe,
    read_writer,
)
from trackboard.spool.layout import segment_name

SAME_BOOT_S = 30.0  # a file system without locks
ELSEWHERE_S = 120.0  # a network file system may show what was written a minute later

_LOOK_EVERY_S = 1.0


class Unchanged:
    """Measures for how long something has been the same, on a monotonic clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: tuple[object, float] | None = None

    def seconds(self, value: object) -> float:
        """For how long it has had this value at every call; 0 at the first."""
        now_s = self._clock()
        if self._seen is None or self._seen[0] != value:
            self._seen = (value, now_s)
        return now_s - self._seen[1]


@dataclass(frozen=True)
class _LastGrowth:
    end: Segment | None  # the newest segment as it was
    at_s: float  # when it was seen to have grown, on the monotonic clock


class Silence:
    """Listens to the spools of one workspace. Safe from several threads.

    Args:
        spool_folder: Where the spools are.
        lock: The workspace's lock file, which everybody who reads writes to.
        clock: Monotonic seconds.
    """

    def __init__(
        self, spool_folder: Path, lock: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._spool_folder = spool_folder
        self._lock_file = lock
        self._clock = clock
        self._growths: dict[WriterId, _LastGrowth] = {}
        self._lost: frozenset[WriterId] = frozenset()
        self._next_look_s = 0.0
        self._looking = threading.Lock()

    def list_lost(self) -> frozenset[WriterId]:
        """Writers that may be dead: silent for 30 s on this machine, for 120 s elsewhere."""
        with self._looking:
            now_s = self._clock()
            if now_s >= self._next_look_s:
                self._next_look_s = now_s + _LOOK_EVERY_S
                writers = list_writers(self._spool_folder)
                self._growths = {w: self._growths[w] for w in writers if w in self._growths}
                self._lost = frozenset(w for w in writers if self._is_lost(w, now_s))
            return self._lost

    def _is_lost(self, writer: WriterId, now_s: float) -> bool:
        folder = self._spool_folder / writer
        if probe(folder) is not Liveness.UNKNOWN:
            self._growths.pop(writer, None)
            return False
        segments = list_segments(folder)
        end = segments[-1] if segments else None
        growth = self._growths.get(writer)
        if growth is None:
            age_s = (
                0.0
                if end is None
                else unwritten_s(folder / segment_name(end.number), self._lock_file)
            )
            growth = _LastGrowth(end, now_s - age_s)
        elif growth.end != end:
            growth = _LastGrowth(end, now_s)
        self._growths[writer] = growth
        who = read_writer(folder)
        is_here = who is not None and who.is_of_this_boot
        return now_s - growth.at_s > (SAME_BOOT_S if is_here else ELSEWHERE_S)


def unwritten_s(path: Path, lock: Path) -> float:
    """How much older a file is than the last time that somebody took the lock; 0 for what is gone."""
    try:
        return max(0.0, os.stat(lock).st_mtime - os.stat(path).st_mtime)
    except OSError:
        return 0.0
