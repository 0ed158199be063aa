from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trackboard.board.event_links import RunFolders
from trackboard.board.pace import INTERVAL_S
from trackboard.board.roster import Rosters
from trackboard.board.source import View
from trackboard.model import RunId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.board.conftest import Lab


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("trackboard.board.pace.time.monotonic", clock)
    return clock


@pytest.fixture
def folders(lab: Lab, clock: Clock) -> Iterator[RunFolders]:  # noqa: ARG001  # the clock stands still
    lab.add_run("a")
    folders = RunFolders(lab.run_folder, Rosters(lab.source, View()))
    yield folders
    folders.close()


def follow(folders: RunFolders, clock: Clock, experiment_id: str = "") -> dict[str, str]:
    """Look now; content of each linked file by the name of its run."""
    clock.now += 100 * INTERVAL_S
    folders.follow(experiment_id)
    root = folders.find_root()
    if root is None:
        return {}
    return {
        f"{name}/{file.name}": file.read_text()
        for number, name in folders.list_names(experiment_id).items()
        for file in sorted((root / number).iterdir())
    }


def test_links_every_event_file_of_every_run(lab: Lab, folders: RunFolders, clock: Clock) -> None:
    assert follow(folders, clock) == {}
    assert folders.changes == 0
    lab.add_run("b", name="ridge")
    lab.add_file("a", "logs/x.tfevents.1", b"1")
    lab.add_file("a", "logs/train/x.tfevents.2", b"2")
    lab.add_file("b", "outputs/tb/x.tfevents.3", b"3")
    lab.add_file("b", "outputs/model.bin")
    assert follow(folders, clock) == {
        "exp/run-1/x.tfevents.1": "1",
        "exp/run-1/train/x.tfevents.2": "2",
        "exp/ridge/outputs/tb/x.tfevents.3": "3",
    }
    assert folders.count() == 3


def test_links_follow_files_and_names(lab: Lab, folders: RunFolders, clock: Clock) -> None:
    file = lab.add_file("a", "logs/x.tfevents.1", b"1")
    follow(folders, clock)
    changes = folders.changes
    assert follow(folders, clock) == {"exp/run-1/x.tfevents.1": "1"}
    assert folders.changes == changes
    file.write_bytes(b"12")
    lab.store.set_name(RunId("a"), "new")
    assert follow(folders, clock) == {"exp/new/x.tfevents.1": "12"}
    assert folders.changes == changes + 1
    lab.add_file("a", "logs/y.tfevents.2", b"y")
    file.unlink()
    assert follow(folders, clock) == {"exp/new/y.tfevents.2": "y"}


def test_looks_at_most_once_a_second(lab: Lab, folders: RunFolders, clock: Clock) -> None:
    folders.follow("")
    lab.add_file("a", "x.tfevents")
    clock.now += INTERVAL_S / 2
    folders.follow("defaultExperimentId")
    assert folders.find_root() is None
    clock.now += INTERVAL_S / 2
    folders.follow("")
    assert folders.find_root() is not None


def test_shows_an_experiment_only_its_own_runs(lab: Lab, folders: RunFolders, clock: Clock) -> None:
    lab.add_run("b", "other")
    for run in "ab":
        lab.add_file(run, "logs/x.tfevents", run.encode())
    assert follow(folders, clock, "other") == {"other/run-1/x.tfevents": "b"}
    assert len(follow(folders, clock)) == 2
    assert follow(folders, clock, "exp") == {"exp/run-1/x.tfevents": "a"}


def test_files_that_come_after_the_end_are_found_in_time(
    lab: Lab, folders: RunFolders, clock: Clock
) -> None:
    for number in range(700):
        lab.add_run(str(number))
        lab.end_run(str(number))  # long ago
    follow(folders, clock)
    lab.add_file("3", "logs/x.tfevents")
    lab.add_file("650", "logs/x.tfevents")
    for _ in range(2):
        found = follow(folders, clock)
    assert len(found) == 2


def test_odd_names_do_no_harm(lab: Lab, folders: RunFolders, clock: Clock) -> None:
    odd = os.fsdecode(b"\xff\n")
    lab.add_file("a", f"logs/{odd}/{odd}.tfevents.1", b"odd")
    (path,) = follow(folders, clock)
    assert path.startswith(f"exp/run-1/{odd}/events.tfevents.")


def test_the_links_are_removed_and_the_files_are_not(lab: Lab, clock: Clock) -> None:
    lab.add_run("a")
    file = lab.add_file("a", "logs/x.tfevents")
    folders = RunFolders(lab.run_folder, Rosters(lab.source, View()))
    follow(folders, clock)
    root = folders.find_root()
    assert isinstance(root, Path)
    assert (root / "0" / "x.tfevents").is_symlink()
    folders.close()
    folders.close()
    assert not root.exists()
    assert file.exists()
