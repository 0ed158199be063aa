"""Jobs in Python: run again, waited for, ended; as on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trackboard import Workspace
from trackboard.errors import NotFound, Unavailable, UsageError
from trackboard.launch.request import Request
from trackboard.model import RunId
from trackboard.record import LiveRun


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(tmp_path / "history")
    yield opened
    opened.recorder().close()
    opened.close()


@pytest.fixture
def ended(workspace: Workspace) -> list[RunId]:
    """`digits/a` completed, `digits/b` failed."""
    workspace.recorder().create_run("digits", name="a", run_id="id-a").complete()
    workspace.recorder().create_run("digits", name="b", run_id="id-b").fail("no")
    return [RunId("id-a"), RunId("id-b")]


@pytest.fixture
def running(workspace: Workspace) -> LiveRun:
    """`digits/c`."""
    return workspace.recorder().create_run("digits", name="c", run_id="id-c")


@pytest.fixture
def at_each_look(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What happens after one look and before the next, in turn."""
    happens: list[Callable[[], object]] = []
    monkeypatch.setattr(
        "trackboard.service.local.jobs.time.sleep", lambda _seconds: happens.pop(0)()
    )
    return happens


@pytest.fixture
def job(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunId:
    """One that was submitted, where nothing is started."""
    monkeypatch.setattr("trackboard.launch.submit.advance_queue", lambda *_told: ())
    monkeypatch.setattr("trackboard.launch.rerun.advance_queue", lambda *_told: ())
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.py").write_text("print()\n")
    return workspace.submit(
        Request("digits", source, "train.py", ["--lr", 0.1, "--fast"], name="job")
    )


def script(workspace: Workspace, run: RunId) -> tuple[str, ...]:
    plan = workspace.service.jobs.find_plan(run)
    assert plan is not None
    return plan.script


def test_runs_are_returned_as_they_ended_in_the_order_given(
    workspace: Workspace, ended: list[RunId]
) -> None:
    found = workspace.wait(["digits/b", ended[0], "b"])
    assert [(run.id, run.state.value, run.cause) for run in found] == [
        ("id-b", "failed", "no"),
        ("id-a", "completed", ""),
    ]
    assert workspace.wait(found[1]) == (found[1],)
    assert workspace.wait([]) == ()


def test_it_waits_for_the_last(
    workspace: Workspace,
    ended: list[RunId],
    running: LiveRun,
    at_each_look: list[Callable[[], object]],
) -> None:
    at_each_look += [lambda: None, running.complete]
    assert [run.id for run in workspace.wait([running, *ended])] == ["id-c", *ended]
    assert at_each_look == []


@pytest.mark.usefixtures("ended")
def test_what_goes_on_is_named(workspace: Workspace, running: LiveRun) -> None:
    with pytest.raises(Unavailable, match="still not over: digits/c"):
        workspace.wait(["a", running], timeout_s=0)


def test_what_is_deleted_meanwhile_is_named(
    workspace: Workspace,
    ended: list[RunId],
    running: LiveRun,
    at_each_look: list[Callable[[], object]],
) -> None:
    at_each_look.append(lambda: workspace.delete(running, force=True))
    with pytest.raises(NotFound, match="deleted while they were waited for: id-c"):
        workspace.wait([running, *ended])


@pytest.mark.usefixtures("ended")
@pytest.mark.parametrize("timeout_s", [-1, float("nan"), "2h", True])
def test_what_is_no_time_is_refused(workspace: Workspace, timeout_s: float) -> None:
    with pytest.raises(UsageError, match="is no number of seconds"):
        workspace.wait("a", timeout_s=timeout_s)


def test_a_job_runs_again_with_one_value_changed(workspace: Workspace, job: RunId) -> None:
    again = workspace.rerun("digits/job", settings={"lr": 0.01, "fast": False}, name="again")
    assert script(workspace, again) == ("train.py", "--lr", "0.01")
    found = workspace.find_run("digits/again")
    assert found is not None
    assert found.id == again
    assert workspace.properties(again)["trackboard.rerun_of"] == job
    bare = workspace.rerun(found, arguments=[], tags={"k": "v"})
    assert script(workspace, bare) == ("train.py",)
    assert workspace.tags(bare) == {"k": "v"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"": 1}, "no names of arguments: ''"),
        ({"--": 1, "a=b": 1}, "no names of arguments: '--', 'a=b'"),
        ({1: 1}, "no names of arguments: 1"),
        ({"lr": None}, "cannot be passed to a script"),
        ({"lr": [1]}, "cannot be passed to a script"),
    ],
)
def test_a_wrong_setting_queues_nothing(
    workspace: Workspace, job: RunId, settings: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        workspace.rerun(job, settings=settings)
    assert [run.id for run in workspace.runs()] == [job]


@pytest.mark.usefixtures("ended")
def test_what_is_no_job_does_not_run_again(workspace: Workspace) -> None:
    with pytest.raises(NotFound, match="run id-a has no plan"):
        workspace.rerun("a")
    for ask in (workspace.rerun, workspace.wait, workspace.cancel):
        with pytest.raises(NotFound):
            ask("nobody")


def test_a_job_is_canceled_by_its_name(workspace: Workspace, job: RunId) -> None:
    workspace.cancel("digits/job")
    (run,) = workspace.wait(job)
    assert run.state.value == "canceled"
