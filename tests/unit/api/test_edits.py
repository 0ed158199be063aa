"""What people change about runs from Python, also about ended ones."""

from __future__ import annotations

import doctest
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackboard import Workspace
from trackboard.api.chosen_runs import AnyRun
from trackboard.errors import Conflict, NotFound, UsageError
from trackboard.record import LiveRun


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(tmp_path)
    yield opened
    opened.recorder().close()
    opened.close()


@pytest.fixture
def first(workspace: Workspace) -> LiveRun:
    """A run that has ended."""
    with workspace.start_run("digits", name="first", capture=False) as run:
        run.log("loss", 0.5)
    return run


def test_the_examples(workspace: Workspace, first: LiveRun) -> None:
    del first
    runner, finder = doctest.DocTestRunner(), doctest.DocTestFinder()
    for method in ("rename", "tag", "untag", "note", "archive", "unarchive", "delete", "restore"):
        for example in finder.find(
            getattr(Workspace, method), method, globs={"workspace": workspace}
        ):
            runner.run(example)
    assert runner.summarize(verbose=False).failed == 0
    (run,) = workspace.runs()
    assert (run.name, run.description) == ("baseline", "Learns *too fast*.")
    assert workspace.tags(run) == {"team": "vision"}


def test_a_run_is_given_in_any_way(workspace: Workspace, first: LiveRun) -> None:
    (run,) = workspace.runs()
    ways: list[AnyRun] = [run, first, run.id, "digits/first"]
    for number, given in enumerate(ways):
        workspace.tag(given, f"k{number}=v")
    assert workspace.tags(first) == {f"k{number}": "v" for number in range(4)}
    workspace.untag(run, ["k0", "k1", "nobody"])
    workspace.tag(run, ["plain", "a=b"])
    assert workspace.tags(first) == {"a": "b", "k2": "v", "k3": "v", "plain": None}


def test_many_runs_at_once_or_none(workspace: Workspace, first: LiveRun) -> None:
    with workspace.start_run("digits", name="second", capture=False) as going_on:
        with pytest.raises(Conflict):
            workspace.delete([first, going_on])
        with pytest.raises(NotFound):
            workspace.delete([first, "nobody"])
        assert len(workspace.runs()) == 2
        assert workspace.delete(workspace.runs(), force=True) == (first.id, going_on.id)
        assert workspace.runs() == ()
        assert [run.id for run in workspace.trash()] == [first.id, going_on.id]
        assert [run.id for run in workspace.runs(deleted=True)] == [going_on.id, first.id]
        assert workspace.find_run("digits/first") is None
        going_on.log("loss", 0.25)
    assert workspace.restore(["digits/first", "second"]) == (first.id, going_on.id)
    assert workspace.metrics(going_on)["loss"].last_value == 0.25


def test_an_experiment_is_no_run(workspace: Workspace, first: LiveRun) -> None:
    with workspace.start_run("digits", capture=False):
        pass
    with pytest.raises(UsageError, match="'digits' is an experiment of 2 runs"):
        workspace.delete("digits")
    assert len(workspace.delete_experiment("digits")) == 2
    assert workspace.runs() == ()
    assert first.id in workspace.restore_experiment("digits")


def test_archived_runs_are_listed_when_asked_for(workspace: Workspace, first: LiveRun) -> None:
    workspace.archive(first)
    assert workspace.runs() == ()
    assert [run.id for run in workspace.runs(archived=True)] == [first.id]
    for wrong in ({"archived": 1}, {"deleted": "yes"}):
        with pytest.raises(UsageError, match="is no bool"):
            workspace.runs(**wrong)
    with pytest.raises(UsageError, match="Did you mean deleted="):
        workspace.runs(trash=True)  # type: ignore[call-arg]
