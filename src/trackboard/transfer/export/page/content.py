"""What stands in a report of runs, as text; whoever gathers it bounds how much there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from trackboard.errors import UsageError
from trackboard.transfer.export.page.chart import Chart, Mark

_MOST_RUNS = 1_000


class Pair(NamedTuple):
    """A name and what it stands for."""

    name: str
    value: str


class Cell(NamedTuple):
    """A cell of a table, and what stands below it in small letters."""

    text: str
    below: str = ""


class Column(NamedTuple):
    """A column of the table of runs: a cell for each of them.

    Attributes:
        kind: `parameter`, `tag` or `metric`.
        name: Its name.
        cells: A cell for each run.
    """

    kind: str
    name: str
    cells: Sequence[Cell]


class Picture(NamedTuple):
    """An image that a run logged.

    Attributes:
        name: The metric's name.
        step: Its step.
        address: The image itself, as a `data:` address; empty: it is too large.
        why_not: Why the image itself is left out.
    """

    name: str
    step: int
    address: str
    why_not: str = ""


class CodeChange(NamedTuple):
    """How a file of one run's code differs from another's."""

    path: str
    kind: str
    diff: str


@dataclass(frozen=True)
class ReportedRun:
    """A run in a report.

    Attributes:
        name: What it is called everywhere.
        mark: How its curves are drawn.
        state: Its state.
        started: When it was started, in words.
        took: How long it took, in words.
        description: What people say it is about.
        cause: Why it failed.
        facts: What is known of its code, its machine and its job.
        warnings: What could not be stored.
        texts: Metrics that are text, with their last values.
        pictures: Images.
        files: Paths, and sizes in words.
        left_out: What of it the report leaves out, in words.
    """

    name: str
    mark: Mark
    state: str
    started: str
    took: str
    description: str
    cause: str
    facts: Sequence[Pair]
    warnings: Sequence[str]
    texts: Sequence[Pair]
    pictures: Sequence[Picture]
    files: Sequence[Pair]
    left_out: Sequence[str]


@dataclass(frozen=True)
class Report:
    """A report of runs.

    Attributes:
        title: What the report is called.
        made: Of which history it is, and when it was made.
        runs: The runs.
        columns: What the table of runs says of each.
        differences: What of code and packages differs: a name, and a cell for each run.
        changes: How the code differs, where there are two runs.
        charts: The curves of each metric.
        left_out: What the report leaves out, in words.
    """

    title: str
    made: str
    runs: Sequence[ReportedRun]
    columns: Sequence[Column]
    differences: Sequence[Column]
    changes: Sequence[CodeChange]
    charts: Sequence[Chart]
    left_out: Sequence[str]


def check_report(runs: Sequence[object]) -> None:
    """Raise UsageError where there are too many runs for one page."""
    if len(runs) > _MOST_RUNS:
        raise UsageError(
            f"a report holds at most {_MOST_RUNS:,} runs, and these are {len(runs):,}",
            hint="Choose fewer with --where, or export Parquet.",
        )
