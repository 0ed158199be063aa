"""How tests wait for what another process or thread does: for a condition, and longer than it takes.

No test judges by a clock. A machine may be so busy that all takes ten times as long; what counts as
too slow is counted in statements, bytes or passes, or it is a benchmark.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_S = 100.0  # a wait that ends well takes a fraction of it

T = TypeVar("T")


def until(
    condition: Callable[[], T | None],
    what: str | Callable[[], str] = "it did not happen",
    *,
    patience_s: float = PATIENCE_S,
    pause_s: float = 0.02,
) -> T:
    """Wait until a condition holds, and return what it gave.

    Args:
        condition: Is asked again and again.
        what: What was waited for, or a function that tells it, for the error.
        patience_s: How long to wait before the test fails.
        pause_s: How long to wait between two questions.
    """
    deadline_s = time.monotonic() + patience_s
    while not (found := condition()):
        if time.monotonic() > deadline_s:
            raise AssertionError(f"{what() if callable(what) else what} (within {patience_s:g} s)")
        time.sleep(pause_s)
    return found
