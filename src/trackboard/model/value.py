"""What can be logged as a number or as text, and as what it is stored."""

from __future__ import annotations

import enum
from typing import Union

Value = Union[bool, int, float, str]


class ValueKind(enum.IntEnum):
    """How a series' values are stored. Numbers widen in this order; text is a series of its own."""

    BOOL = 1
    INT = 2  # signed 64 bits, exact
    FLOAT = 3  # float64; NaN and infinities survive
    TEXT = 4
