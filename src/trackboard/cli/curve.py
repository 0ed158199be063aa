"""A curve as small as a word, in characters of different heights."""

from __future__ import annotations

import math
from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"
_GAP = " "  # for what is no number


def draw_curve(values: Sequence[float], width: int) -> str:
    """Draw a curve; of many values the last of each part is shown.

    Args:
        values: What was logged, in order.
        width: How many characters at most.
    """
    count = min(width, len(values))
    shown = [values[(number + 1) * len(values) // count - 1] for number in range(count)]
    finite = [value for value in shown if math.isfinite(value)]
    if not finite:
        return _GAP * count
    least, most = min(finite) / 2, max(finite) / 2  # halves: no difference overflows
    return "".join(_bar(value, least, most) for value in shown)


def _bar(value: float, least: float, most: float) -> str:
    if not math.isfinite(value):
        return _GAP
    if most == least:
        return _BARS[len(_BARS) // 2]
    share = (value / 2 - least) / (most - least)
    return _BARS[min(len(_BARS) - 1, int(share * len(_BARS)))]
