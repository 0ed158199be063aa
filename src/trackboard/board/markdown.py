"""Text that means nothing to markdown, and tables, for TensorBoard's Text dashboard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_CELL_CHARACTERS = 500
_MEANINGFUL = re.compile(r"[!-/:-@\[-`{-~]")  # to markdown or HTML: the ASCII punctuation
_BLANK = re.compile(r"\s+")


def escape(text: str) -> str:
    """Text that is shown as it is, in one line."""
    return _MEANINGFUL.sub(lambda found: f"&#{ord(found[0])};", _BLANK.sub(" ", text).strip())


def cell(value: object) -> str:
    """A value as a table shows it: text up to 500 characters, numbers in full."""
    if not isinstance(value, str):
        return str(value)
    if len(value) > _CELL_CHARACTERS:
        value = f"{value[:_CELL_CHARACTERS]}…"
    return escape(value)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells, which have been through `cell` already."""
    lines = [_line(head), _line(["---"] * len(head)), *map(_line, rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def code(lines: Iterable[str]) -> str:
    """Lines shown as they are, one below the other; blank ones at both ends are left out."""
    return "\n".join(f"    {line}" for line in "\n".join(lines).strip("\n").split("\n"))
