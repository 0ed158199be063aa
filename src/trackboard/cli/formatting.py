"""Facts in words for a terminal: times, numbers, tables. `service.wire` has them in JSON."""

from __future__ import annotations

from collections.abc import Sequence

from trackboard.cli.terminal import text_width
from trackboard.format.amounts import count as count
from trackboard.format.amounts import size as size
from trackboard.format.times import duration as duration
from trackboard.format.times import moment as moment
from trackboard.format.times import took_s as took_s


def clean(text: str) -> str:
    """Text from outside, without what a terminal would obey."""
    if text.isprintable():  # nearly all
        return text
    return "".join(c if c.isprintable() or c == " " else "\N{REPLACEMENT CHARACTER}" for c in text)


def value(number: object) -> str:
    """A metric's or a parameter's value, short enough for a column."""
    if isinstance(number, float):
        return f"{number:.6g}"
    return "" if number is None else clean(str(number))


def aligned(rows: Sequence[Sequence[str]], head: Sequence[str] | None = None) -> list[str]:
    """Lines with aligned columns; a column of numbers is aligned to the right."""
    return ["  ".join(cells).rstrip() for cells in padded(rows, head)]


def padded(rows: Sequence[Sequence[str]], head: Sequence[str] | None = None) -> list[list[str]]:
    """The head's and the rows' cells, those of a column equally wide; numbers are aligned to the right."""
    right = [any(column) and all(map(_is_number, column)) for column in zip(*rows, strict=True)]
    lines = [*([head] if head else []), *rows]
    widths = [max(map(text_width, column)) for column in zip(*lines, strict=True)]
    return [list(map(_padded, line, widths, right or [False] * len(widths))) for line in lines]


def _padded(cell: str, width: int, is_right: bool) -> str:  # noqa: FBT001 - a column's
    spaces = " " * (width - text_width(cell))
    return spaces + cell if is_right else cell + spaces


def _is_number(cell: str) -> bool:
    try:
        float(cell or "0")
    except ValueError:
        return False
    return True
