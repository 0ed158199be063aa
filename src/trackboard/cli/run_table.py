"""The table of runs, for people and as CSV for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from trackboard.cli import formatting, terminal
from trackboard.cli.table import Column, print_csv, print_table

if TYPE_CHECKING:
    from trackboard.model import RunId
    from trackboard.service import RunFacts, Service

_ENOUGH = 24  # characters of a run's name
_FIRST_TO_GO, _SECOND, _THIRD, _LAST = range(1, 5)

Columns = Mapping[str, Sequence[object]]  # values of each run by the column's title


def print_runs(
    service: Service, found: Sequence[RunFacts], columns: Columns, *, is_whole: bool
) -> None:
    """Print runs as a table; on a terminal with short ids.

    Args:
        service: The workspace.
        found: The runs.
        columns: What else is shown.
        is_whole: Whole names and ids on a terminal, too.
    """
    if not found:
        click.echo("no runs")
        return
    ids = [each.run.id for each in found]
    is_short = terminal.is_terminal() and not is_whole
    shown: Mapping[RunId, str] = (
        service.runs.shorten(ids) if is_short else dict(zip(ids, ids, strict=True))
    )
    others = [[formatting.value(each) for each in column] for column in columns.values()]
    rows = [
        [
            formatting.clean(facts.name),
            facts.word,
            formatting.moment(facts.run.started_s),
            formatting.duration(formatting.took_s(facts.run)),
            *(column[number] for column in others),
            shown[facts.run.id],
        ]
        for number, facts in enumerate(found)
    ]
    head = [
        Column("RUN", enough=_ENOUGH),
        Column("STATE", is_state=True),
        Column("STARTED", drop=_SECOND),
        Column("TOOK", drop=_FIRST_TO_GO),
        *(Column(formatting.clean(title), drop=_LAST) for title in columns),
        Column("ID", drop=_THIRD),
    ]
    print_table(head, rows, is_whole=is_whole)


def print_runs_as_csv(found: Sequence[RunFacts], columns: Columns) -> None:
    """Print runs for programs: times as ISO 8601, numbers in full."""
    from trackboard.service import wire  # few tables are for programs

    others = [list(map(wire.number, column)) for column in columns.values()]
    rows = (
        [
            facts.name,
            facts.word,
            wire.moment(facts.run.started_s),
            formatting.took_s(facts.run),
            *(column[number] for column in others),
            facts.run.id,
        ]
        for number, facts in enumerate(found)
    )
    print_csv(["run", "state", "started", "duration_s", *columns, "id"], rows)
