from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tensorboard.data.provider import RunTagFilter

from trackboard.board.dashboards.status.job_status import Statuses
from trackboard.board.provider.combined import BoardProvider
from trackboard.board.view.run_list import RunLists
from trackboard.board.view.source import View
from trackboard.model import BUILD_LOG, Compute, RunId, RunState

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab


def read(board: BoardProvider, **which: Any) -> dict[str, str]:
    """The statuses by run."""
    found = board.read_tensors(experiment_id="", plugin_name="text", **which)
    return {run: tags["status"][-1].numpy.item() for run, tags in found.items() if "status" in tags}


@pytest.fixture
def queue(lab: Lab) -> Lab:
    """One job that has the only node, and two that wait."""
    lab.store.add_compute(Compute("cpu-cluster", "AmlCompute", "", 0, 1, 0, 0.0, {}))
    for run in "abc":
        lab.add_job(run)
    lab.store.claim_job("cpu-cluster")
    return lab


def test_every_job_has_one_from_submit_on(queue: Lab) -> None:
    queue.add_run("d")
    board = queue.open()
    listed = board.list_tensors(experiment_id="", plugin_name="text")

    assert listed.keys() == {"exp/run-1", "exp/run-2", "exp/run-3"}
    assert all(list(tags) == ["status"] for tags in listed.values())
    assert "text" in board.list_plugins(experiment_id="")
    runs = [run.run_name for run in board.list_runs(experiment_id="")]
    assert runs == ["exp/run-1", "exp/run-2", "exp/run-3", "exp/run-4"]


def test_the_place_in_the_queue(queue: Lab) -> None:
    texts = read(queue.open())
    assert "Its worker is being started" in texts["exp/run-1"]
    assert "position 1 of 2 on cpu&#45;cluster" in texts["exp/run-2"]
    assert "running there: exp&#47;run&#45;1" in texts["exp/run-2"]
    assert "position 2 of 2" in texts["exp/run-3"]


def test_it_follows_the_job_through_its_life(queue: Lab) -> None:
    board = queue.open()
    queue.move("a", RunState.PREPARING)
    queue.add_file("a", BUILD_LOG, b"Resolved 2 packages\n")
    assert "**Preparing**" in read(board)["exp/run-1"]
    assert "    Resolved 2 packages" in read(board)["exp/run-1"]
    queue.move("a", RunState.RUNNING)
    queue.add_file("a", "user_logs/std_log.txt", b"step 1\nstep 2\n")
    text = read(board)["exp/run-1"]
    assert "**Running**" in text
    assert text.endswith("    step 1\n    step 2")
    assert "Resolved" not in text
    queue.move("a", RunState.FAILED, "it exited with code 3", 4.0)
    text = read(board)["exp/run-1"]
    assert "**Failed**" in text
    assert "it exited with code 3" in text
    assert text.endswith("    step 2")


def test_each_change_of_the_queue_is_news(queue: Lab) -> None:
    board = queue.open()
    tokens = [board.change_token()]
    queue.store.remove_job(RunId("a"))
    tokens.append(board.change_token())
    queue.store.claim_job("cpu-cluster")
    tokens.append(board.change_token())
    assert len(set(tokens)) == 3
    assert "position 1 of 1" in read(board)["exp/run-3"]


def test_without_a_word_of_its_own_the_build_is_shown(lab: Lab) -> None:
    lab.add_job("a", queued=False)
    lab.add_file("a", "user_logs/std_log.txt", b"")
    lab.add_file("a", BUILD_LOG, b"no such package\n")
    lab.move("a", RunState.FAILED, "it cannot be built")
    assert read(lab.open())["exp/run-1"].endswith("    no such package")


def test_many_processes_share_the_lines(lab: Lab) -> None:
    lab.add_job("a", queued=False)
    lab.move("a", RunState.RUNNING)
    for rank in range(12):
        printed = "".join(f"{rank}-{line}\n" for line in range(40))
        lab.add_file("a", f"user_logs/std_log_process_{rank}.txt", printed.encode())
    lab.add_file("a", "user_logs/other.txt", b"no console")
    text = read(lab.open())["exp/run-1"]
    assert "    0-39\n\nThe end of user&#95;logs&#47;std&#95;log&#95;process&#95;1&#46;txt" in text
    assert [f"    {rank}-35" in text for rank in range(12)] == [True] * 8 + [False] * 4
    assert "0-34" not in text
    assert "no console" not in text


def test_only_the_runs_that_are_asked_for_are_looked_at(queue: Lab) -> None:
    for run in "bc":
        queue.move(run, RunState.RUNNING)
    looked_at: list[str] = []

    def folder_of(run: RunId) -> Path:
        looked_at.append(run)
        return queue.run_folder(run)

    source = replace(queue.source, run_folder=folder_of)
    found = Statuses(source, RunLists(source, View()))

    def read_some(run_tag_filter: RunTagFilter) -> set[str]:
        which: Any = {"experiment_id": "", "plugin_name": "text", "run_tag_filter": run_tag_filter}
        return set(found.read_tensors(**which))

    assert found.exist("")
    assert len(found.list_tensors(experiment_id="", plugin_name="text")) == 3
    assert looked_at == []
    assert read_some(RunTagFilter(runs=["exp/run-2"], tags=["status"])) == {"exp/run-2"}
    assert read_some(RunTagFilter(tags=["other"])) == set()
    assert set(looked_at) == {"b"}


def test_a_page_without_room_gets_none(queue: Lab) -> None:
    assert read(queue.open(), downsample=0) == {}


def test_what_a_job_logs_under_that_name_is_shown_instead(lab: Lab) -> None:
    lab.add_job("a", queued=False)
    lab.move("a", RunState.RUNNING)
    lab.log_text("a", "status", 7, "mine")
    assert read(lab.open()) == {"exp/run-1": "mine"}


def test_views_show_their_own_jobs(queue: Lab) -> None:
    assert read(queue.open(View(experiment="exp"))).keys() == {
        "exp/run-1",
        "exp/run-2",
        "exp/run-3",
    }
    assert read(queue.open(View(runs=(RunId("b"),)))).keys() == {"exp/run-2"}


def test_other_dashboards_have_nothing_of_it(queue: Lab) -> None:
    board = queue.open()
    assert board.list_tensors(experiment_id="", plugin_name="pr_curves") == {}
    assert board.read_tensors(experiment_id="", plugin_name="pr_curves") == {}


def test_a_page_opens_with_the_statuses_while_nothing_else_can_be_there(queue: Lab) -> None:
    board = queue.open()
    assert board.list_plugins(experiment_id="") == ["text"]
    queue.move("a", RunState.RUNNING)
    assert board.list_plugins(experiment_id="") == ["scalars", "text"]
    queue.move("a", RunState.FAILED)
    assert board.list_plugins(experiment_id="") == ["text"]
    queue.log("a", "loss", [1.0])
    assert board.list_plugins(experiment_id="") == ["scalars", "text"]


def test_an_empty_page_has_scalars(lab: Lab) -> None:
    assert lab.open().list_plugins(experiment_id="") == ["scalars"]
    lab.add_run("a")
    assert lab.open().list_plugins(experiment_id="") == ["scalars"]
