"""Runs in a notebook: one with its curves, its children and its log; many as a table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from trackboard.api.notebook.elements import (
    Cell,
    block,
    code,
    faint,
    heading,
    log,
    name,
    pairs,
    table,
    text,
)
from trackboard.api.notebook.page_context import PageContext
from trackboard.api.notebook.see_it import see_run
from trackboard.api.notebook.sparkline import sparkline
from trackboard.format.times import duration, moment, took_s
from trackboard.model import Run, RunId, Series, ValueKind

_POINTS = 120  # of a curve
_METRICS = 20
_COLUMNS = 6  # of parameters and of metrics in a table of runs
_PARAMETERS = 12
_CHILDREN = 50
_RUNS = 50
_TEXT = 200  # characters of a value
_CAUSE_LINES = 20


def run_html(
    page: PageContext, run: Run, *, kind: str = "", console: str = "", children: Sequence[Run] = ()
) -> str:
    """One run.

    Args:
        page: What pages of its workspace are made from.
        run: The run.
        kind: What kind of run it is, in the words of the asker.
        console: The end of what it printed.
        children: The runs below it.
    """
    called = page.service.runs.name([run, *children])
    said = [name(called[run.id]), page.state(run), *_times(run)]
    parts = [heading(*said), pairs(_facts(page, run, called[run.id], kind))]
    metrics = page.service.metrics.list(runs=[run.id])
    if metrics:
        parts.append(_metrics(page, metrics))
    if children:
        parts.append(_table(page, children, called, _CHILDREN))
    if run.cause and not console:
        parts.append(log("\n".join(run.cause.splitlines()[-_CAUSE_LINES:])))
    elif console:
        if run.cause:
            parts.append(Markup("<div>{}</div>").format(run.cause.partition("\n")[0]))
        parts.append(log(console))
    return str(block(*parts))


def runs_html(page: PageContext, runs: Sequence[Run], *, more: bool = False) -> str:
    """Many runs, the first of them a line each.

    Args:
        page: What pages of their workspace are made from.
        runs: The runs.
        more: There are others.
    """
    if not runs:
        return str(block(faint("no runs")))
    shown = runs[:_RUNS]
    left = f"the first {len(shown)}" if more else f"{len(shown)} of {len(runs):,}"
    parts = [_table(page, shown, page.service.runs.name(shown), _RUNS)]
    if more or len(runs) > len(shown):
        parts.append(faint(left))
    return str(block(*parts))


def _times(run: Run) -> list[Cell]:
    took = duration(took_s(run))
    ran = "running for" if run.ended_s is None else "took"
    return [*([faint(f"{ran} {took}")] if took else []), faint(moment(run.started_s))]


def _facts(page: PageContext, run: Run, called: str, kind: str) -> Iterable[tuple[str, Cell]]:
    parameters = page.service.runs.list_parameters([run.id]).get(run.id, {})
    tags = page.service.runs.get_tags(run.id)
    yield "id", code(run.id)
    yield "type", kind
    yield "description", run.description
    yield "parameters", _listed(parameters, "=")
    yield "tags", _listed({key: "" if tag is None else tag for key, tag in tags.items()}, "=")
    yield "warnings", " ".join(run.warnings)
    yield "see it", see_run(page.service, run, called)


def _listed(values: Mapping[str, object], sign: str) -> Markup:
    shown = [
        Markup("<span>{}</span>").format(f"{key}{sign}{value}" if (value := _value(each)) else key)
        for key, each in list(values.items())[:_PARAMETERS]
    ]
    if len(values) > _PARAMETERS:
        shown.append(faint(f"and {len(values) - _PARAMETERS} more"))
    return Markup(", ").join(shown)


def _metrics(page: PageContext, series: Sequence[Series]) -> Markup:
    shown = series[:_METRICS]
    points = page.service.metrics.read(
        [each.id for each in shown if each.kind is not ValueKind.TEXT], limit=_POINTS
    )
    rows = []
    for each in shown:
        curve = Markup("")
        if each.id in points and each.count > 1:
            columns = points[each.id]
            curve = sparkline(columns.steps.tolist(), columns.values.astype(float).tolist())
        has_range = each.count > 1 and not math.isnan(each.min_value)
        least, most = (each.min_value, each.max_value) if has_range else (None, None)
        last: Cell = _value(each.last_value)
        if each.kind is ValueKind.TEXT:
            last = text(last)
        rows.append([each.name, curve, last, _value(least), _value(most), f"{each.count:,}"])
    head = ["metric", "", "last", "least", "greatest", "points"]
    found = table(head, rows, numbers=head[2:])
    left = len(series) - len(shown)
    return found + faint(f"and {left:,} metrics more") if left > 0 else found


def _table(
    page: PageContext, runs: Sequence[Run], called: Mapping[RunId, str], most: int
) -> Markup:
    shown = runs[:most]
    series: dict[tuple[RunId, str], Any] = {}
    for each in page.service.metrics.list(runs=[run.id for run in shown], text=False):
        series[each.run, each.name] = each.last_value
    metrics = list(dict.fromkeys(metric for _, metric in series))[:_COLUMNS]
    said = page.service.runs.list_parameters([run.id for run in shown])
    parameters = list(dict.fromkeys(name for each in said.values() for name in each))[:_COLUMNS]
    rows = [
        [
            called[run.id],
            page.state(run),
            moment(run.started_s),
            duration(took_s(run)),
            *(_value(said.get(run.id, {}).get(name)) for name in parameters),
            *(_value(series.get((run.id, metric))) for metric in metrics),
        ]
        for run in shown
    ]
    head = ["run", "state", "started", "took", *parameters, *metrics]
    return table(head, rows, numbers=["took", *metrics])


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    said = "" if value is None else str(value)
    return said if len(said) <= _TEXT else f"{said[:_TEXT]}…"
