"""Which run a logger records into, and who ends it; no framework is needed to say that."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workspaces import parts

import trackboard
from trackboard.errors import NotFound
from trackboard.frameworks.joining import JoinedRun, package_in_use
from trackboard.model import RunId, RunState


@pytest.fixture
def workspace(empty_folder: Path) -> Iterator[trackboard.Workspace]:
    workspace = trackboard.Workspace.open(empty_folder / ".trackboard/default")
    yield workspace
    workspace.recorder().close()
    workspace.close()


def state_of(workspace: trackboard.Workspace, run: str) -> tuple[RunState, str]:
    found = workspace.find_run(RunId(run))
    assert found is not None
    return found.state, found.cause


def test_a_run_begins_with_its_first_value(workspace: trackboard.Workspace) -> None:
    joined = JoinedRun(None, "digits", "first")
    joined.end(well=True)
    assert workspace.runs() == ()

    joined.log({"loss": 0.5, "accuracy": 1}, 7, "batch/")
    joined.set_parameters({"lr": 0.1})
    joined.end(well=True)
    joined.end(well=False, cause="afterwards")

    (run,) = workspace.runs()
    assert (run.experiment, run.name, run.state) == ("digits", "first", RunState.COMPLETED)
    assert workspace.history(run).metrics == ("batch/loss", "batch/accuracy")
    assert workspace.history(run).steps.tolist() == [7, 7]
    assert parts(workspace).store.list_parameters([run.id]) == {run.id: {"lr": 0.1}}
    assert "trackboard.python" in parts(workspace).store.get_properties(run.id)


def test_an_exception_says_how_it_ends(workspace: trackboard.Workspace) -> None:
    ends = {}
    for error in (ValueError("no data"), KeyboardInterrupt()):
        joined = JoinedRun(None, "digits", "")
        joined.log({"loss": 1}, 0)
        try:
            raise error
        except (ValueError, KeyboardInterrupt):
            joined.end(well=False)
        ends[type(error)] = state_of(workspace, joined.live.id)
    assert ends[ValueError][0] is RunState.FAILED
    assert ends[ValueError][1].startswith("ValueError: no data")
    assert ends[KeyboardInterrupt][0] is RunState.CANCELED


def test_without_an_exception_the_cause_is_told(workspace: trackboard.Workspace) -> None:
    joined = JoinedRun(None, "digits", "")
    joined.log({"loss": 1}, 0)
    joined.end(well=False, cause="it diverged")
    assert state_of(workspace, joined.live.id) == (RunState.FAILED, "it diverged")


def test_another_fit_is_another_run(workspace: trackboard.Workspace) -> None:
    joined = JoinedRun(None, "digits", "")
    first = joined.live
    joined.begin_again()
    assert joined.live is first, "it goes on until it has ended"
    joined.end(well=True)
    joined.begin_again()
    assert joined.live.id != first.id
    joined.end(well=True)
    assert len(workspace.runs()) == 2


@pytest.mark.parametrize("by_id", [False, True])
def test_a_run_of_somebody_else_goes_on(workspace: trackboard.Workspace, by_id: bool) -> None:
    with workspace.start_run("digits") as run:
        joined = JoinedRun(run.id if by_id else run, "other", "other")
        joined.log({"loss": 1}, 0)
        joined.end(well=False, cause="not its business")
        joined.begin_again()
        joined.log({"loss": 2}, 1)
        assert joined.experiment == "digits"
    assert state_of(workspace, run.id) == (RunState.COMPLETED, "")
    assert workspace.history(run).values.tolist() == [1, 2]


def test_an_id_that_nobody_has(workspace: trackboard.Workspace) -> None:
    with pytest.raises(NotFound, match="no run 'nobody'"):
        JoinedRun("nobody", "", "").log({"loss": 1}, 0)
    assert workspace.runs() == ()


@pytest.mark.parametrize("given", [None, "job_1"])
def test_within_a_job_it_is_the_jobs_run(
    workspace: trackboard.Workspace, monkeypatch: pytest.MonkeyPatch, given: str | None
) -> None:
    job = workspace.recorder().create_run("digits", run_id="job_1")
    monkeypatch.setenv("TRACKBOARD_RUN_ID", job.id)
    monkeypatch.setenv("TRACKBOARD_WORKSPACE", str(workspace.folder))
    monkeypatch.setenv("TRACKBOARD_EXPERIMENT", "digits")
    monkeypatch.setenv("RANK", "2")
    joined = JoinedRun(given, "other", "other")

    joined.log({"loss": 1}, 0)
    joined.end(well=True)

    assert joined.experiment == "digits"
    assert state_of(workspace, job.id) == (RunState.RUNNING, ""), "the worker ends it"
    assert workspace.history(job).metrics == ("rank2/loss",)
    job.complete()


def test_the_package_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert package_in_use("not_there", "not_there_either") == "not_there"
    assert package_in_use("not_there", "wave") == "wave", "installed"
    monkeypatch.setitem(sys.modules, "not_there", argparse)
    assert package_in_use("json", "not_there") == "json", "the first one of two in use"
    assert package_in_use("wave.deep", "not_there") == "not_there", "in use"
