"""Tables: for a person as wide as the terminal, for a program whole, as aligned text or as CSV."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import click

from trackboard.cli import terminal
from trackboard.cli.formatting import clean, joined, padded

_GAP = 2
_LEAST = 4  # columns of a name that is shortened


class Column(NamedTuple):
    """A column of a table, and what becomes of it where the terminal is narrow.

    Attributes:
        title: What stands above it.
        enough: From how many characters on it may be shortened in the middle; 0: never.
        drop: Columns are left out in the order of these numbers; 0: this one stays.
        is_state: The states of runs, in colour.
    """

    title: str
    enough: int = 0
    drop: int = 0
    is_state: bool = False


def print_table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    is_whole: bool = False,
    below: Sequence[Sequence[str]] = (),
) -> None:
    """Print rows under their titles; what has no room on a terminal is shortened or left out, and said.

    Args:
        columns: The columns.
        rows: The cells, without control characters.
        is_whole: Shorten nothing on a terminal either.
        below: Lines below each row; none: nothing is below any.
    """
    lines, left_out = draw_table(columns, rows, is_whole=is_whole)
    head, *rest = lines
    said = [head]
    for line, more in zip(rest, below or [()] * len(rest), strict=True):
        said.append(line)
        said.extend(f"    {clean(each)}" for each in more)
    click.echo("\n".join(said))  # at once: each echo is a write of its own
    if left_out:
        click.echo(f"no room for {', '.join(left_out)}: --wide shows all", err=True)


def draw_table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], *, is_whole: bool = False
) -> tuple[list[str], list[str]]:
    """Draw rows under their titles.

    Args:
        columns: As for `print_table`.
        rows: As for `print_table`.
        is_whole: As for `print_table`.

    Returns:
        The lines, the titles' first; and the titles of columns that have no room.
    """
    kept = list(range(len(columns)))
    texts: list[Sequence[str]] = [*zip([each.title for each in columns], *rows, strict=True)]
    if terminal.is_terminal() and not is_whole:
        widths = [max(map(terminal.text_width, cells)) for cells in texts]
        kept = _fit(columns, widths, terminal.columns())
        for number in kept:
            if columns[number].enough:
                width = widths[number]
                texts[number] = [terminal.shorten_middle(cell, width) for cell in texts[number]]
    lines = joined(_draw_column(columns[number], texts[number]) for number in kept)
    return lines, [each.title for number, each in enumerate(columns) if number not in kept]


def _draw_column(column: Column, cells: Sequence[str]) -> Sequence[str]:
    """The cells of a column, its title's first, equally wide and in their colours."""
    drawn = padded(cells)
    if column.is_state and terminal.has_colours():
        return [*map(terminal.in_colour, cells, drawn)]
    return drawn


def _fit(columns: Sequence[Column], widths: list[int], room: int) -> list[int]:
    """Which columns have room on a line; those that may be shortened get the width that is left.

    Args:
        columns: All columns.
        widths: How wide each is; changed.
        room: How long a line may be.
    """
    kept = list(range(len(columns)))

    def excess(least: Sequence[int]) -> int:
        return sum(least[number] + _GAP for number in kept) - _GAP - room

    enough = [min(width, each.enough or width) for width, each in zip(widths, columns, strict=True)]
    while excess(enough) > 0:
        drops = [number for number in kept if columns[number].drop]
        if not drops:
            break
        kept.remove(min(drops, key=lambda number: (columns[number].drop, -number)))
    shrinkable = [number for number in kept if columns[number].enough]
    for _ in range(excess(widths)):  # the widest gives first
        widest = max(shrinkable, key=lambda number: widths[number], default=-1)
        if widest < 0 or widths[widest] <= _LEAST:
            break
        widths[widest] -= 1
    return kept


def print_csv(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as CSV."""
    import io  # few tables are for programs

    from trackboard.format.csv_rows import write_rows

    text = io.StringIO()
    write_rows(text, itertools.chain([titles], rows))
    click.echo(text.getvalue(), nl=False)
