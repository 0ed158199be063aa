from __future__ import annotations

from pathlib import Path

import pytest
from tests.waiting import until

from trackboard.board.eventfiles.log_folders import LogFolder, expand, read_log_folders
from trackboard.board.provider.opening import open_folder_provider, open_folders_provider
from trackboard.errors import UsageError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["a:x", "b:y"], {"a": "x", "b": "y"}),
        (["x", "deep/y"], {"x": "x", "y": "deep/y"}),
        (
            ["one/logs", "two/logs", "three/logs"],
            {
                "logs": "one/logs",
                "logs #2": "two/logs",
                "logs #3": "three/logs",
            },
        ),
        (["logs:z", "one/logs"], {"logs": "z", "logs #2": "one/logs"}),
        (["a:~/x", "~/y"], {"a": "x", "y": "y"}),
        (["./odd:name", "b:y"], {"odd:name": "odd:name", "b": "y"}),
        (["there:is", "b:y"], {"there:is": "there:is", "b": "y"}),
    ],
)
def test_folders_are_named_as_people_write_them(
    home: Path, words: list[str], expected: dict[str, str]
) -> None:
    (home / "there:is").mkdir()
    found = read_log_folders(words)
    assert {each.name: each.path for each in found} == {
        name: home / path for name, path in expected.items()
    }


def test_what_cannot_be_meant_is_refused(home: Path) -> None:
    (home / "file").touch()
    with pytest.raises(UsageError, match="two folders are called 'a'"):
        read_log_folders(["a:x", "a:y"])
    for words in (["file", "b:y"], ["a:file"]):
        with pytest.raises(UsageError, match="file is a file"):
            read_log_folders(words)
    assert expand("~/logs") == home / "logs"


def write(folder: Path) -> None:
    from tensorboardX import SummaryWriter  # imports torch, where that is installed

    with SummaryWriter(str(folder)) as writer:
        writer.add_scalar("loss", 1.0, 0)


def test_folders_that_come_later_are_found(home: Path) -> None:
    write(home / "x")
    write(home / "x" / "sub")
    folders = [LogFolder("a", home / "x"), LogFolder('b "odd"', home / "later")]
    board = open_folders_provider(folders)
    single = open_folder_provider(home / "later")
    try:
        assert single.list_runs(experiment_id="") == []
        until(lambda: {run.run_id for run in board.list_runs(experiment_id="")} == {"a", "a/sub"})
        write(home / "later" / "deep")
        expected = {"a", "a/sub", 'b "odd"/deep'}
        until(lambda: {run.run_id for run in board.list_runs(experiment_id="")} == expected)
        until(lambda: [run.run_id for run in single.list_runs(experiment_id="")] == ["deep"])
        links = board.log_directory
        assert links.is_dir()
    finally:
        board.close()
        single.close()
    assert not links.exists()
