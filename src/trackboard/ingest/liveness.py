"""Which writers will never write again: by the kernel's word, or after a silence that nothing explains."""

from __future__ import annotations

import time
from collections.abc import Callable

from trackboard.ingest.silence import ELSEWHERE_S, Unchanged
from trackboard.model import Liveness, WriterId
from trackboard.ports import Spool

_PROBE_EVERY_S = 0.5  # how often a silent writer is asked whether it lives


class LivenessCheck:
    """What is known of the writers of one workspace.

    Args:
        is_local: Whether the spools are on a file system of this machine alone.
        clock: Monotonic seconds.
    """

    def __init__(
        self, is_local: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._is_local = is_local
        self._clock = clock
        self._probed_at_s: dict[WriterId, float] = {}
        self._dead: set[WriterId] = set()
        self._silent: dict[WriterId, Unchanged] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._probed_at_s.clear()
        self._dead.clear()
        self._silent.clear()

    def forget(self, writer: WriterId) -> None:
        """Forget a writer whose spool has gone."""
        self._probed_at_s.pop(writer, None)
        self._dead.discard(writer)
        self._silent.pop(writer, None)

    def is_complete(self, spool: Spool) -> bool:
        """Whether what is seen of a spool is what was written: by this machine, or on its own disk."""
        if self._is_local():
            return True
        who = spool.find_process()
        return who is not None and who.is_of_this_boot

    def is_dead(self, spool: Spool, *, asks: bool = True) -> bool:
        """Whether the kernel says so. What is dead stays so.

        Args:
            spool: Its spool.
            asks: Whether the kernel is asked now; it is at most twice a second.
        """
        writer = spool.writer
        if writer in self._dead or not asks:
            return writer in self._dead
        now_s, asked_s = time.monotonic(), self._probed_at_s.get(writer)
        if asked_s is not None and now_s - asked_s < _PROBE_EVERY_S:
            return False
        self._probed_at_s[writer] = now_s
        is_proven = spool.probe() is Liveness.DEAD
        if is_proven:
            self._dead.add(writer)
        return is_proven

    def is_silent(self, spool: Spool) -> bool:
        """Whether nothing of a spool has been seen to move for so long that a network would show it."""
        silent = self._silent.setdefault(spool.writer, Unchanged(self._clock))
        return silent.seconds(tuple(spool.list_segments())) > ELSEWHERE_S

    def is_presumed_dead(self, spool: Spool) -> bool:
        """Whether a writer that nobody can ask is of this machine before it restarted, and silent."""
        if self._is_local():
            return False
        who = spool.find_process()
        if who is None or who.is_of_this_boot or not who.is_of_this_machine:
            return False
        return self.is_silent(spool)
