"""`trackboard watch`: clusters, runs and their curves, drawn in the terminal until Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli import formatting, terminal
from trackboard.cli.arguments import read_seconds
from trackboard.cli.completing import complete_experiments, complete_metrics
from trackboard.cli.curve import draw_curve
from trackboard.cli.table import Column, draw_table
from trackboard.cli.workspace_option import folder_option, opened
from trackboard.errors import TrackboardError

if TYPE_CHECKING:
    from trackboard.model import Series
    from trackboard.service import RunFacts, Service

_ROOM = 20  # runs, where there is no screen
_CURVE = 24  # characters
_POINTS = 96  # of a series, from which a curve is drawn
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"  # a screen of its own, no cursor
_HOME, _END_LINE, _END_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"
_COLUMNS = (
    Column("RUN", enough=16),
    Column("STATE", is_state=True),
    Column("TOOK", drop=1),
    Column("METRIC", enough=6, drop=3),
    Column("STEP", drop=2),
    Column("VALUE", drop=5),
    Column("CURVE", drop=4),
)


@click.command()
@click.option(
    "--experiment", metavar="NAME", shell_complete=complete_experiments, help="Of this experiment."
)
@click.option(
    "--metric", metavar="NAME", shell_complete=complete_metrics, help="Else each run's first."
)
@click.option("--every", default="2s", show_default=True, metavar="TIME", help="How often to look.")
@click.option("--once", is_flag=True, help="Draw it once, then end.")
@click.option(
    "--json", "as_json", is_flag=True, help="A line of JSON at each look, also in a pipe."
)
@folder_option
def watch(
    folder: Path | None,
    experiment: str | None,
    metric: str | None,
    every: str,
    *,
    once: bool,
    as_json: bool,
) -> None:
    """Watch clusters, runs and their curves in the terminal, until Ctrl-C.

    Runs that go on come first, then those that ended last. A pipe gets it once, with --json again and
    again.
    """
    pause_s = read_seconds(every) or 0
    with opened(folder) as service:
        if experiment is not None:
            service.runs.list_of_experiment(experiment)
        if as_json:
            _print_json(service, experiment, pause_s, once=once)
        elif once or not terminal.is_terminal():
            for line in _draw(service, experiment, metric, rows=None):
                click.echo(line)
        else:
            _draw_live(service, experiment, metric, pause_s)


def _draw_live(
    service: Service, experiment: str | None, metric: str | None, pause_s: float
) -> None:
    """Draw on a screen of its own until Ctrl-C."""
    click.echo(_ENTER, nl=False)
    try:
        while True:
            rows = shutil.get_terminal_size().lines
            lines = _draw(service, experiment, metric, rows=rows)
            text = f"{_END_LINE}\n".join(lines[: rows - 1])
            click.echo(f"{_HOME}{text}{_END_LINE}{_END_SCREEN}", nl=False)
            time.sleep(pause_s)
    finally:
        click.echo(_LEAVE, nl=False)


def _print_json(service: Service, experiment: str | None, pause_s: float, *, once: bool) -> None:
    """A line at each look: when that was, and the runs that a screen would show."""
    from trackboard.service import wire

    while True:
        facts = _describe_runs(_now(service), experiment, _ROOM)
        runs = [wire.run_facts(each) for each in facts]
        click.echo(json.dumps({"at": wire.moment(time.time()), "runs": runs}))
        if once:
            return
        time.sleep(pause_s)


def _now(service: Service) -> Service:
    """The workspace as it is, with what waited and can start started."""
    with contextlib.suppress(TrackboardError):  # who may only look starts nothing
        service.jobs.advance_queue()
    return service.now()


def _describe_runs(now: Service, experiment: str | None, room: int) -> Sequence[RunFacts]:
    """As many runs as there is room for, those that go on first."""
    from trackboard.ports import RunQuery

    newest = now.runs.query(RunQuery(experiment=experiment, top_level=True), limit=10 * room)
    return now.runs.describe(sorted(newest, key=lambda run: run.state.is_terminal)[:room])


def _draw(
    service: Service, experiment: str | None, metric: str | None, *, rows: int | None
) -> list[str]:
    """The lines of the screen; a run in each line, as many as have room."""
    now = _now(service)
    clusters = list(_describe_clusters(now))
    room = _ROOM if rows is None else max(1, rows - len(clusters) - 4)
    facts = _describe_runs(now, experiment, room)
    head = terminal.shorten_middle(f"{service.folder}", max(10, terminal.columns() - 10))
    lines = [f"{head}  {time.strftime('%H:%M:%S')}", *clusters, ""]
    if not facts:
        return [*lines, "no runs"]
    drawn, _ = draw_table(_COLUMNS, _rows(now, facts, metric))
    return [*lines, *drawn]


def _describe_clusters(service: Service) -> Iterator[str]:
    """A line for each cluster: its slots, and how many jobs wait."""
    for cluster in service.compute.list():
        try:
            nodes = service.compute.list_nodes(cluster)
        except TrackboardError as error:
            yield f"{cluster.name}: {formatting.clean(error.message)}"
            continue
        busy = sum(node.run is not None for node in nodes)
        waiting = sum(bool(each.number) for each in service.jobs.list_queue(cluster.name))
        slots = "■" * busy + "□" * (len(nodes) - busy)
        yield f"{cluster.name}  {slots}  {busy} of {len(nodes)} busy, {waiting} waiting"


def _rows(service: Service, found: Sequence[RunFacts], metric: str | None) -> list[list[str]]:
    """The cells of the table: each run with one of its metrics."""
    chosen = [_choose(facts, metric) for facts in found]
    points = service.metrics.read([each.id for each in chosen if each is not None], limit=_POINTS)
    rows = []
    for facts, series in zip(found, chosen, strict=True):
        run = facts.run
        cells = [
            formatting.clean(facts.name),
            facts.word,
            formatting.duration(formatting.took_s(run)),
        ]
        if series is None:
            rows.append([*cells, "", "", "", ""])
            continue
        values = points[series.id].values if series.id in points else ()
        rows.append(
            [
                *cells,
                formatting.clean(series.name),
                f"{series.last_step}",
                formatting.value(series.last_value),
                draw_curve([float(value) for value in values], _CURVE),
            ]
        )
    return rows


def _choose(facts: RunFacts, metric: str | None) -> Series | None:
    """The metric of that name, else the first that holds numbers."""
    from trackboard.model import ValueKind

    named = facts.metrics.values() if metric is None else [facts.metrics.get(metric)]
    return next(
        (
            each
            for each in named
            if each is not None and each.count and each.kind is not ValueKind.TEXT
        ),
        None,
    )
