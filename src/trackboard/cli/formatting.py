"""Facts in words for a terminal: times, numbers, tables. `service.wire` has them in JSON."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from trackboard.format.amounts import count as count
from trackboard.format.amounts import size as size
from trackboard.format.times import duration as duration
from trackboard.format.times import moment as moment
from trackboard.format.times import took_s as took_s


def clean(text: str) -> str:
    """Text from outside, without what a terminal would obey."""
    return "".join(c if c.isprintable() or c == " " else "\N{REPLACEMENT CHARACTER}" for c in text)


def value(number: object) -> str:
    """A metric's or a parameter's value, short enough for a column."""
    if isinstance(number, float):
        return f"{number:.6g}"
    return "" if number is None else clean(str(number))


def aligned(rows: Sequence[Sequence[str]], head: Sequence[str] | None = None) -> list[str]:
    """Lines with aligned columns; a column of numbers is aligned to the right."""
    right = [any(column) and all(map(_is_number, column)) for column in zip(*rows, strict=True)]
    lines = [*([head] if head else []), *rows]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(map(_padded, line, widths, right or [False] * len(widths))).rstrip()
        for line in lines
    ]


def _padded(cell: str, width: int, is_right: bool) -> str:  # noqa: FBT001 - a column's
    spaces = " " * (width - _width(cell))
    return spaces + cell if is_right else cell + spaces


def _is_number(cell: str) -> bool:
    try:
        float(cell or "0")
    except ValueError:
        return False
    return True


def _width(text: str) -> int:
    """Columns that a terminal needs for it."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)
