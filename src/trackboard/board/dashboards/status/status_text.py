"""What there is to say about a job, whatever has become of it, in markdown."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trackboard.board.dashboards import markdown
from trackboard.model import Run, RunState
from trackboard.record.log_end import as_seen

_CAUSE_LINES = 30
_NAMED = 4  # jobs that hold what another waits for
_OURS = "[trackboard] "  # what a job's log says of itself begins so
_MINUTE_S = 60
_HOUR_S = 3600


@dataclass(frozen=True)
class Wait:
    """What a queued job waits for."""

    compute: str
    slots: int | None  # None: it has any number
    holders: Sequence[str]  # names of the runs that hold slots
    position: int  # from 1 among those that wait; 0: it does not wait, but starts
    waiting: int


@dataclass(frozen=True)
class Log:
    """The end of one of a job's logs."""

    name: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Facts:
    """What is known of a job at one moment."""

    run: Run
    compute: str
    wait: Wait | None  # None: it is not in the queue
    is_cancel_requested: bool
    logs: Sequence[Log]


def describe(facts: Facts) -> str:
    """Say where a job is in its life, why, and what it said last."""
    parts = [*_story(facts), *_cause(facts)]
    if facts.is_cancel_requested and not facts.run.state.is_terminal:
        parts.append("It was asked to end.")
    for log in facts.logs:
        if log.lines:
            parts.append(f"The end of {markdown.escape(log.name)}:")
            parts.append(markdown.code(markdown.last_lines(log.lines)))
    return "\n\n".join(parts)


def _story(facts: Facts) -> Iterator[str]:
    run, where = facts.run, f" on {markdown.escape(facts.compute)}" if facts.compute else ""
    submitted = f"submitted {_moment(run.created_s)}"
    if run.state in (RunState.NOT_STARTED, RunState.QUEUED):
        yield f"**Queued**{where}, {submitted}"
        yield _waits(facts.wait)
    elif run.state in (RunState.PREPARING, RunState.STARTING):
        yield f"**{run.state.value.capitalize()}**{where}, {submitted}"
    elif not run.state.is_terminal:
        since = "" if run.started_s is None else f" since {_moment(run.started_s)}"
        yield f"**{run.state.value.capitalize()}**{where}{since}"
    else:
        at = "" if run.ended_s is None else f" {_moment(run.ended_s)}"
        yield f"**{run.state.value.capitalize()}**{at}{_after(run)}{where}"


def _waits(wait: Wait | None) -> str:
    if wait is None:
        return (
            "It is not in the queue. If that stays so, its submission was interrupted: cancel it, and"
            " submit it again."
        )
    if wait.position == 0:
        return "Its worker is being started."
    compute = markdown.escape(wait.compute)
    return f"position {wait.position} of {wait.waiting} on {compute}\n\n{_reason(wait, compute)}"


def _reason(wait: Wait, compute: str) -> str:
    if wait.slots == 0:
        return f"{compute} has no nodes: update(max_nodes=1) gives it one."
    if not wait.holders:
        return "It starts with the next look at the queue, such as run.get&#95;status()."
    names = ", ".join(map(markdown.escape, wait.holders[:_NAMED]))
    more = len(wait.holders) - _NAMED
    names += f" and {more} more" if more > 0 else ""
    has = "" if wait.slots is None else f" {compute} has {wait.slots};"
    return f"It waits for a free node.{has} running there: {names}"


def _cause(facts: Facts) -> Iterator[str]:
    """Why it is as it is, without what the logs below say anyway."""
    first, *rest = map(as_seen, facts.run.cause.strip().split("\n"))
    said = {line.removeprefix(_OURS) for log in facts.logs for line in log.lines}
    is_said = all(line in said for line in rest)
    if rest and is_said and first.endswith(":"):
        first = first[:-1].removesuffix("; its last lines")  # the words that lead over to them
    if first:
        yield markdown.escape(first)
    if not is_said:
        yield markdown.code(markdown.last_lines(rest[-_CAUSE_LINES:]))


def _after(run: Run) -> str:
    if run.started_s is None or run.ended_s is None:
        return ""
    return f" after {_duration(run.ended_s - run.started_s)}"


def _duration(seconds: float) -> str:
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    hours, rest = divmod(round(seconds), _HOUR_S)
    minutes, rest = divmod(rest, _MINUTE_S)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _moment(time_s: float) -> str:
    """A time of this place's clock."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time_s))
