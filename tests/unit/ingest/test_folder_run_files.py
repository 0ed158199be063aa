import errno
import os
import shutil
from pathlib import Path

import pytest

from trackboard.errors import NotFound, TrackboardError, Unavailable, UsageError
from trackboard.ingest import FolderRunFiles
from trackboard.layout import WorkspacePaths
from trackboard.model import RunId
from trackboard.ports import PlainFile, Unwritable

RUN = RunId("run")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "runs" / RUN


@pytest.fixture
def files(tmp_path: Path) -> FolderRunFiles:
    return FolderRunFiles(WorkspacePaths(tmp_path))


def test_bytes_go_to_their_offset(files: FolderRunFiles, home: Path) -> None:
    assert files.write(RUN, "logs/a", 0, b"012345") == 6
    assert files.write(RUN, "logs/a", 2, b"ab") == 6, "the size, not the end of the piece"
    assert files.write(RUN, "logs/a", 8, b"x") == 9
    assert (home / "logs" / "a").read_bytes() == b"01ab45\0\0x"
    with files.open(RUN, "logs/a") as file:
        assert file.read() == b"01ab45\0\0x"


def test_a_disk_that_takes_a_part_is_given_the_rest(
    files: FolderRunFiles, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = os.pwrite
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", lambda fd, data, offset: plain(fd, bytes(data[:3]), offset))
        assert files.write(RUN, "a", 0, b"0123456789") == 10
    assert (home / "a").read_bytes() == b"0123456789"


def test_a_file_of_somebody_else_in_its_place_stays(files: FolderRunFiles, home: Path) -> None:
    (home / "folder").mkdir(parents=True)
    with pytest.raises(Unwritable, match="'folder' could not be written: Is a directory"):
        files.write(RUN, "folder", 0, b"x")
    files.remove(RUN, "folder")
    assert (home / "folder").is_dir()
    files.remove(RUN, "nothing")
    files.write(RUN, "file", 0, b"x")
    files.remove(RUN, "file/below")
    files.remove(RUN, "file")
    assert not (home / "file").exists()


@pytest.mark.parametrize(
    ("call", "number"),
    [
        *(("write", errno.ENOTDIR), ("write", errno.EEXIST), ("write", errno.EFBIG)),
        *(("write", errno.ENAMETOOLONG), ("write", errno.ELOOP), ("write", errno.EINVAL)),
        *(("write", errno.EISDIR), ("remove", errno.EISDIR), ("remove", errno.ELOOP)),
    ],
)
def test_what_can_never_be_written_is_another_error(
    files: FolderRunFiles, monkeypatch: pytest.MonkeyPatch, number: int, call: str
) -> None:
    error = refuse(files, monkeypatch, call, OSError(number, os.strerror(number)))
    assert isinstance(error, Unwritable)
    assert os.strerror(number) in error.message
    assert "'logs/a'" in error.message
    assert "another name" in error.hint


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("call", ["write", "remove"])
def test_a_disk_that_refuses_may_take_it_later(
    files: FolderRunFiles, home: Path, monkeypatch: pytest.MonkeyPatch, number: int, call: str
) -> None:
    error = refuse(files, monkeypatch, call, OSError(number, os.strerror(number)))
    assert type(error) is Unavailable
    assert error.message == f"{home / 'logs/a'} could not be written: {os.strerror(number)}"
    assert "Make room" in error.hint


def test_a_refusal_without_words_is_said_by_what_it_is(
    files: FolderRunFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = refuse(files, monkeypatch, "write", OSError("odd"))
    assert error.message.endswith("could not be written: odd")


def refuse(
    files: FolderRunFiles, monkeypatch: pytest.MonkeyPatch, call: str, error: OSError
) -> TrackboardError:
    def raising(*_: object, **__: object) -> None:
        raise error

    files.write(RUN, "logs/a", 0, b"x")
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", raising)
        patch.setattr(Path, "unlink", raising if call == "remove" else lambda _: None)
        arguments = ("logs/a", 0, b"x") if call == "write" else ("logs/a",)
        with pytest.raises((Unavailable, Unwritable)) as caught:
            getattr(files, call)(RUN, *arguments)
    return caught.value


def test_nothing_is_left_open(files: FolderRunFiles) -> None:
    before = len(os.listdir("/dev/fd"))
    for offset in range(3):
        files.write(RUN, "a", offset, b"x")
    assert len(os.listdir("/dev/fd")) == before


def test_files_are_listed_by_path(files: FolderRunFiles) -> None:
    assert files.list(RUN) == ()
    for path, size in (("b", 2), ("a/z", 1), ("a/b/c", 0), ("a!", 4)):
        files.write(RUN, path, 0, bytes(size))
    files.write(RunId("other"), "d", 0, b"x")
    assert files.list(RUN) == tuple(
        PlainFile(path, size) for path, size in (("a!", 4), ("a/b/c", 0), ("a/z", 1), ("b", 2))
    )


def test_a_file_that_goes_away_meanwhile_is_left_out(
    files: FolderRunFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("a", "b", "c"):
        files.write(RUN, path, 0, b"x")
    plain = Path.lstat

    def lstat(path: Path) -> os.stat_result:
        if path.name == "b":
            raise FileNotFoundError(errno.ENOENT, "gone")
        return plain(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "lstat", lstat)
        assert [file.path for file in files.list(RUN)] == ["a", "c"]


def test_a_file_that_is_not_there_is_named(files: FolderRunFiles) -> None:
    files.write(RUN, "a", 0, b"x")
    with pytest.raises(NotFound, match=r"there is no file .*logs/b"):
        files.open(RUN, "logs/b")


def test_the_folder_of_a_run_is_removed(
    files: FolderRunFiles, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.delete(RUN)
    files.write(RUN, "logs/a", 0, b"x")

    def raising(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", raising)
        with pytest.raises(Unavailable) as caught:
            files.delete(RUN)
    assert caught.value.message == f"{home} could not be removed: Permission denied"
    assert home.exists()
    files.delete(RUN)
    assert not home.exists()


@pytest.mark.parametrize("path", ["../other/a", "/etc/passwd", ""])
def test_no_path_leads_out_of_the_run(files: FolderRunFiles, tmp_path: Path, path: str) -> None:
    for call in (
        lambda: files.write(RUN, path, 0, b"x"),
        lambda: files.remove(RUN, path),
        lambda: files.open(RUN, path),
    ):
        with pytest.raises(UsageError):
            call()
    assert list(tmp_path.rglob("*")) == []
