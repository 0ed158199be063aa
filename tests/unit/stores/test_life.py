"""What records do to a run; the whole of it is in the contract suite, here are the corners."""

from trackboard.model import RunId, RunKind, RunState, WriterId
from trackboard.stores import life
from trackboard.stores.life import RunRecord
from trackboard.testing.speaker import created, moved

R, W = RunId("r"), WriterId("w")


def begun() -> RunRecord:
    return life.create(life.stub(R), created("r"), 1, W)


def test_warnings_are_bounded_and_said_once() -> None:
    record = begun()
    for index in range(2 * life.WARNINGS):
        record = life.warn(life.warn(record, f"oddity {index}"), f"oddity {index}")
    assert len(record.run.warnings) == life.WARNINGS
    assert record.run.warnings[0] == "oddity 0"


def test_a_name_that_was_given_before_created_stays() -> None:
    record = life.create(life.stub(R), created("r", name="said"), 1, W)
    assert record.run.name == "said"


def test_a_record_of_a_lost_owner_that_is_not_an_end_changes_nothing() -> None:
    lost = life.end_owner(
        life.change_state(begun(), moved("r", RunState.RUNNING, 3), W), "gone", 9.0
    )
    still = life.change_state(lost, moved("r", RunState.FINALIZING, 4), W)
    assert still.run.state is RunState.FAILED
    ended = life.change_state(still, moved("r", RunState.CANCELED, 5), W)
    assert (ended.run.state, ended.run.cause, ended.owner) == (RunState.CANCELED, "", W)


def test_an_owner_that_said_the_end_cannot_change_it() -> None:
    ended = life.change_state(begun(), moved("r", RunState.COMPLETED, 1), W)
    again = life.change_state(ended, moved("r", RunState.FAILED, 2), W)
    assert again.run.state is RunState.COMPLETED
    assert len(again.run.warnings) == 1
    assert life.change_state(again, moved("r", RunState.FAILED, 0), W) is again


def test_a_job_that_never_started_can_be_given_up() -> None:
    waiting = life.create(life.stub(R), created("r", kind=RunKind.JOB), 1, W)
    assert waiting.owner is None
    preparing = life.change_state(waiting, moved("r", RunState.PREPARING, 0), W)
    failed = life.end_owner(preparing, "the machine restarted", 50.0)
    assert (failed.run.started_s, failed.run.ended_s) == (None, 50.0)
