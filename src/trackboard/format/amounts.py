"""Sizes and counts in words."""

from __future__ import annotations

_UNIT = 1000


def size(size_bytes: float) -> str:
    """A size for people.

    >>> size(3_400_000)
    '3.4 MB'
    """
    number, unit = float(size_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if number < _UNIT:
            break
        number, unit = number / _UNIT, larger
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"


def count(number: int, noun: str) -> str:
    """A number of things.

    >>> count(1, "file"), count(2_000, "file")
    ('1 file', '2,000 files')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
