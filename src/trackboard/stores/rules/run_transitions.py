"""What a record of the stream does to a run: pure rules, the same for every store."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from trackboard.errors import Conflict, NotFound
from trackboard.model import (
    Created,
    RecordsDropped,
    Run,
    RunId,
    RunKind,
    RunState,
    StateChanged,
    StateStamp,
    WriterId,
)
from trackboard.ports import Refused

UNKNOWN = "unknown"  # the experiment of a stub
_MOST_LOST = 2**63 - 1
_ERROR_LENGTH = 300  # of an error's text, in a warning
WARNINGS = 100  # kept on a run; later ones say nothing new


@dataclass(frozen=True)
class RunRecord:
    """A run and what its next record is judged by.

    `owner` is the writer that will tell the run's end, None when nobody is known to.
    """

    run: Run
    is_stub: bool
    stamp: StateStamp | None = None
    owner: WriterId | None = None


class PutAway(NamedTuple):
    """Since when a run is archived or in the trash, in seconds since the epoch; None: it is not."""

    archived_s: float | None = None
    deleted_s: float | None = None


NOT_PUT_AWAY = PutAway()


def stub(run: RunId) -> RunRecord:
    """A run of which only the id is known."""
    return RunRecord(
        Run(
            id=run,
            experiment=UNKNOWN,
            number=0,
            given_name="",
            parent=None,
            kind=RunKind.INTERACTIVE,
            state=RunState.NOT_STARTED,
            cause="",
            created_s=0.0,
            started_s=None,
            ended_s=None,
            lost_points=0,
            warnings=(),
        ),
        is_stub=True,
    )


def create(record: RunRecord, event: Created, number: int, writer: WriterId) -> RunRecord:
    """Fill a stub in. An interactive run runs already and is its creator's; a job waits."""
    known = replace(
        record.run,
        experiment=event.experiment,
        number=number,
        given_name=record.run.given_name or event.name,
        parent=event.parent,
        kind=event.kind,
        created_s=_finite(event.time_s) or 0.0,
        description=record.run.description or event.description,
    )
    if record.stamp is not None:
        return replace(record, run=known, is_stub=False)
    if event.kind is RunKind.JOB:
        return replace(record, run=replace(known, state=RunState.QUEUED), is_stub=False)
    known = replace(known, state=RunState.RUNNING, started_s=known.created_s)
    return replace(record, run=known, is_stub=False, owner=writer)


def join_parent(record: RunRecord, parent: PutAway) -> RunRecord:
    """Put a run away that begins below one that is."""
    known = record.run
    archived_s = parent.archived_s if known.archived_s is None else known.archived_s
    deleted_s = parent.deleted_s if known.deleted_s is None else known.deleted_s
    return replace(record, run=replace(known, archived_s=archived_s, deleted_s=deleted_s))


def create_again(record: RunRecord, event: Created) -> RunRecord:
    """A second *Created* changes nothing; it is odd only when it names another experiment."""
    if event.experiment == record.run.experiment:
        return record
    return warn(record, f"created again, in experiment {event.experiment!r}: the first one is kept")


def change_state(record: RunRecord, event: StateChanged, writer: WriterId) -> RunRecord:
    """Move a run to another state, or leave it with a warning when the move is odd."""
    stamp = StateStamp(event.attempt, event.state.is_terminal, event.sequence)
    old = record.stamp
    if old is not None:
        if stamp.attempt == old.attempt and old.terminal and stamp.sequence > old.sequence:
            wrongly_declared = record.owner is None and stamp.terminal
            if not wrongly_declared:
                return warn(record, _odd(record.run.state, event))
        if not stamp.supersedes(old):
            return record
    return replace(record, run=_moved(record, event), stamp=stamp, owner=writer)


def end_owner(record: RunRecord, cause: str, time_s: float) -> RunRecord:
    """The owner is gone: the run has failed, unless the owner turns up again.

    It stays the owner, and its last word the newest: whatever it says then supersedes what was inferred.
    """
    run = replace(
        record.run,
        state=RunState.FAILED,
        cause=cause,
        ended_s=_finite(time_s) or record.run.started_s,
    )
    return replace(record, run=run)


def is_inferred(record: RunRecord) -> bool:
    """Whether that a run has failed was only inferred from the silence of its owner."""
    has_said_so = record.stamp is not None and record.stamp.terminal
    return record.run.state is RunState.FAILED and not has_said_so


def revive(record: RunRecord) -> RunRecord:
    """The owner of a run speaks again: it has not failed, if that was only inferred."""
    if not is_inferred(record):
        return record
    state = RunState.RUNNING if record.run.started_s is not None else RunState.PREPARING
    return replace(record, run=replace(record.run, state=state, cause="", ended_s=None))


def last_successor(former: WriterId, successors: Mapping[WriterId, WriterId]) -> WriterId:
    """Who owns the runs of a writer that was continued, by one that may have been continued itself."""
    successor, seen = successors[former], {former}
    while successor in successors and successor not in seen:
        seen.add(successor)
        successor = successors[successor]
    return successor


def warn(record: RunRecord, text: str) -> RunRecord:
    """Leave a warning on the run, once."""
    warnings = record.run.warnings
    if text in warnings or len(warnings) >= WARNINGS:
        return record
    return replace(record, run=replace(record.run, warnings=(*warnings, text)))


def count_dropped(record: RunRecord, count: int, reason: str) -> RunRecord:
    """Count what could not be stored, up to the greatest number that a database holds."""
    lost = min(record.run.lost_points + count, _MOST_LOST)
    run = replace(record.run, lost_points=lost)
    return warn(replace(record, run=run), f"not everything could be stored: {reason}")


def dropped_by_refusal(refused: Iterable[Refused]) -> list[RecordsDropped]:
    """Records that were refused, as losses of their runs."""
    return [
        RecordsDropped(each.run, 1, f"a record was refused, {each.error[:_ERROR_LENGTH]}")
        for each in refused
        if each.run is not None
    ]


def kept_property(key: str, old: str, new: str) -> str:
    """The warning for a property that came again with another value."""
    return f"property {key!r} stays {old!r}: {new!r} came later"


def skipped(size_bytes: int) -> str:
    """The warning for a damaged stream."""
    return f"{size_bytes} bytes of the stream were damaged and skipped"


def check_property(run_id: RunId, key: str, old: str, new: str) -> None:
    """Raise Conflict when a property would change."""
    if old != new:
        raise Conflict(
            f"property {key!r} of run {run_id!r} is {old!r} and cannot become {new!r}",
            hint="Properties never change: use a tag, or another key.",
        )


def not_found(run_id: RunId) -> NotFound:
    """The error for a run that nobody knows."""
    return NotFound(
        f"there is no run {run_id!r} in this workspace",
        hint="Check the id, and that it was logged in this workspace.",
    )


def parents_first(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """The same runs, each after its parent; a circle of parents is begun anywhere."""
    known = {each.id for each in runs}
    children: dict[RunId | None, list[Run]] = {}
    for each in runs:
        children.setdefault(each.parent if each.parent in known else None, []).append(each)
    ordered: dict[RunId, Run] = {}

    def follow(level: list[Run]) -> None:
        while level:
            ordered.update((each.id, each) for each in level)
            below = [child for each in level for child in children.get(each.id, ())]
            level = [child for child in below if child.id not in ordered]

    follow(children.get(None, []))
    for each in runs:
        if each.id not in ordered:
            follow([each])
    return tuple(ordered.values())


def _moved(record: RunRecord, event: StateChanged) -> Run:
    run = record.run
    began = run.started_s
    if event.attempt > (record.stamp.attempt if record.stamp else 0):
        began = None  # another try has its own start
    if event.state is RunState.RUNNING and began is None:
        began = _finite(event.time_s)
    ended = None
    if event.state.is_terminal:
        ended = _finite(event.time_s)
        if began is not None and event.elapsed_s is not None and math.isfinite(event.elapsed_s):
            ended = began + event.elapsed_s
    return replace(run, state=event.state, cause=event.cause, started_s=began, ended_s=ended)


def _odd(state: RunState, event: StateChanged) -> str:
    return f"said to be {event.state.value} after it was {state.value}: {state.value} is kept"


def _finite(time_s: float) -> float | None:
    return time_s if math.isfinite(time_s) else None
