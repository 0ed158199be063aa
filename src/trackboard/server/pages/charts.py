"""Curves drawn as SVG on the server: every peak of every point is in them, and they say of how many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from trackboard.format.amounts import count
from trackboard.format.axis import Axis
from trackboard.server.run_colors import color_class

if TYPE_CHECKING:
    from trackboard.history.buckets import Buckets
    from trackboard.model import Run
    from trackboard.service import RunFacts, Service

BUCKETS = 300  # of each curve: more than a chart has room for on most screens
_WIDTH, _HEIGHT = 420, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 8, 8, 20
_TICKS = 4


@dataclass(frozen=True)
class Curve:
    """A series of one run.

    Attributes:
        label: What it is called.
        run: Whose it is, and has the colour of.
        buckets: Its points.
    """

    label: str
    run: Run
    buckets: Buckets


@dataclass(frozen=True)
class Chart:
    """A chart of one metric.

    Attributes:
        name: The metric's name.
        svg: The picture.
        said: Of how many points.
    """

    name: str
    svg: Markup
    said: str


def common_metrics(runs: Sequence[RunFacts], part: str = "") -> list[str]:
    """Names of metrics that have a part: those first that most of the runs have."""
    counts = Counter(name for facts in runs for name in facts.metrics)
    found = [name for name in counts if part.lower() in name.lower()]
    return sorted(found, key=lambda name: (-counts[name], name))


def draw_charts(service: Service, runs: Sequence[RunFacts], names: Sequence[str]) -> list[Chart]:
    """Draw metrics of runs, a chart each; a run without one is left out of it.

    Args:
        service: The workspace.
        runs: The runs.
        names: The metrics.
    """
    wanted = [facts.metrics[name] for name in names for facts in runs if name in facts.metrics]
    found = service.metrics.read_buckets(wanted, BUCKETS) if wanted else {}
    drawn = []
    for name in names:
        curves = [
            Curve(facts.name, facts.run, found[facts.metrics[name].id])
            for facts in runs
            if name in facts.metrics and facts.metrics[name].id in found
        ]
        if curves:
            drawn.append(Chart(name, draw(name, curves), said(curves)))
    return drawn


def draw(name: str, curves: Sequence[Curve]) -> Markup:
    """Draw curves over their steps.

    Args:
        name: What is drawn, for who does not see it.
        curves: The curves.
    """
    drawn = [each for each in curves if _finite(each.buckets).any()]
    if not drawn:
        return Markup('<p class="soft">no finite number</p>')
    across = _axis(
        ((each.buckets.first_steps, each.buckets.last_steps) for each in drawn),
        _LEFT,
        _WIDTH - _RIGHT,
    )
    up = _axis(
        ((each.buckets.least, each.buckets.greatest) for each in drawn), _HEIGHT - _BOTTOM, _TOP
    )
    parts = [_axes(across, up), *(_curve(each, across, up) for each in drawn)]
    label = f"{name}: {', '.join(each.label for each in drawn[:5])}; {said(curves)}"
    head = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        _WIDTH, _HEIGHT, label
    )
    return head + Markup("").join(parts) + Markup("</svg>")


def said(curves: Iterable[Curve]) -> str:
    """How many points stand behind a chart, and what of them is no number that could be drawn."""
    found = [each.buckets for each in curves]
    points, drawn = sum(each.points for each in found), sum(len(each) for each in found)
    text = (
        count(points, "point") if drawn == points else f"{drawn:,} of {points:,} points, all peaks"
    )
    nans = sum(int(each.nans.sum()) for each in found)
    infinite = sum(int((~_finite(each) & (each.nans < each.counts)).sum()) for each in found)
    return (
        text
        + (f" · {nans:,} NaN" if nans else "")
        + (f" · {infinite:,} infinite" if infinite else "")
    )


def _finite(buckets: Buckets) -> npt.NDArray[np.bool_]:
    """Which buckets can be drawn."""
    least, greatest = buckets.least.astype(np.float64), buckets.greatest.astype(np.float64)
    found: npt.NDArray[np.bool_] = np.isfinite(least) & np.isfinite(greatest)
    return found


def _axis(columns: Iterable[tuple[object, object]], first: float, last: float) -> Axis:
    values = np.concatenate([np.asarray(column, float) for pair in columns for column in pair])
    values = values[np.isfinite(values)]
    return Axis(float(values.min()), float(values.max()), first, last)


def _axes(across: Axis, up: Axis) -> Markup:
    lines = []
    for value in up.list_ticks(_TICKS):
        y = up.at(value)
        lines.append(
            Markup(
                '<path class="axis" d="M{} {:.1f}H{}"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
            ).format(_LEFT, y, _WIDTH - _RIGHT, _LEFT - 5, y + 3, f"{value:.4g}")
        )
    for value in across.list_ticks(_TICKS, is_whole=True):
        x = across.at(value)
        lines.append(
            Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                x, _HEIGHT - 6, f"{value:,.0f}" if abs(value) < 1e6 else f"{value:.3g}"
            )
        )
    return Markup("").join(lines)


def _curve(curve: Curve, across: Axis, up: Axis) -> Markup:
    """A line through the last values, and behind it a band from the least to the greatest."""
    buckets = curve.buckets
    finite = _finite(buckets)
    steps = buckets.last_steps[finite].astype(float)
    x = [across.at(each) for each in steps.tolist()]
    low = [up.at(each) for each in buckets.least[finite].astype(float).tolist()]
    high = [up.at(each) for each in buckets.greatest[finite].astype(float).tolist()]
    last = buckets.last[finite].astype(float)
    last = np.where(np.isfinite(last), last, buckets.greatest[finite].astype(float))
    middle = [up.at(each) for each in last.tolist()]
    parts = []
    if bool((buckets.counts[finite] > 1).any()):
        there = _line(x, high)
        back = _line(x[::-1], low[::-1])
        parts.append(Markup('<path class="band" d="M{}L{}Z"/>').format(there, back))
    if len(x) == 1:
        parts.append(Markup('<circle r="2.5" cx="{:.1f}" cy="{:.1f}"/>').format(x[0], middle[0]))
    else:
        parts.append(
            Markup('<path class="curve" d="M{}"><title>{}</title></path>').format(
                _line(x, middle), curve.label
            )
        )
    head = Markup('<g class="{}">').format(color_class(curve.run))
    return head + Markup("").join(parts) + Markup("</g>")


def _line(x: Sequence[float], y: Sequence[float]) -> str:
    return "L".join(f"{one:.1f} {other:.1f}" for one, other in zip(x, y, strict=True))
