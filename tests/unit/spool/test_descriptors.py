import errno
import fcntl
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackboard.spool import descriptors
from trackboard.spool.descriptors import FileIdentity, IgnoredRefusals, identify, is_refusal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return path


@pytest.fixture
def fd(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY)
    yield fd
    if _is_a_descriptor(fd):
        os.close(fd)


def _is_a_descriptor(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def test_a_file_is_known_by_device_and_inode(path: Path, fd: int) -> None:
    found = os.stat(path)
    assert identify(os.fstat(fd)) == FileIdentity(found.st_dev, found.st_ino)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "full"), True),
        (PermissionError(errno.EACCES, "no"), True),
        (TimeoutError("a signal handler's"), False),
        (KeyboardInterrupt(), False),
        (ValueError(), False),
        (None, False),
    ],
)
def test_only_the_kernel_refuses(error: BaseException | None, expected: bool) -> None:
    assert is_refusal(error) is expected


def test_a_refusal_may_be_ignored_and_nothing_else() -> None:
    with IgnoredRefusals():
        raise OSError(errno.EIO, "the disk")
    for error in (TimeoutError("late"), KeyboardInterrupt(), ValueError("odd")):
        with pytest.raises(type(error)), IgnoredRefusals():
            raise error


def test_a_descriptor_that_moves_up_is_the_same_file_beyond_the_reach_of_others(fd: int) -> None:
    identity = identify(os.fstat(fd))
    high = descriptors.move_up(fd)
    try:
        assert high >= min(512, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
        assert not _is_a_descriptor(fd)
        assert identify(os.fstat(high)) == identity
        assert not os.get_inheritable(high)
    finally:
        os.close(high)


@pytest.mark.parametrize(
    ("most", "lowest"),
    [(100, 50), (1024, 512), (1 << 20, 512), (resource.RLIM_INFINITY, 512)],
)
def test_how_high_depends_on_how_many_there_may_be(
    fd: int, monkeypatch: pytest.MonkeyPatch, most: int, lowest: int
) -> None:
    asked = []

    def duplicate(_fd: int, _command: int, least: int) -> int:
        asked.append(least)
        return os.dup(fd)

    monkeypatch.setattr(resource, "getrlimit", lambda _which: (most, 1 << 30))  # it may be raised
    monkeypatch.setattr(fcntl, "fcntl", duplicate)
    os.close(descriptors.move_up(os.dup(fd)))
    assert asked == [lowest]


def test_where_descriptors_are_scarce_it_stays(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EMFILE, "too many")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    assert descriptors.move_up(fd) == fd
    assert os.read(fd, 7) == b"content"


def test_an_interruption_of_the_move_is_no_refusal(
    fd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> int:
        raise TimeoutError("a signal handler's")

    monkeypatch.setattr(fcntl, "fcntl", interrupt)
    with pytest.raises(TimeoutError):
        descriptors.move_up(fd)


def test_a_number_that_was_given_to_another_file_is_not_ours(path: Path, fd: int) -> None:
    identity = identify(os.fstat(fd))
    assert descriptors.is_open(fd, identity)
    other = path.with_name("other")
    other.write_bytes(b"")
    theirs = os.open(other, os.O_RDONLY)
    os.dup2(theirs, fd)
    assert not descriptors.is_open(fd, identity)
    descriptors.close(fd, identity)
    assert _is_a_descriptor(fd), "their file was closed"
    os.close(theirs)
    os.close(fd)
    assert not descriptors.is_open(fd, identity)
    descriptors.close(fd, identity)


def test_what_is_ours_is_closed(fd: int) -> None:
    descriptors.close(fd, identify(os.fstat(fd)))
    assert not _is_a_descriptor(fd)


def test_a_file_is_in_place_while_others_find_it_there(path: Path, fd: int) -> None:
    identity = identify(os.fstat(fd))
    assert descriptors.is_in_place(fd, identity, path)
    path.rename(path.with_name("elsewhere"))
    assert not descriptors.is_in_place(fd, identity, path)
    path.write_bytes(b"content")
    assert not descriptors.is_in_place(fd, identity, path), "a copy is another file"
    assert descriptors.is_in_place(fd, identity, path.with_name("elsewhere"))
    assert not descriptors.is_in_place(fd, identity, path / "below a file")
    os.close(fd)
    assert not descriptors.is_in_place(fd, identity, path.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("error", "is_in_place"), [(errno.EIO, True), (errno.EACCES, True), (errno.ESTALE, False)]
)
def test_a_disk_that_does_not_answer_is_no_proof(
    path: Path, fd: int, monkeypatch: pytest.MonkeyPatch, error: int, is_in_place: bool
) -> None:
    identity = identify(os.fstat(fd))

    def refuse(*_: object) -> None:
        raise OSError(error, os.strerror(error))

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", refuse)
        found = descriptors.is_in_place(fd, identity, path)
    assert found is is_in_place


def test_an_interruption_of_a_look_is_no_answer(
    path: Path, fd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = identify(os.fstat(fd))

    def interrupt(*_: object) -> None:
        raise TimeoutError("a signal handler's")

    for name in ("stat", "fstat"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, interrupt)
            with pytest.raises(TimeoutError):
                descriptors.is_in_place(fd, identity, path)
