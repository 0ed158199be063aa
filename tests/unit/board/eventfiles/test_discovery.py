from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tensorboard.errors import NotFoundError
from tests.waiting import until

from trackboard.board.eventfiles import discovery
from trackboard.board.eventfiles.discovery import PlainFolder, UnrecordedFiles, iter_event_files
from trackboard.board.eventfiles.throttle import INTERVAL_S


def add(path: Path, size: int = 3) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


def test_finds_event_files_anywhere_and_nothing_else(tmp_path: Path) -> None:
    add(tmp_path / "events.out.tfevents.1.host")
    add(tmp_path / "logs/train/x.tfevents.2", 7)
    add(tmp_path / "logs/notes.txt")
    (tmp_path / "logs/a.tfevents.folder").mkdir()
    (tmp_path / "logs/broken.tfevents").symlink_to(tmp_path / "nothing")
    found = iter_event_files(tmp_path)
    assert {(file.folder, file.name, file.state.size_bytes) for file in found} == {
        ("", "events.out.tfevents.1.host", 3),
        ("logs/train", "x.tfevents.2", 7),
    }
    assert list(iter_event_files(tmp_path / "missing")) == []
    assert list(iter_event_files(tmp_path / "logs/notes.txt")) == []


def test_linked_folders_are_entered_only_when_asked_and_once(tmp_path: Path) -> None:
    add(tmp_path / "real/x.tfevents")
    shown = tmp_path / "shown"
    shown.mkdir()
    (shown / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real/back").symlink_to(shown)
    assert list(iter_event_files(shown)) == []
    folders = {file.folder for file in iter_event_files(shown, follow_links=True)}
    assert folders == {"link"}


def test_a_plain_folder_notices_growth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = PlainFolder(tmp_path / "x")
    now = 100.0
    monkeypatch.setattr("trackboard.board.eventfiles.throttle.time.monotonic", lambda: now)
    folder.follow("")
    assert (folder.find_root(), folder.changes) == (None, 0)
    file = add(tmp_path / "x/logs/a.tfevents")
    folder.follow("")
    assert folder.changes == 0, "it looks once a second"
    now += INTERVAL_S
    folder.follow("defaultExperimentId")
    assert (folder.find_root(), folder.changes) == (tmp_path / "x", 1)
    assert folder.is_complete({"logs"})
    assert not folder.is_complete(set())
    file.write_bytes(b"longer")
    now += INTERVAL_S
    folder.follow("")
    assert folder.changes == 2
    with pytest.raises(NotFoundError, match="has no experiments"):
        folder.follow("exp")


def test_a_reader_of_a_plain_folder_starts_again_when_a_file_was_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = PlainFolder(tmp_path)
    now = 100.0
    monkeypatch.setattr("trackboard.board.eventfiles.throttle.time.monotonic", lambda: now)
    epochs = []

    def look() -> None:
        nonlocal now
        now += 100 * INTERVAL_S
        folder.follow("")
        epochs.append(folder.epoch)

    first, second = add(tmp_path / "a/1.tfevents", 50), add(tmp_path / "b/1.tfevents", 50)
    look()
    first.write_bytes(first.read_bytes() + b"more")
    look()
    add(tmp_path / "aside", 10).replace(first)
    look()
    add(tmp_path / "a/2.tfevents")
    first.unlink()  # begun again
    look()
    second.unlink()  # of a run that is gone the reader lets go by itself
    look()
    assert epochs == [0, 0, 1, 2, 2]


def test_finds_all_event_files_but_those_of_the_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("trackboard.board.eventfiles.throttle.time.monotonic", lambda: now)
    files = UnrecordedFiles(tmp_path, without=".history", look_timeout_s=100.0)
    assert files.list() == ()
    grows = add(tmp_path / "logs/train/b.tfevents")
    add(tmp_path / "a.tfevents")
    add(tmp_path / "logs/train/notes.txt")
    add(tmp_path / ".history/default/jobs/1/logs/c.tfevents")
    add(tmp_path / "logs/.history/d.tfevents")
    assert files.list() == (), "it looks once a second"
    now += INTERVAL_S
    first = files.list()
    assert [(file.folder, file.name) for file in first] == [
        ("", "a.tfevents"),
        ("logs/.history", "d.tfevents"),
        ("logs/train", "b.tfevents"),
    ]
    grows.write_bytes(b"longer")
    now += INTERVAL_S
    assert files.list()[:2] == first[:2]
    assert files.list()[2].state.size_bytes == 6


def test_nobody_waits_for_a_look_that_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[None] = []
    go_on = threading.Event()

    def look(*_: object, **__: object) -> list[object]:
        looks.append(None)
        go_on.wait()
        return []

    monkeypatch.setattr(discovery, "iter_event_files", look)
    files = UnrecordedFiles(tmp_path, without="", look_timeout_s=0.0)
    before = threading.active_count()
    for _ in range(5):
        assert files.list() == ()
    assert len(looks) == 1, "one look at a time"
    go_on.set()
    until(lambda: threading.active_count() < before + 1)
