"""What records do to a run; the whole of it is in the contract suite, here are the corners."""

import math
from dataclasses import replace
from typing import Any

import pytest

from trackboard.errors import Conflict
from trackboard.model import Run, RunId, RunKind, RunState, StateStamp, WriterId
from trackboard.ports import Position, Refused
from trackboard.stores.rules import run_transitions
from trackboard.stores.rules.run_transitions import RunRecord
from trackboard.testing.speaker import created, moved

R, W = RunId("r"), WriterId("w")


def begun() -> RunRecord:
    return run_transitions.create(run_transitions.stub(R), created("r"), 1, W)


def test_warnings_are_bounded_and_said_once() -> None:
    record = begun()
    for index in range(2 * run_transitions.WARNINGS):
        record = run_transitions.warn(
            run_transitions.warn(record, f"oddity {index}"), f"oddity {index}"
        )
    assert len(record.run.warnings) == run_transitions.WARNINGS
    assert record.run.warnings[0] == "oddity 0"


def test_a_name_that_was_given_before_created_stays() -> None:
    record = run_transitions.create(run_transitions.stub(R), created("r", name="said"), 1, W)
    assert record.run.name == "said"


def test_whatever_a_lost_owner_says_supersedes_what_was_inferred() -> None:
    running = run_transitions.change_state(begun(), moved("r", RunState.RUNNING, 3), W)
    lost = run_transitions.end_owner(running, "gone", 9.0)
    assert (lost.run.state, lost.run.cause, lost.owner) == (RunState.FAILED, "gone", W)
    assert run_transitions.is_inferred(lost)
    assert run_transitions.revive(lost) == running
    back = run_transitions.change_state(lost, moved("r", RunState.FINALIZING, 4), W)
    assert (back.run.state, back.run.cause, back.run.ended_s) == (RunState.FINALIZING, "", None)
    ended = run_transitions.change_state(lost, moved("r", RunState.CANCELED, 5), W)
    assert (ended.run.state, ended.run.cause, ended.owner) == (RunState.CANCELED, "", W)
    assert not run_transitions.is_inferred(ended)


def test_what_the_owner_said_itself_is_no_inference() -> None:
    failed = run_transitions.change_state(begun(), moved("r", RunState.FAILED, 1), W)
    assert run_transitions.revive(failed) is failed
    assert run_transitions.revive(begun()) == begun()


def test_what_an_earlier_version_inferred_yields_to_an_end() -> None:
    """It had forgotten the owner, and taken the failure for the owner's last word."""
    running = run_transitions.change_state(begun(), moved("r", RunState.RUNNING, 3), W)
    run = replace(running.run, state=RunState.FAILED, cause="gone", ended_s=9.0)
    lost = RunRecord(run, is_stub=False, stamp=StateStamp(0, terminal=True, sequence=3))
    assert (
        run_transitions.change_state(lost, moved("r", RunState.FINALIZING, 4), W).run.state
        is RunState.FAILED
    )
    ended = run_transitions.change_state(lost, moved("r", RunState.COMPLETED, 5), W)
    assert (ended.run.state, ended.owner) == (RunState.COMPLETED, W)


def test_losses_add_up_to_what_a_database_holds() -> None:
    record = begun()
    for _ in range(3):
        record = run_transitions.count_dropped(record, 2**63 - 1, "disk full")
    assert record.run.lost_points == 2**63 - 1


def test_who_continues_whom_may_be_a_chain_or_nonsense() -> None:
    a, b, c = WriterId("a"), WriterId("b"), WriterId("c")
    assert run_transitions.last_successor(a, {a: b, b: c}) == c
    assert run_transitions.last_successor(a, {a: b, b: a}) in (a, b)


def test_an_owner_that_said_the_end_cannot_change_it() -> None:
    ended = run_transitions.change_state(begun(), moved("r", RunState.COMPLETED, 1), W)
    again = run_transitions.change_state(ended, moved("r", RunState.FAILED, 2), W)
    assert again.run.state is RunState.COMPLETED
    assert len(again.run.warnings) == 1
    assert run_transitions.change_state(again, moved("r", RunState.FAILED, 0), W) is again


def test_a_job_that_never_started_can_be_given_up() -> None:
    waiting = run_transitions.create(run_transitions.stub(R), created("r", kind=RunKind.JOB), 1, W)
    assert waiting.owner is None
    preparing = run_transitions.change_state(waiting, moved("r", RunState.PREPARING, 0), W)
    failed = run_transitions.end_owner(preparing, "the machine restarted", 50.0)
    assert (failed.run.started_s, failed.run.ended_s) == (None, 50.0)


def record(kind: RunKind = RunKind.INTERACTIVE, **facts: Any) -> RunRecord:
    event = created("r", kind=kind, **facts)
    return run_transitions.create(run_transitions.stub(R), event, 7, W)


def test_of_a_stub_only_the_id_is_known() -> None:
    stub = run_transitions.stub(R)
    assert stub.is_stub
    assert (stub.stamp, stub.owner) == (None, None)
    run = stub.run
    assert (run.id, run.experiment, run.number, run.given_name) == (R, "unknown", 0, "")
    assert (run.parent, run.kind, run.state) == (None, RunKind.INTERACTIVE, RunState.NOT_STARTED)
    assert (run.cause, run.description, run.lost_points, run.warnings) == ("", "", 0, ())
    assert (run.created_s, run.started_s, run.ended_s) == (0.0, None, None)


def test_an_interactive_run_runs_and_belongs_to_its_creator() -> None:
    known = record(name="n", parent="p", time_s=5.0, description="d")
    assert not known.is_stub
    assert (known.owner, known.stamp) == (W, None)
    run = known.run
    assert (run.experiment, run.number, run.name, run.parent) == ("exp", 7, "n", RunId("p"))
    assert (run.state, run.kind, run.description) == (RunState.RUNNING, RunKind.INTERACTIVE, "d")
    assert (run.created_s, run.started_s, run.ended_s) == (5.0, 5.0, None)


def test_a_job_waits_and_belongs_to_nobody() -> None:
    known = record(RunKind.JOB, time_s=5.0)
    assert not known.is_stub
    assert (known.run.state, known.run.kind, known.owner) == (RunState.QUEUED, RunKind.JOB, None)
    assert (known.run.created_s, known.run.started_s) == (5.0, None)


@pytest.mark.parametrize("kind", RunKind)
def test_a_state_that_came_before_created_stays(kind: RunKind) -> None:
    said = run_transitions.change_state(
        run_transitions.stub(R), moved("r", RunState.FINALIZING, 1), WriterId("other")
    )
    known = run_transitions.create(said, created("r", kind=kind), 7, W)
    assert (known.run.state, known.owner, known.is_stub) == (RunState.FINALIZING, "other", False)
    assert (known.run.number, known.run.kind) == (7, kind)


def test_what_people_gave_before_created_stays() -> None:
    stub = run_transitions.stub(R)
    stub = replace(stub, run=replace(stub.run, given_name="theirs", description="their words"))
    known = run_transitions.create(stub, created("r", name="n", description="d"), 1, W)
    assert (known.run.given_name, known.run.description) == ("theirs", "their words")


@pytest.mark.parametrize("time_s", [math.nan, math.inf, -math.inf])
def test_times_that_are_none_are_left_out(time_s: float) -> None:
    assert record(time_s=time_s).run.created_s == 0.0
    running = run_transitions.change_state(
        record(RunKind.JOB), moved("r", RunState.RUNNING, 1, time_s=time_s), W
    )
    assert running.run.started_s is None
    ended = run_transitions.change_state(
        running, moved("r", RunState.COMPLETED, 2, time_s=time_s), W
    )
    assert (ended.run.state, ended.run.ended_s) == (RunState.COMPLETED, None)
    assert run_transitions.end_owner(begun(), "gone", time_s).run.ended_s == 100.0, "its start"


def test_created_again_is_odd_in_another_experiment_only() -> None:
    known = begun()
    assert run_transitions.create_again(known, created("r", name="other")) is known
    (warning,) = run_transitions.create_again(known, created("r", "exp2")).run.warnings
    assert warning == "created again, in experiment 'exp2': the first one is kept"


def test_a_run_starts_once_in_each_attempt() -> None:
    job = record(RunKind.JOB)
    for sequence, state in enumerate((RunState.PREPARING, RunState.STARTING)):
        job = run_transitions.change_state(job, moved("r", state, sequence, time_s=10.0), W)
        assert (job.run.state, job.run.started_s) == (state, None)
    job = run_transitions.change_state(job, moved("r", RunState.RUNNING, 2, time_s=20.0), W)
    job = run_transitions.change_state(job, moved("r", RunState.RUNNING, 3, time_s=30.0), W)
    assert job.run.started_s == 20.0
    job = run_transitions.change_state(
        job, moved("r", RunState.PREPARING, 0, attempt=1, time_s=40.0), W
    )
    assert (job.run.state, job.run.started_s) == (RunState.PREPARING, None)
    job = run_transitions.change_state(
        job, moved("r", RunState.RUNNING, 1, attempt=1, time_s=50.0), W
    )
    assert job.run.started_s == 50.0


@pytest.mark.parametrize(
    ("elapsed_s", "ended_s"), [(None, 200.0), (7.5, 107.5), (math.nan, 200.0), (math.inf, 200.0)]
)
def test_the_end_is_told_by_how_long_it_took_where_that_is_known(
    elapsed_s: float | None, ended_s: float
) -> None:
    end = moved("r", RunState.COMPLETED, 1, elapsed_s=elapsed_s)
    ended = run_transitions.change_state(begun(), end, W)
    assert (ended.run.started_s, ended.run.ended_s) == (100.0, ended_s)
    unstarted = run_transitions.change_state(record(RunKind.JOB), end, W)
    assert unstarted.run.ended_s == 200.0


def test_an_older_word_changes_nothing() -> None:
    running = run_transitions.change_state(begun(), moved("r", RunState.RUNNING, 3), W)
    other = WriterId("other")
    for sequence in (1, 2, 3):
        old = moved("r", RunState.FINALIZING, sequence)
        assert run_transitions.change_state(running, old, other) is running
    newer = run_transitions.change_state(running, moved("r", RunState.FINALIZING, 4), other)
    assert (newer.run.state, newer.owner) == (RunState.FINALIZING, other)
    assert newer.stamp == StateStamp(0, terminal=False, sequence=4)
    ended = run_transitions.change_state(newer, moved("r", RunState.FAILED, 1, cause="why"), W)
    assert (ended.run.state, ended.run.cause) == (RunState.FAILED, "why"), "an end wins"
    assert ended.stamp == StateStamp(0, terminal=True, sequence=1)


def test_a_word_after_the_end_is_odd_in_the_same_attempt_only() -> None:
    ended = run_transitions.change_state(begun(), moved("r", RunState.COMPLETED, 3), W)
    odd = run_transitions.change_state(ended, moved("r", RunState.RUNNING, 4), W)
    assert odd.run.state is RunState.COMPLETED
    assert odd.run.warnings == ("said to be running after it was completed: completed is kept",)
    assert run_transitions.change_state(ended, moved("r", RunState.RUNNING, 3), W) is ended
    again = run_transitions.change_state(ended, moved("r", RunState.RUNNING, 0, attempt=1), W)
    assert (again.run.state, again.run.warnings) == (RunState.RUNNING, ())


def test_a_lost_run_comes_back_as_it_was() -> None:
    never_started = run_transitions.change_state(
        record(RunKind.JOB), moved("r", RunState.STARTING, 1), W
    )
    for before, state in ((begun(), RunState.RUNNING), (never_started, RunState.PREPARING)):
        lost = run_transitions.end_owner(before, "gone", 9.0)
        assert (lost.run.ended_s, lost.stamp, lost.owner) == (9.0, before.stamp, before.owner)
        back = run_transitions.revive(lost)
        assert (back.run.state, back.run.cause, back.run.ended_s) == (state, "", None)


def test_losses_are_counted_with_one_warning_for_each_reason() -> None:
    known = begun()
    for count, reason in ((2, "full"), (3, "full"), (4, "gone")):
        known = run_transitions.count_dropped(known, count, reason)
    assert known.run.lost_points == 9
    assert known.run.warnings == (
        "not everything could be stored: full",
        "not everything could be stored: gone",
    )


def test_refused_records_are_losses_of_the_runs_that_they_name() -> None:
    at = Position(0, 0)
    refused = [Refused(W, at, b"", "x" * 1000, R), Refused(W, at, b"", "odd", None)]
    (loss,) = run_transitions.dropped_by_refusal(refused)
    assert (loss.run, loss.count) == (R, 1)
    assert loss.reason == "a record was refused, " + "x" * 300


def test_warnings_say_what_was_kept() -> None:
    assert run_transitions.kept_property("k", "a", "b") == "property 'k' stays 'a': 'b' came later"
    assert run_transitions.skipped(48) == "48 bytes of the stream were damaged and skipped"


def test_a_property_never_changes() -> None:
    run_transitions.check_property(R, "k", "a", "a")
    with pytest.raises(Conflict, match="property 'k' of run 'r' is 'a' and cannot become 'b'"):
        run_transitions.check_property(R, "k", "a", "b")
    error = run_transitions.not_found(R)
    assert "'r'" in error.message
    assert error.hint


def test_a_chain_of_writers_ends_at_the_last() -> None:
    a, b, c, d = map(WriterId, "abcd")
    assert run_transitions.last_successor(a, {a: b}) == b
    assert run_transitions.last_successor(a, {a: b, b: c, c: d}) == d
    assert run_transitions.last_successor(b, {a: b, b: c, c: d}) == d
    assert run_transitions.last_successor(a, {a: a}) == a


def family(**parents: str | None) -> tuple[Run, ...]:
    return tuple(
        replace(
            run_transitions.stub(RunId(run)).run, parent=None if parent is None else RunId(parent)
        )
        for run, parent in parents.items()
    )


@pytest.mark.parametrize(
    ("runs", "order"),
    [
        (family(), ""),
        (family(a=None, b=None), "ab"),
        (family(c="b", b="a", a=None), "abc"),
        (family(d="b", c="a", b="a", a=None), "acbd"),
        (family(b="elsewhere", a="b"), "ba"),
        (family(a="b", b="a"), "ab"),
        (family(x="x", a=None), "ax"),
        (family(b="a", a="c", c="b", d="c", e=None), "ebcad"),
    ],
)
def test_parents_come_first(runs: tuple[Run, ...], order: str) -> None:
    assert "".join(run.id for run in run_transitions.parents_first(runs)) == order
