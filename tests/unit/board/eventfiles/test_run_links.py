from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from trackboard.board.eventfiles.discovery import EventFile, iter_event_files
from trackboard.board.eventfiles.run_files import RunFiles
from trackboard.board.eventfiles.run_links import RunFolders
from trackboard.board.eventfiles.throttle import INTERVAL_S
from trackboard.board.private_folder import PrivateFolder
from trackboard.board.view.run_list import RunLists
from trackboard.board.view.source import View
from trackboard.model import RunId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.board.conftest import Lab

    from trackboard.board.eventfiles.discovery import UnrecordedFiles


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("trackboard.board.eventfiles.throttle.time.monotonic", clock)
    return clock


@pytest.fixture
def folders(lab: Lab, clock: Clock) -> Iterator[RunFolders]:  # noqa: ARG001  # the clock stands still
    lab.add_run("a")
    folders = RunFolders(RunFiles(lab.source), RunLists(lab.source, View()), PrivateFolder())
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
    assert folders.is_complete({"0", "1", "2"})
    assert not folders.is_complete({"0", "1"})


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
    folders = RunFolders(RunFiles(lab.source), RunLists(lab.source, View()), PrivateFolder())
    follow(folders, clock)
    root = folders.find_root()
    assert isinstance(root, Path)
    assert (root / "0" / "x.tfevents").is_symlink()
    folders.close()
    folders.close()
    assert not root.exists()
    assert file.exists()


def shown(folders: RunFolders) -> dict[str, str]:
    """Files of the log directory for plugins."""
    root = folders.log_directory.path
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_a_file_that_grows_keeps_its_number_and_a_replaced_one_gets_another(
    lab: Lab, folders: RunFolders, clock: Clock
) -> None:
    file = lab.add_file("a", "logs/x.tfevents", b"50 points")
    other = lab.add_file("a", "logs/other/x.tfevents", b"x")
    follow(folders, clock)
    numbers = dict(folders.list_names(""))
    generation = folders.generation
    with file.open("ab") as growing:
        growing.write(b", more")
    follow(folders, clock)
    assert folders.list_names("") == numbers
    assert folders.generation == generation
    aside = lab.add_file("a", "aside", b"10")
    aside.replace(file)
    assert follow(folders, clock)["exp/run-1/x.tfevents"] == "10"
    changed = folders.list_names("")
    assert numbers.keys() & changed.keys() == {n for n in numbers if numbers[n].endswith("other")}
    assert folders.generation > generation
    other.write_bytes(b"y and longer")  # in place
    follow(folders, clock)
    assert not numbers.keys() & folders.list_names("").keys()


def test_a_file_that_is_gone_takes_its_points_along(
    lab: Lab, folders: RunFolders, clock: Clock
) -> None:
    old = lab.add_file("a", "logs/1.tfevents", b"old")
    follow(folders, clock)
    old.unlink()
    lab.add_file("a", "logs/2.tfevents", b"new")
    assert follow(folders, clock) == {"exp/run-1/2.tfevents": "new"}
    assert set(folders.list_names("")) == {"1"}
    (lab.run_folder(RunId("a")) / "logs" / "2.tfevents").unlink()
    assert follow(folders, clock) == {}


def test_files_in_the_blobs_are_linked_by_their_names_in_the_run(
    lab: Lab, folders: RunFolders, clock: Clock
) -> None:
    lab.keep_file("a", "outputs/tb/x.tfevents", b"kept")
    assert follow(folders, clock) == {"exp/run-1/outputs/tb/x.tfevents": "kept"}
    lab.keep_file("a", "outputs/tb/x.tfevents", b"and kept again")
    assert follow(folders, clock) == {"exp/run-1/outputs/tb/x.tfevents": "and kept again"}


def test_plugins_have_a_log_directory_called_like_the_runs(
    lab: Lab, folders: RunFolders, clock: Clock
) -> None:
    lab.add_file("a", "logs/x.tfevents", b"x")
    lab.add_file("a", "logs/train/projector_config.pbtxt", b'tensor_path: "/gone/t.tsv"')
    lab.add_file("a", "logs/train/a.tsv", b"a")
    lab.keep_file("a", "outputs/plugins/profile/1/host.xplane.pb", b"profile")
    follow(folders, clock)
    assert shown(folders) == {
        "exp/run-1/x.tfevents": "x",
        "exp/run-1/train/projector_config.pbtxt": 'tensor_path: "/gone/t.tsv"',
        "exp/run-1/train/a.tsv": "a",
        "exp/run-1/outputs/plugins/profile/1/host.xplane.pb": "profile",
    }
    assert set(folders.list_others("")) == {"exp/run-1/train", "exp/run-1/outputs"}
    for path in folders.log_directory.path.rglob("*"):
        assert not path.is_symlink(), "a plugin would not follow it out of its folder"
    lab.add_file("a", "logs/train/t.tsv", b"t")
    lab.add_file("a", "logs/train/a.tsv", b"another")
    lab.store.set_name(RunId("a"), "new")
    follow(folders, clock)
    assert shown(folders) == {
        "exp/new/x.tfevents": "x",
        "exp/new/train/projector_config.pbtxt": 'tensor_path: "t.tsv"',
        "exp/new/train/a.tsv": "another",
        "exp/new/train/t.tsv": "t",
        "exp/new/outputs/plugins/profile/1/host.xplane.pb": "profile",
    }


def test_what_lies_beside_an_event_file_is_told_whatever_the_reader_finds_in_that(
    lab: Lab, folders: RunFolders, clock: Clock
) -> None:
    lab.add_file("a", "logs/train/x.tfevents", b"")  # its writer keeps the events to itself yet
    follow(folders, clock)
    assert folders.list_others("") == ()
    lab.add_file("a", "logs/train/projector_config.pbtxt", b"")
    assert follow(folders, clock) == {"exp/run-1/train/x.tfevents": ""}
    assert folders.list_others("") == ("exp/run-1/train",)


def test_without_further_names_for_files_they_are_copied(
    lab: Lab, folders: RunFolders, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    lab.add_file("a", "logs/x.tfevents", b"x")
    lab.add_file("a", "logs/a.tsv", b"a")
    follow(folders, clock)
    assert shown(folders) == {"exp/run-1/x.tfevents": "x", "exp/run-1/a.tsv": "a"}
    assert not (folders.log_directory.path / "exp/run-1/a.tsv").is_symlink()


def test_no_name_of_a_run_leads_out_of_the_log_directory(
    lab: Lab, folders: RunFolders, clock: Clock
) -> None:
    lab.add_run("b", name="../../../out")
    lab.add_file("b", "logs/x.tfevents", b"x")
    assert "exp/../../../out/x.tfevents" in follow(folders, clock)
    assert shown(folders) == {}


def test_a_run_that_ended_is_looked_at_at_once(lab: Lab, folders: RunFolders, clock: Clock) -> None:
    folders.follow("")
    clock.now += INTERVAL_S / 10
    lab.add_file("a", "logs/x.tfevents")
    folders.follow("")
    assert folders.find_root() is None
    lab.end_run("a")
    folders.follow("")
    assert set(folders.list_names("").values()) == {"exp/run-1"}


class Beside:
    """Unrecorded files, found at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def add(self, path: str, content: bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def list(self) -> tuple[EventFile, ...]:
        return tuple(iter_event_files(self.root))


@pytest.fixture
def beside(tmp_path: Path) -> Beside:
    return Beside(tmp_path / "beside")


@pytest.fixture
def all_folders(lab: Lab, clock: Clock, beside: Beside) -> Iterator[RunFolders]:  # noqa: ARG001
    lab.add_run("a")
    unrecorded = cast("UnrecordedFiles", beside)
    run_lists = RunLists(lab.source, View())
    folders = RunFolders(RunFiles(lab.source), run_lists, PrivateFolder(), unrecorded)
    yield folders
    folders.close()


def test_files_of_no_run_are_shown_beside_those_of_runs_under_names_of_their_own(
    lab: Lab, all_folders: RunFolders, beside: Beside, clock: Clock
) -> None:
    beside.add("x.tfevents", b"1")
    beside.add("logs/train/x.tfevents", b"2")
    beside.add("exp/run-1/x.tfevents", b"3")
    beside.add("exp/run-1/train/x.tfevents", b"4")
    lab.add_file("a", "logs/train/x.tfevents", b"5")
    assert follow(all_folders, clock) == {
        "./x.tfevents": "1",
        "logs/train/x.tfevents": "2",
        "exp/run-1 #2/x.tfevents": "3",
        "exp/run-1/train #2/x.tfevents": "4",
        "exp/run-1/train/x.tfevents": "5",
    }
    assert follow(all_folders, clock, "exp") == {"exp/run-1/train/x.tfevents": "5"}
    assert {*shown(all_folders)} == {"exp/run-1/train/x.tfevents"}
    assert all_folders.list_others("") == ()


def test_files_of_no_run_are_followed(
    all_folders: RunFolders, beside: Beside, clock: Clock
) -> None:
    assert follow(all_folders, clock) == {}
    assert all_folders.find_root() is None
    file = beside.add("logs/x.tfevents", b"1")
    assert follow(all_folders, clock) == {"logs/x.tfevents": "1"}
    assert not all_folders.is_complete(set())
    changes, generation = all_folders.changes, all_folders.generation
    file.write_bytes(b"12")
    assert follow(all_folders, clock) == {"logs/x.tfevents": "12"}
    assert all_folders.changes > changes
    assert all_folders.generation == generation
    file.unlink()
    assert follow(all_folders, clock) == {}
