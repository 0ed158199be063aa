"""Locks of environments: shared by the jobs that use one, held alone to make or remove it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from trackboard.layout.locks import try_lock

_POLL_S = 0.1


class Canceled(Exception):
    """Nobody wants the environment any more."""


class EnvironmentLock:
    """The lock of one file, shared by those who use something or held alone to make or remove it.

    Args:
        path: The file; it is made, and never removed.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def try_share(self) -> bool:
        """Hold it together with others, if nobody holds it alone."""
        return try_lock(self.fd, shared=True)

    def try_hold(self) -> bool:
        """Hold it alone, if nobody else holds it."""
        return try_lock(self.fd)

    def hold(self, wait: Callable[[], None]) -> None:
        """Hold it alone; `wait` is called a few times a second until then, and may raise."""
        while not self.try_hold():
            wait()
            time.sleep(_POLL_S)

    def close(self) -> None:
        """Let go of it; may be repeated."""
        if self.fd != -1:
            os.close(self.fd)
            self.fd = -1


@contextmanager
def holding_lock(path: Path, wait: Callable[[], None]) -> Iterator[EnvironmentLock]:
    """Hold a lock alone during a block; `wait` is called a few times a second until it begins."""
    lock = EnvironmentLock(path)
    try:
        lock.hold(wait)
        yield lock
    finally:
        lock.close()
