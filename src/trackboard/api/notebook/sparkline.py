"""A curve as small as a word, as inline SVG."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from markupsafe import Markup

_WIDTH, _HEIGHT, _EDGE = 120, 22, 2
_COLOUR = "#1e88e5"  # on white and on black


def sparkline(steps: Sequence[float], values: Sequence[float]) -> Markup:
    """Draw a curve; what is no number is a gap in it.

    Args:
        steps: Where each value stands, from left to right; where they go back, values stand
            at equal distances.
        values: As many.
    """
    locations = list(steps)
    if any(a > b for a, b in itertools.pairwise(locations)):
        locations = [float(number) for number in range(len(locations))]
    points = [point for point in zip(locations, values, strict=True) if math.isfinite(point[1])]
    if not points:
        return Markup("")
    x_of = _scale([x for x, _ in points], _EDGE, _WIDTH - _EDGE)
    y_of = _scale([y for _, y in points], _HEIGHT - _EDGE, _EDGE)
    lines: list[list[str]] = [[]]
    for location, value in zip(locations, values, strict=True):
        if math.isfinite(value):
            lines[-1].append(f"{x_of(location):.1f},{y_of(value):.1f}")
        elif lines[-1]:
            lines.append([])
    drawn = Markup("").join(_drawn(line) for line in lines if line)
    return Markup(
        '<svg width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" aria-label="curve"'
        ' style="vertical-align:middle" fill="none" stroke="{c}" stroke-width="1.5">{}</svg>'
    ).format(drawn, w=_WIDTH, h=_HEIGHT, c=_COLOUR)


def _drawn(line: list[str]) -> Markup:
    if len(line) == 1:
        x, y = line[0].split(",")
        return Markup('<circle cx="{}" cy="{}" r="1.5" fill="{}"/>').format(x, y, _COLOUR)
    return Markup('<polyline points="{}" stroke-linejoin="round"/>').format(" ".join(line))


class _scale:  # noqa: N801 - called like a function
    """Maps what there is onto so many pixels, in the middle where all are equal."""

    def __init__(self, found: Sequence[float], first: float, last: float) -> None:
        self._least, self._most = min(found) / 2, max(found) / 2  # halves: no difference overflows
        self._first, self._last = first, last

    def __call__(self, value: float) -> float:
        span = self._most - self._least
        share = (value / 2 - self._least) / span if span else 0.5
        return self._first + share * (self._last - self._first)
