"""Work that a signal handler may interrupt and must not begin a second time within itself.

A handler runs on top of the frame that it interrupted, in the same thread, and may call the same code; it may
also raise, at any bytecode, so that a flag which is set and taken back could stay set for ever. The frame of
the work is on the stack for exactly as long as the work goes on.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Callable, Optional


class ReentrancyGuard:
    """Runs one piece of work at a time. Its owner keeps other threads out."""

    def __init__(self) -> None:
        self._at_work: Optional[FrameType] = None

    def run(self, work: Callable[[], object]) -> bool:
        """Do `work`, unless the caller has interrupted such work; whether it was done."""
        if self._is_interrupted():
            return False
        self._at_work = sys._getframe()
        try:
            work()
        finally:
            self._at_work = None
        return True

    def _is_interrupted(self) -> bool:
        frame = sys._getframe() if self._at_work is not None else None
        while frame is not None and frame is not self._at_work:
            frame = frame.f_back
        return frame is not None
