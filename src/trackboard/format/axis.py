"""An axis of a chart: where a value is drawn, and the round numbers that stand beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """An axis maps finite values onto a length of a picture.

    Attributes:
        least: The least value.
        most: The greatest value.
        first: Where the least is drawn.
        last: Where the greatest is drawn.
    """

    least: float
    most: float
    first: float
    last: float

    def at(self, value: float) -> float:
        """Where a value is drawn: in the middle where all values are equal."""
        span = self.most / 2 - self.least / 2  # halves: no difference overflows
        share = (value / 2 - self.least / 2) / span if span else 0.5
        return self.first + share * (self.last - self.first)

    def list_ticks(self, count: int, *, is_whole: bool = False) -> list[float]:
        """List round numbers on the axis.

        Args:
            count: About how many; a few more or less.
            is_whole: Whether they have to be whole numbers.
        """
        rough = (self.most / 2 - self.least / 2) / count * 2
        if not rough or not math.isfinite(rough):
            return [*dict.fromkeys((self.least, self.most))]
        power = 10.0 ** math.floor(math.log10(rough))
        if not power:
            return [self.least, self.most]
        width = next((power * each for each in (1, 2, 5) if power * each >= rough), power * 10)
        width = max(1.0, width) if is_whole else width
        first = math.ceil(self.least / width)
        found = [(first + number) * width for number in range(count * 3)]
        return [each for each in found if self.least <= each <= self.most] or [
            self.least,
            self.most,
        ]
