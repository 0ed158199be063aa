"""The terminal that is written to: how wide it is, whether it has colours, and text made to fit."""

from __future__ import annotations

import os
import sys
import unicodedata

import click

_MORE = "…"
_USUAL = 80  # columns of a terminal that does not say how many it has
_STYLES = {
    "completed": "green",
    "failed": "red",
    "lost": "red",
    "canceled": "yellow",
    "cancel_requested": "yellow",
    "running": "cyan",
    "finalizing": "cyan",
}  # what waits has none


def is_terminal() -> bool:
    """Whether a person reads what is written to standard output, rather than a program or a file."""
    return sys.stdout is not None and sys.stdout.isatty()


def has_colours() -> bool:
    """Whether what is written to standard output may be coloured; `NO_COLOR` says no."""
    return is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def columns() -> int:
    """How many characters a line of the terminal has; `COLUMNS` says so, else the terminal itself."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or _USUAL
    except OSError:
        return _USUAL


def text_width(text: str) -> int:
    """Count the columns that a terminal needs for a text."""
    if text.isascii():  # nearly all, and a table asks for each cell several times
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def shorten_middle(text: str, width: int) -> str:
    """Shorten a text to a number of columns: its begin and its end, which tell names apart, stay."""
    if text_width(text) <= width:
        return text
    if width <= 1:
        return _MORE[:width]
    head = _cut(text, width // 2)
    tail = _cut(text[::-1], width - 1 - text_width(head))[::-1]
    return f"{head}{_MORE}{tail}"


def _cut(text: str, width: int) -> str:
    """As much of a text's begin as has room."""
    used = 0
    for number, character in enumerate(text):
        used += text_width(character)
        if used > width:
            return text[:number]
    return text


def in_colour(state: str, padded: str) -> str:
    """Colour a word of the state of a run, where there are colours."""
    colour = _STYLES.get(state)
    return click.style(padded, fg=colour) if colour and has_colours() else padded
