"""Text that means nothing to markdown, and tables, for TensorBoard's Text dashboard."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

CELL_CHARACTERS = 500
_MEANINGFUL = re.compile(r"[!-/:-@\[-`{-~]")  # to markdown or HTML: the ASCII punctuation
_BLANK = re.compile(r"\s+")
# What the sanitizer of TensorBoard takes time for that grows with the square of it.
_COSTLY = re.compile(r"[<>&]")
_MOST_COSTLY = 500


def escape(text: str) -> str:
    """Text that is shown as it is, in one line."""
    return _MEANINGFUL.sub(lambda found: f"&#{ord(found[0])};", _BLANK.sub(" ", text).strip())


def cell(value: object, characters: int = CELL_CHARACTERS) -> str:
    """A value as a table shows it: text up to so many characters, numbers in full."""
    if not isinstance(value, str):
        return str(value)
    if len(value) > characters:
        value = f"{value[:characters]}…"
    return escape(value)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells, which have been through `cell` already."""
    lines = [_line(head), _line(["---"] * len(head)), *map(_line, rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def beginning(text: str, characters: int) -> str:
    """As much of a text as TensorBoard shows at once: so many characters, few of them costly."""
    text = text[:characters]
    costly = next(itertools.islice(_COSTLY.finditer(text), _MOST_COSTLY, None), None)
    return text if costly is None else text[: costly.start()]


def last_lines(lines: Sequence[str]) -> list[str]:
    """As many of the last lines as TensorBoard shows at once: few costly characters in them."""
    kept: list[str] = []
    room = _MOST_COSTLY
    for line in reversed(lines):
        room -= len(_COSTLY.findall(line))
        if room < 0 and kept:
            break
        kept.append(line)
    return kept[::-1]


def code(lines: Iterable[str]) -> str:
    """Lines shown as they are, one below the other; blank ones at both ends are left out."""
    return "\n".join(f"    {line}" for line in "\n".join(lines).strip("\n").split("\n"))
