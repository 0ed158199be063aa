"""Deleting an experiment takes the folders of its runs along, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workspaces import api

from trackboard.errors import Conflict, NotFound, Unavailable
from trackboard.model import RunId, RunState
from trackboard.testing.speaker import Speaker, created, moved
from trackboard.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(tmp_path)
    yield opened
    opened.recorder().close()
    opened.close()


def ended_run(workspace: Workspace, experiment: str) -> RunId:
    """A run with a plain file, and with what a job leaves."""
    run = workspace.recorder().create_run(experiment)
    run.append_bytes("logs/log.txt", 0, b"text")
    job = workspace.launch_context.paths.job(run.id).folder
    (job / "work").mkdir(parents=True)
    (job / "plan.json").write_text("{}")
    run.complete()
    return run.id


def test_folders_of_its_runs_go_and_others_stay(workspace: Workspace) -> None:
    gone = [ended_run(workspace, "old") for _ in range(2)]
    kept = ended_run(workspace, "new")
    workspace.drain()
    assert workspace.run_folder(gone[0]).exists()
    workspace.launch_context.paths.job(gone[0]).folder.chmod(0o500)

    assert api(workspace).delete_experiment("old") == tuple(gone)

    for folder in (workspace.folder / "runs", workspace.folder / "jobs"):
        assert [path.name for path in folder.iterdir()] == [kept]
    assert workspace.store.list_experiments() == ("new",)


def test_what_was_said_just_now_counts(workspace: Workspace) -> None:
    ended_run(workspace, "exp")
    begun = workspace.recorder().create_run("exp")

    with pytest.raises(Conflict, match=begun.id):
        api(workspace).delete_experiment("exp")
    begun.complete()

    assert len(api(workspace).delete_experiment("exp")) == 2
    with pytest.raises(NotFound, match="'exp'"):
        api(workspace).delete_experiment("exp")


def test_a_folder_that_cannot_be_removed_is_named(workspace: Workspace) -> None:
    run = ended_run(workspace, "exp")
    workspace.drain()
    odd = ended_run(workspace, "exp")
    workspace.drain()
    (workspace.folder / "runs" / odd).rename(workspace.folder / "aside")
    (workspace.folder / "runs" / odd).write_text("a file where a folder should be")

    with pytest.raises(Unavailable, match=f"was deleted, but not all of its files: .*{odd}"):
        api(workspace).delete_experiment("exp")

    assert workspace.store.list_runs() == ()
    assert not workspace.run_folder(run).exists()


@pytest.mark.parametrize("run", ["..", ".", "", "../runs", "/"])
def test_an_id_that_leads_elsewhere_removes_nothing(workspace: Workspace, run: str) -> None:
    kept = ended_run(workspace, "other")
    workspace.drain()
    workspace.store.apply([Speaker().batch(created(run), moved(run, RunState.COMPLETED, 1))])

    assert api(workspace).delete_experiment("exp") == (run,)

    assert (workspace.run_folder(kept) / "logs" / "log.txt").read_bytes() == b"text"
    assert workspace.folder.is_dir()
