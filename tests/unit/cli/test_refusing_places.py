"""Every verb that writes to a place that somebody named says which one refused, and leaves nothing there."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.prerequisites import require

from trackboard import Workspace
from trackboard.cli.main import main

Said = pytest.CaptureFixture[str]
VERBS = {  # {} is the place
    "backup": "backup {}/saved.tar",
    "backup to a folder": "backup {}/saved",
    "copy": "copy digits --to {}/there",
    "export to CSV": "export digits --to {}/points.csv",
    "export of runs": "export digits --table runs --to {}/runs.parquet",
    "export of a report": "export digits --to {}/report.html",
    "export of event files": "export digits --to {}/events",
    "download": "download digits/first --to {}/files",
    "restore-backup": "restore-backup saved.tar {}/there",
}
OWN = {  # what writes to the history that it is typed for
    "import": "import {history} -w {disk}",
    "copy": "copy digits --to {disk}",
    "gc": "gc --older-than 0 -w {disk}",
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], int]:
    def typed(words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["trackboard", *words.split()])
        return main()

    return typed


@pytest.fixture
def history(empty_folder: Path) -> Path:
    """The current folder, with a history that is larger than the disks here, and a backup of it."""
    workspace = Workspace.open()
    with workspace.start_run("digits", name="first", capture=False) as run:
        for step in range(9_000):
            run.log("loss", 0.5, step)
        run.log_text("note", random.Random(0).randbytes(150_000).hex())  # larger than the disks
        run.log_file(_file(empty_folder / "random", os.urandom(200_000)), "outputs/random")
    workspace.backup(empty_folder / "saved.tar")
    workspace.recorder().close()
    workspace.close()
    return empty_folder


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _mount(folder: Path, options: str) -> None:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    require("root")
    subprocess.run(command, capture_output=True, check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    _mount(folder, "size=8k")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    _mount(folder, "size=8k,ro")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("verb", VERBS)
def test_a_full_disk(
    verb: str, run: Callable[[str], int], history: Path, small_disk: Path, capsys: Said
) -> None:
    assert run(VERBS[verb].format(small_disk)) == 5
    said = capsys.readouterr().err
    assert str(small_disk) in said
    assert "full" in said
    assert str(history) not in said.replace(str(small_disk), "")
    assert [
        path for path in small_disk.rglob("*") if path.is_file() and path.suffix == ".tar"
    ] == []


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("verb", VERBS)
def test_a_read_only_disk(
    verb: str, run: Callable[[str], int], read_only_disk: Path, capsys: Said
) -> None:
    assert run(VERBS[verb].format(read_only_disk)) == 5
    said = capsys.readouterr().err
    assert str(read_only_disk) in said
    assert "ead-only" in said or "may not be written" in said


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("verb", VERBS)
def test_a_file_in_the_place_of_a_folder(
    verb: str, run: Callable[[str], int], tmp_path: Path, capsys: Said
) -> None:
    _file(tmp_path / "taken", b"mine")
    assert run(VERBS[verb].format(tmp_path / "taken")) in (2, 5)
    said = capsys.readouterr().err
    assert str(tmp_path / "taken") in said
    assert (tmp_path / "taken").read_bytes() == b"mine"


def _fill(disk: Path) -> None:
    with open(disk / "filler", "ab", buffering=0) as file:
        for size in (1 << 12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


@pytest.mark.parametrize("words", OWN.values())
def test_a_full_disk_under_a_history(
    words: str, history: Path, run: Callable[[str], int], own_disk: Path, capsys: Said
) -> None:
    """What is stored there stays, and is read."""
    _fill(own_disk)
    assert run(words.format(disk=own_disk, history=history)) == 5
    said = capsys.readouterr().err
    assert str(own_disk) in said
    assert "its disk has space" in said
    (own_disk / "filler").unlink()
    assert run(words.format(disk=own_disk, history=history)) == 0
    assert run(f"show a/kept -w {own_disk}") == 0


@pytest.fixture
def own_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with a history of its own, of a run and a deleted one."""
    folder = tmp_path / "disk"
    _mount(folder, "size=4m")
    workspace = Workspace.open(folder)
    for name in ("kept", "deleted"):
        with workspace.start_run("a", name=name, capture=False) as run:
            run.log("loss", 0.5, 1)
    workspace.delete("a/deleted")
    workspace.recorder().close()
    workspace.close()
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
