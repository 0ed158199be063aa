"""Elements of HTML in the looks that they share: tables, badges, code, logs, links."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from trackboard.model import RunState

_LINE = "1px solid rgba(128,128,128,.35)"  # seen on white and on black
_FAINT = "opacity:.65"
_CELL = (
    "text-align:left;vertical-align:top;padding:3px 14px 3px 0;max-width:40em;"
    f"overflow-wrap:anywhere;border:0;border-bottom:{_LINE};background:transparent"
)
_NUMBER = (
    _CELL.replace("text-align:left", "text-align:right") + ";font-variant-numeric:tabular-nums"
)
_MONOSPACED = "font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace"
_COLOURS = {
    RunState.COMPLETED: "#2e7d32",
    RunState.FAILED: "#c62828",
    RunState.CANCELED: "#616161",
    RunState.RUNNING: "#1565c0",
    RunState.FINALIZING: "#1565c0",
}
_WAITING = "#8a5a00"  # for a slot, for its environment, or for a sign of life

Cell = str | Markup


def block(*parts: Markup) -> Markup:
    """Parts below each other."""
    return Markup('<div style="text-align:left;line-height:1.5">{}</div>').format(
        Markup("").join(parts)
    )


def heading(*parts: Cell) -> Markup:
    """The first line: what it is, and how it is."""
    return Markup('<div style="margin:2px 0 4px">{}</div>').format(Markup(" &ensp;").join(parts))


def name(said: str) -> Markup:
    """What something is called."""
    return Markup('<b style="overflow-wrap:anywhere">{}</b>').format(said)


def text(said: str) -> Markup:
    """Words in a column of numbers."""
    return Markup('<div style="text-align:left">{}</div>').format(said)


def faint(said: Cell) -> Markup:
    """What is beside the point."""
    return Markup('<span style="{}">{}</span>').format(_FAINT, said)


def badge(said: str, state: RunState | None) -> Markup:
    """A state in its colour; None: nobody knows."""
    colour = _WAITING if state is None else _COLOURS.get(state, _WAITING)
    return Markup(
        '<span style="background:{};color:#fff;border-radius:3px;padding:1px 7px;'
        'white-space:nowrap">{}</span>'
    ).format(colour, said)


def code(said: str) -> Markup:
    """What to type; it wraps as a whole where it can."""
    return Markup(
        '<code style="{};text-align:left;white-space:pre-wrap;overflow-wrap:anywhere">{}</code>'
    ).format(_MONOSPACED, said)


def log(said: str) -> Markup:
    """Lines of a log or a traceback, each character below the one that it points at."""
    return Markup(
        '<pre style="{};text-align:left;white-space:pre;overflow-x:auto;max-height:30em;margin:6px 0;'
        'padding:6px 10px;border-left:3px solid rgba(128,128,128,.5);font-size:90%">{}</pre>'
    ).format(_MONOSPACED, said)


def link(address: str, said: str) -> Markup:
    """A link that opens beside the notebook."""
    return Markup('<a href="{}" target="_blank" rel="noopener">{}</a>').format(address, said)


def table(
    head: Sequence[str], rows: Iterable[Sequence[Cell]], *, numbers: Sequence[str] = ()
) -> Markup:
    """A table, left-aligned but for the columns of numbers.

    Args:
        head: The columns' names.
        rows: Their cells.
        numbers: Names of the columns that are aligned to the right.
    """
    styles = [_NUMBER if column in numbers else _CELL for column in head]
    heads = _row("th", zip(styles, head, strict=True))
    lines = Markup("").join(_row("td", zip(styles, row, strict=True)) for row in rows)
    return _table(heads + lines)


def pairs(rows: Iterable[tuple[str, Cell]]) -> Markup:
    """Names and what they are, a line each; lines without anything are left out."""
    styles = (f"{_CELL};{_FAINT};white-space:nowrap", _CELL)
    lines = (_row("td", zip(styles, row, strict=True)) for row in rows if row[1])
    return _table(Markup("").join(lines))


def _table(lines: Markup) -> Markup:
    # without a margin of its own, a notebook's rules put it into the middle
    return Markup(
        '<table style="margin:4px 0;border-collapse:collapse;border:0;font-size:inherit">{}</table>'
    ).format(lines)


def _row(element: str, cells: Iterable[tuple[str, Cell]]) -> Markup:
    inner = Markup("").join(
        Markup('<{} style="{}">{}</{}>').format(element, style, cell, element)
        for style, cell in cells
    )
    return Markup('<tr style="background:transparent">{}</tr>').format(inner)
