"""How a block is left says how its run ended."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workspaces import api

from trackboard.errors import Unavailable, UsageError
from trackboard.model import Run, RunId, RunState
from trackboard.record import LiveRun
from trackboard.record.session import closing_run, start_run
from trackboard.workspace import Workspace

RUN = RunId("run")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace.open(tmp_path)
    yield workspace
    workspace.close()


@pytest.fixture
def live(workspace: Workspace) -> LiveRun:
    return workspace.recorder().create_run("e", run_id=RUN)


def stored(workspace: Workspace) -> Run:
    run = api(workspace).find_run(RUN)
    assert run is not None
    return run


class Stop(BaseException):
    """Like KeyboardInterrupt: no failure of the code."""


def lose() -> None:
    raise ValueError("the loss is nan")


@pytest.mark.parametrize(
    ("error", "state", "cause"),
    [
        (None, RunState.COMPLETED, ""),
        (SystemExit(), RunState.COMPLETED, ""),
        (SystemExit(0), RunState.COMPLETED, ""),
        (SystemExit(3), RunState.FAILED, "sys.exit(3)"),
        (SystemExit("no data"), RunState.FAILED, "no data"),
        (KeyboardInterrupt(), RunState.CANCELED, "it was interrupted by KeyboardInterrupt"),
        (asyncio.CancelledError(), RunState.CANCELED, "it was interrupted by CancelledError"),
        (Stop(), RunState.CANCELED, "it was interrupted by Stop"),
    ],
)
def test_how_it_ended(
    workspace: Workspace, live: LiveRun, error: BaseException | None, state: RunState, cause: str
) -> None:
    def leave() -> None:
        with closing_run(live):
            if error is not None:
                raise error

    if error is None:
        leave()
    else:
        with pytest.raises(type(error)) as caught:
            leave()
        assert caught.value is error
    run = stored(workspace)
    assert (run.state, run.cause, run.warnings) == (state, cause, ())


def test_an_exception_is_the_cause_with_the_place(workspace: Workspace, live: LiveRun) -> None:
    with pytest.raises(ValueError, match="the loss is nan"), closing_run(live):
        lose()
    run = stored(workspace)
    assert run.state is RunState.FAILED
    assert run.cause.splitlines()[0] == "ValueError: the loss is nan"
    assert "in lose" in run.cause
    assert "record/session.py" not in run.cause


@pytest.mark.parametrize("error", [None, ValueError("later")])
def test_a_run_that_was_ended_within_stays_so(
    workspace: Workspace, live: LiveRun, error: ValueError | None
) -> None:
    with contextlib.suppress(ValueError), closing_run(live):
        live.fail("early")
        if error:
            raise error
    assert (stored(workspace).state, stored(workspace).cause) == (RunState.FAILED, "early")


def test_a_disk_that_refuses_does_not_hide_the_exception(
    live: LiveRun, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_cause: str = "") -> None:
        raise Unavailable("the disk is full")

    monkeypatch.setattr(live, "fail", refuse)
    with pytest.raises(ValueError, match="the loss is nan"), closing_run(live):
        lose()
    assert "the disk is full" in caplog.text


def test_a_whole_run(workspace: Workspace) -> None:
    with start_run(
        workspace.recorder(),
        "digits",
        name="first",
        parameters={"lr": 0.1, "layers": 3, "optimizer": "adam"},
        tags={"team": "vision", "draft": None},
        description="what it is about",
        console=True,
    ) as live:
        live.log("loss", 0.5)
        sys.stdout.write("epoch 1\n")
    workspace.drain()
    run = workspace.store.find_run(live.id)
    assert run is not None
    assert (run.experiment, run.name, run.state) == ("digits", "first", RunState.COMPLETED)
    assert run.description == "what it is about"
    store = workspace.store
    assert store.list_parameters([live.id]) == {
        live.id: {"lr": 0.1, "layers": 3, "optimizer": "adam"}
    }
    assert store.get_tags(live.id) == {"team": "vision", "draft": None}
    assert store.get_properties(live.id)["trackboard.python"]
    console = workspace.run_folder(live.id) / "user_logs" / "std_log.txt"
    assert console.read_text() == "epoch 1\n"


def test_parameters_of_any_kind_begin_one_and_are_warned_of_once(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {"layers": [64, 10], "seed": None, "lr": 0.1}
    with start_run(workspace.recorder(), "digits", parameters=settings, capture=False) as live:
        pass
    (said,) = caplog.messages
    assert "layers (list), seed (NoneType) kept as it fits best" in said
    workspace.drain()
    found = {"layers": "[64, 10]", "seed": "None", "lr": 0.1}
    assert workspace.store.list_parameters([live.id]) == {live.id: found}


@pytest.mark.parametrize("parameters", [{"lr": 1, "a\nb": 2}, {"": 1}])
def test_wrong_parameters_begin_no_run(workspace: Workspace, parameters: dict[str, object]) -> None:
    with (
        pytest.raises(UsageError),
        start_run(workspace.recorder(), "digits", parameters=parameters),
    ):
        pass
    workspace.drain()
    assert workspace.store.list_runs() == ()


def test_values_after_the_block_are_kept_and_warned_of_once(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    with start_run(workspace.recorder(), "digits", name="first", capture=False) as run:
        run.log("loss", 0.5)
        run.log_row("table", {"x": 1})
    assert caplog.messages == []
    for late in (99.0, 98):
        run.log("loss", late)
    run.log("new", 1)
    run.log_row("table", {"x": 2})
    (said,) = caplog.messages
    assert "'loss' was logged after the block of run digits/first" in said
    history = api(workspace).history(run)
    assert history.values.tolist() == [0.5, 99, 98, 1, 2, 1]
    assert history.steps[:3].tolist() == [0, 1, 2]


def test_what_describes_a_run_may_come_after_its_block(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    with start_run(workspace.recorder(), "digits", capture=False) as run:
        pass
    run.set_tag("best")
    assert caplog.messages == []
    assert api(workspace).tags(run) == {"best": None}
