"""Steps as they can be stored."""

from __future__ import annotations


def to_int64(step: int) -> int:
    """The step that can be stored for one that may be too large."""
    return min(max(step, -(2**63)), 2**63 - 1)
