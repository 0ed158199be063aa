import os
import time
from pathlib import Path

import pytest

from trackboard.errors import Unavailable
from trackboard.ingest import FolderRunFiles
from trackboard.ingest.files import write_bytes
from trackboard.layout import WorkspacePaths
from trackboard.model import FileAdded, FileBytes, FileRemoved, RecordsDropped, RunId

RUN = RunId("run")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def write(
    runs: Path, *pieces: FileBytes | FileRemoved
) -> list[FileAdded | FileRemoved | RecordsDropped]:
    return write_bytes(pieces, FolderRunFiles(WorkspacePaths(runs.parent)))


def piece(path: str, data: bytes = b"x", offset: int = 0, run: str = RUN) -> FileBytes:
    return FileBytes(RunId(run), path, offset, data)


def test_pieces_grow_a_file(runs: Path) -> None:
    (told,) = write(runs, piece("logs/a.txt", b"one "), piece("logs/a.txt", b"two", offset=4))
    assert isinstance(told, FileAdded)
    assert (told.run, told.path, told.key, told.size_bytes) == (RUN, "logs/a.txt", "", 7)
    assert (runs / RUN / "logs" / "a.txt").read_bytes() == b"one two"


def test_a_file_is_told_once_with_its_last_size_and_the_time(runs: Path) -> None:
    before_s = time.time()
    first, second = write(
        runs, piece("a", b"one "), piece("b", b"12"), piece("a", b"two", offset=4)
    )
    assert isinstance(first, FileAdded)
    assert isinstance(second, FileAdded)
    assert [(each.path, each.size_bytes) for each in (first, second)] == [("a", 7), ("b", 2)]
    assert before_s <= first.time_s <= time.time()


def test_the_same_pieces_again_change_nothing(runs: Path) -> None:
    pieces = [piece("a", b"one "), piece("a", b"two", offset=4)]
    for _ in range(2):
        write(runs, *pieces)
        assert (runs / RUN / "a").read_bytes() == b"one two"


def test_offset_zero_begins_anew(runs: Path) -> None:
    write(runs, piece("a", b"long content"))
    write(runs, piece("a", b""))
    assert (runs / RUN / "a").read_bytes() == b""


def test_a_file_that_begins_anew_is_another_file(runs: Path) -> None:
    """Who has the former one open reads on in that, and sees by the number that there is another."""
    write(runs, piece("a", b"long content"))
    with open(runs / RUN / "a", "rb") as former:
        write(runs, piece("a", b"new"))
        assert former.read() == b"long content"
        assert os.fstat(former.fileno()).st_ino != (runs / RUN / "a").stat().st_ino


def test_removing_happens_in_its_turn(runs: Path) -> None:
    gone = FileRemoved(RUN, "a")
    assert write(runs, gone, piece("a", b"x"), gone) == [gone]
    assert not (runs / RUN / "a").exists()
    (told,) = write(runs, piece("a", b"old"), gone, piece("a", b"new"))
    assert isinstance(told, FileAdded)
    assert (runs / RUN / "a").read_bytes() == b"new"


def test_no_folder_is_made_for_a_workspace_that_was_deleted(tmp_path: Path) -> None:
    gone = tmp_path / "workspace"
    with pytest.raises(Unavailable, match="No such file"):
        write(gone / "runs", piece("logs/a.txt"))
    assert not gone.exists()


@pytest.mark.parametrize(
    "path",
    ["", ".", "/etc/passwd", "../a", "a/../../b", "..", "a\0b", "\ud800", "logs/\udfff\ud800"],
)
def test_evil_paths_lead_nowhere(runs: Path, path: str) -> None:
    (told,) = write(runs, piece(path))
    assert isinstance(told, RecordsDropped)
    assert (told.run, told.count) == (RUN, 1)
    assert not runs.exists()


@pytest.mark.parametrize("run", ["../evil", "/tmp", "", ".", "..", "a/b"])
def test_evil_runs_lead_nowhere(runs: Path, run: str) -> None:
    (told,) = write(runs, piece("a", run=run))
    assert isinstance(told, RecordsDropped)
    assert not runs.exists()


@pytest.mark.parametrize(
    "path", ["..a", "a..", "a/./b", "a//b", "-rf", "ö/ü", "a\nb", "\udcff", "~"]
)
def test_odd_names_are_fine(runs: Path, path: str) -> None:
    (told,) = write(runs, piece(path, b"content"))
    assert isinstance(told, FileAdded)
    assert [p.read_bytes() for p in runs.rglob("*") if p.is_file()] == [b"content"]


@pytest.mark.parametrize("path", ["file/below", "folder", "n" * 300])
def test_a_file_that_can_never_be_written_is_given_up(runs: Path, path: str) -> None:
    """Or nothing behind it in the stream would ever be stored."""
    write(runs, piece("file"), piece("folder/inside"))
    first, second = write(runs, piece(path), piece("other"))
    assert isinstance(first, RecordsDropped)
    assert (first.run, first.count) == (RUN, 1)
    assert path in first.reason
    assert isinstance(second, FileAdded)


def test_an_offset_that_no_disk_has(runs: Path) -> None:
    for offset in (-1, 2**63 - 1):
        (told,) = write(runs, piece("a", offset=offset))
        assert isinstance(told, RecordsDropped)


def test_a_disk_that_refuses_is_asked_again(runs: Path) -> None:
    runs.mkdir()
    os.symlink("/dev/full", runs / RUN)  # not a folder: stands for a device that has trouble
    (runs / "other").mkdir()
    os.symlink("/dev/full", runs / "other" / "a")
    with pytest.raises(Unavailable, match="No space left") as caught:
        write(runs, piece("a", run="other"))
    assert "Make room" in caught.value.hint
