"""How many points one answer may hold, and how the series in it share them.

TensorBoard asks for every run at once; without a limit 1,000 runs cost seconds and 69 MB per chart.
"""

from __future__ import annotations

from collections.abc import Iterable

ANSWER_POINTS = 100_000
FEWEST_POINTS = 1


def points_per_series(counts: Iterable[int], *, at_most: int, budget: int = ANSWER_POINTS) -> int:
    """Find how many points each series may have, so that all together keep to the budget.

    Short series leave their share to the long ones.

    Args:
        counts: Points that each series has.
        at_most: What was asked for, per series.
        budget: Points of the whole answer.

    Returns:
        A number from 1 to `at_most` (the budget is exceeded only by more than `budget` series).
    """
    sizes = sorted(min(count, at_most) for count in counts)
    rest, left = budget, len(sizes)
    for size in sizes:
        if size * left > rest:
            return max(FEWEST_POINTS, rest // left)
        rest -= size
        left -= 1
    return at_most
