"""What killed processes leave is removed, what living ones have is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trackboard.board.private_folder import PrivateFolder, remove_around, remove_left_behind

_MAKE = """
import sys, pathlib
from trackboard.board.private_folder import PrivateFolder
folder = PrivateFolder(pathlib.Path(sys.argv[1]))
(folder.path / "below").mkdir()
print(folder.path, flush=True)
sys.stdin.read()
"""


def age(folder: Path) -> None:
    for path in (folder, folder / "lock"):
        if path.exists():
            os.utime(path, (1, 1))


def test_a_folder_of_its_own_in_the_first_place_that_can_be_written(tmp_path: Path) -> None:
    folder = PrivateFolder(tmp_path / "missing", tmp_path)
    assert folder.path.parent == tmp_path
    assert folder.path.stat().st_mode & 0o777 == 0o700
    (folder.path / "below").mkdir()
    folder.close()
    folder.close()
    assert not folder.path.exists()


def test_in_the_temporary_folder_where_there_is_no_better_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", os.fspath(tmp_path))
    folder = PrivateFolder(tmp_path / "missing")
    assert folder.path.parent == tmp_path
    folder.close()


def test_what_a_killed_process_left_goes_with_the_next(tmp_path: Path) -> None:
    words = [sys.executable, "-c", _MAKE, os.fspath(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        left = Path(child.stdout.readline().strip())
        age(left)
        remove_left_behind(tmp_path)
        assert left.is_dir(), "its process lives"
        child.kill()
        child.wait()
    PrivateFolder(tmp_path).close()
    assert not left.exists()


def test_a_folder_that_is_just_being_made_is_let_alone(tmp_path: Path) -> None:
    new = tmp_path / "trackboard-board-new"
    new.mkdir()
    remove_left_behind(tmp_path)
    assert new.is_dir()
    age(new)
    (tmp_path / "other").mkdir()
    remove_left_behind(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_a_file_goes_with_its_private_folder_only(tmp_path: Path) -> None:
    folder = PrivateFolder(tmp_path)
    for file in (folder.path / "x", tmp_path / "x"):
        file.touch()
        remove_around(file)
        remove_around(file)
    assert list(tmp_path.iterdir()) == []
    folder.close()
