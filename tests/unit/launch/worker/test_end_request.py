"""When a job is to end, and what that makes of its run."""

from __future__ import annotations

from pathlib import Path

import pytest

from trackboard.errors import Unavailable
from trackboard.launch.context.launch_context import LaunchContext
from trackboard.launch.worker.end_request import (
    CANCELED,
    TERMINATED,
    CancelFlag,
    EndRequest,
    StoredCancel,
)
from trackboard.layout import JobPaths
from trackboard.layout.cancel_flag import request_cancel
from trackboard.model import RunId, RunState


class Told:
    """A cancel signal that a test sets, and that counts how often it is asked."""

    def __init__(self) -> None:
        self.is_canceled = False
        self.asked = 0

    def is_set(self) -> bool:
        return False

    def ask(self) -> bool:
        self.asked += 1
        return self.is_canceled


def test_the_first_reason_counts() -> None:
    request = EndRequest(Told(), ask_s=60.0)
    assert not request.is_made()
    request.make("it took too long")
    request.make(TERMINATED)
    assert request.is_made()
    assert (request.final_state(), request.why) == (RunState.FAILED, "it took too long")


def test_what_takes_long_is_asked_now_and_then() -> None:
    told = Told()
    request = EndRequest(told, ask_s=60.0)
    request.ask_later()
    assert (request.is_made(), told.asked) == (False, 0)
    request.ask_now()
    assert [request.is_made() for _ in range(3)] == [False] * 3
    assert told.asked == 1
    told.is_canceled = True
    request.ask_now()
    assert (request.is_made(), request.final_state()) == (True, RunState.CANCELED)


@pytest.mark.parametrize(
    ("is_canceled", "state", "why"),
    [(True, RunState.CANCELED, CANCELED), (False, RunState.FAILED, TERMINATED)],
)
def test_a_worker_that_is_terminated_may_mean_a_cancel(
    is_canceled: bool, state: RunState, why: str
) -> None:
    told = Told()
    request = EndRequest(told, ask_s=60.0)
    request.make(TERMINATED)
    told.is_canceled = is_canceled
    assert (request.final_state(), request.why) == (state, why)


def test_the_flag_is_seen_at_once(tmp_path: Path) -> None:
    job = JobPaths(tmp_path)
    request = EndRequest(CancelFlag(job), ask_s=60.0)
    assert not request.poll()
    request_cancel(job)
    assert request.poll()
    assert request.final_state() is RunState.CANCELED


def test_a_store_that_does_not_answer_cancels_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> LaunchContext:
        raise Unavailable("the database is locked")

    cancel = StoredCancel(JobPaths(tmp_path), RunId("r"), refuse)
    assert not cancel.ask()
    assert "cannot ask whether the run was canceled: the database is locked" in (
        capsys.readouterr().err
    )
