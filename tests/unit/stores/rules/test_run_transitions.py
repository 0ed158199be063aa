"""What records do to a run; the whole of it is in the contract suite, here are the corners."""

from dataclasses import replace

from trackboard.model import RunId, RunKind, RunState, StateStamp, WriterId
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
        record = run_transitions.lose(record, 2**63 - 1, "disk full")
    assert record.run.lost_points == 2**63 - 1


def test_who_continues_whom_may_be_a_chain_or_nonsense() -> None:
    a, b, c = WriterId("a"), WriterId("b"), WriterId("c")
    assert run_transitions.last_heir(a, {a: b, b: c}) == c
    assert run_transitions.last_heir(a, {a: b, b: a}) in (a, b)


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
