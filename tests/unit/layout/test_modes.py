import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackboard.layout import is_own, is_shared, make_folder, open_file, replace_file

SHARED, PRIVATE, OLD = 0o2770, 0o700, 0o755
UMASKS = [0o000, 0o022, 0o077]


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=UMASKS, ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(SHARED)
    return folder


@pytest.mark.usefixtures("umask")
def test_what_is_made_in_a_shared_folder_is_the_groups(shared: Path) -> None:
    make_folder(shared / "runs" / "1")
    file = shared / "runs" / "1" / "log.txt"
    os.close(open_file(file, os.O_WRONLY | os.O_CREAT))
    replace_file(shared / "runs" / "handle", "text")
    with open(shared / "console", "w", opener=open_file) as stream:
        stream.write("line")
    assert is_shared(shared / "runs" / "1")
    assert {mode_of(shared / "runs"), mode_of(shared / "runs" / "1")} == {SHARED}
    files = (file, shared / "runs" / "handle", shared / "console")
    assert {mode_of(one) for one in files} == {0o660}
    assert (shared / "runs" / "1").stat().st_gid == shared.stat().st_gid


@pytest.mark.usefixtures("umask")
def test_what_holds_secrets_stays_its_owners(shared: Path) -> None:
    replace_file(shared / "plan.json", "{}", mode=0o600)
    os.close(open_file(shared / "key", os.O_WRONLY | os.O_CREAT, 0o600))
    assert {mode_of(shared / "plan.json"), mode_of(shared / "key")} == {0o600}


@pytest.mark.parametrize("mode", [PRIVATE, OLD, 0o2755, 0o775])
def test_elsewhere_the_umask_decides(tmp_path: Path, umask: int, mode: int) -> None:
    folder = tmp_path / "workspace"
    folder.mkdir()
    folder.chmod(mode)
    make_folder(folder / "runs" / "1")
    os.close(open_file(folder / "runs" / "1" / "file", os.O_WRONLY | os.O_CREAT))
    assert not is_shared(folder)
    assert mode_of(folder / "runs" / "1") & 0o777 == 0o777 & ~umask
    assert mode_of(folder / "runs" / "1" / "file") == 0o666 & ~umask


def test_what_is_there_stays_as_it_is(shared: Path) -> None:
    (shared / "runs").mkdir(0o700)
    (shared / "lock").touch(0o600)
    before = mode_of(shared / "runs")
    make_folder(shared / "runs")
    os.close(open_file(shared / "lock", os.O_RDONLY))
    assert mode_of(shared / "runs") == before
    assert mode_of(shared / "lock") == 0o600


def test_a_file_in_the_way_of_a_folder_is_told(shared: Path) -> None:
    (shared / "runs").touch()
    with pytest.raises(OSError, match="runs"):
        make_folder(shared / "runs" / "1")
    with pytest.raises(OSError, match="runs"):
        make_folder(shared / "runs")
    assert os.listdir(shared) == ["runs"]


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    with pytest.raises(OSError, match="place"):
        replace_file(tmp_path / "place", "text")
    assert os.listdir(tmp_path) == ["place"]


@pytest.mark.requires("root")
def test_whose_a_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    assert is_own(tmp_path / "file")
    os.chown(tmp_path / "file", 4711, 4711)
    assert not is_own(tmp_path / "file")
    os.chown(tmp_path / "file", 0, 0)
    monkeypatch.setattr("os.geteuid", lambda: 4711)  # a file system that makes all files root's
    assert is_own(tmp_path / "file")
    assert os.listdir(tmp_path) == ["file"]


def test_no_descriptor_is_inherited(tmp_path: Path) -> None:
    fd = open_file(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    try:
        assert not os.get_inheritable(fd)
    finally:
        os.close(fd)
