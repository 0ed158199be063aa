"""Facts in words for a terminal: times, numbers, tables. `service.wire` has them in JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    titles = [] if head is None else [head]
    columns = zip(*titles, *rows, strict=True)
    return joined(padded(column, titles=len(titles)) for column in columns)


def padded(column: Sequence[str], *, titles: int = 1) -> list[str]:
    """The cells of a column, equally wide; numbers below the titles are aligned to the right."""
    below = column[titles:]
    is_right = any(below) and all(map(_is_number, below))
    widths = [*map(text_width, column)]
    width = max(widths)
    spaces = [" " * (width - each) for each in widths]
    pairs = zip(spaces, column, strict=True) if is_right else zip(column, spaces, strict=True)
    return [*map("".join, pairs)]


def joined(columns: Iterable[Sequence[str]]) -> list[str]:
    """Lines of columns that lie beside each other."""
    return ["  ".join(cells).rstrip() for cells in zip(*columns, strict=True)]


def _is_number(cell: str) -> bool:
    try:
        float(cell or "0")
    except ValueError:
        return False
    return True
