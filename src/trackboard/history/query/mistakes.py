"""Errors that quote a condition and point at a place in it."""

from __future__ import annotations

from trackboard.errors import NotFound, UsageError
from trackboard.ports import Origin

_BEFORE, _WIDTH = 40, 72  # characters of a long text that are shown


def mistake(origin: Origin, what: str, hint: str) -> UsageError:
    """The error for what cannot be meant.

    Args:
        origin: The place.
        what: What is wrong there.
        hint: What would be right.
    """
    return UsageError(f"{what}\n{pointed(origin)}", hint=hint)


def unknown(origin: Origin | None, what: str, hint: str) -> NotFound:
    """The error for a name that nothing has; pointed at where more than the name was written."""
    is_all = origin is None or origin.text.strip().removeprefix("-") == _at(origin)
    return NotFound(what if origin is None or is_all else f"{what}\n{pointed(origin)}", hint=hint)


def _at(origin: Origin) -> str:
    return origin.text[origin.start : origin.end]


def pointed(origin: Origin) -> str:
    """Two lines: the text, of a long one what is around the place, and marks below the place.

    >>> print(pointed(Origin("loss << 3", 5, 7)))
        loss << 3
             ^^
    """
    text = "".join(char if char.isprintable() else " " for char in origin.text)
    first = max(0, origin.start - _BEFORE) if len(text) > _WIDTH else 0
    shown = text[first : first + _WIDTH]
    left = "…" if first else ""
    right = "…" if first + _WIDTH < len(text) else ""
    start = origin.start - first + len(left)
    width = max(1, min(origin.end, first + _WIDTH) - origin.start)
    return f"    {left}{shown}{right}\n    {' ' * start}{'^' * width}"
