from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import pytest

from trackboard.board.export.folder import ExportFolder, Placed
from trackboard.errors import Conflict, Unavailable, UsageError

WHERE = PurePosixPath("exp/run/file")
NOBODY = 65534


def writes(content: bytes) -> Callable[[BinaryIO], None]:
    def fill(stream: BinaryIO) -> None:
        stream.write(content)

    return fill


def put(folder: ExportFolder, content: bytes, *, ours: bool = True) -> Placed:
    return folder.put(WHERE, writes(content), is_ours=lambda _: ours)


@pytest.fixture
def shut_folder() -> Iterator[Path]:
    """A folder that this process may not write to: as root it gives that right up for a while."""
    with tempfile.TemporaryDirectory() as above:
        Path(above).chmod(0o755)
        shut = Path(above, "shut")
        shut.mkdir(mode=0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(NOBODY)
        yield shut
        os.seteuid(user)


@pytest.mark.parametrize("below", ["", "new"])
def test_a_read_only_folder_is_refused(shut_folder: Path, below: str) -> None:
    path = shut_folder / below
    with pytest.raises(UsageError, match=f"cannot export to {path}: Permission denied"):
        ExportFolder(path).__enter__()


def test_a_file_is_written_kept_replaced_or_left_alone(tmp_path: Path) -> None:
    for content, ours, expected in [
        (b"one", True, Placed.WRITTEN),
        (b"one", True, Placed.UNCHANGED),
        (b"one", False, Placed.UNCHANGED),
        (b"two", True, Placed.WRITTEN),
        (b"six", False, Placed.FOREIGN),
    ]:
        with ExportFolder(tmp_path) as folder:
            assert put(folder, content, ours=ours) is expected
    assert (tmp_path / WHERE).read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["exp"]


def test_a_place_is_given_once(tmp_path: Path) -> None:
    """On a disk that ignores case two names are one place; the second must not replace the first."""
    with ExportFolder(tmp_path) as folder:
        assert put(folder, b"one") is Placed.WRITTEN
        assert put(folder, b"two") is Placed.TAKEN
    assert (tmp_path / WHERE).read_bytes() == b"one"


def test_while_it_is_written_a_file_is_not_where_it_will_be(tmp_path: Path) -> None:
    def fill(stream: BinaryIO) -> None:
        stream.write(b"half")
        stream.flush()
        assert not (tmp_path / WHERE).exists()

    with ExportFolder(tmp_path) as folder:
        assert folder.put(WHERE, fill, is_ours=lambda _: True) is Placed.WRITTEN
    assert (tmp_path / WHERE).read_bytes() == b"half"


def test_an_error_while_writing_leaves_what_was_there(tmp_path: Path) -> None:
    def fill(stream: BinaryIO) -> None:
        stream.write(b"half")
        raise KeyboardInterrupt

    with ExportFolder(tmp_path) as folder:
        put(folder, b"old")
    with pytest.raises(KeyboardInterrupt), ExportFolder(tmp_path) as folder:
        folder.put(WHERE, fill, is_ours=lambda _: True)
    assert (tmp_path / WHERE).read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["exp"]


def test_a_folder_belongs_to_one_export_at_a_time(tmp_path: Path) -> None:
    with ExportFolder(tmp_path), pytest.raises(Conflict, match="another export is writing"):
        ExportFolder(tmp_path).__enter__()
    with ExportFolder(tmp_path) as folder:
        assert put(folder, b"one") is Placed.WRITTEN


def test_a_folder_on_a_disk_that_fails_is_unavailable(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(Unavailable, match=f"cannot write {loop}/below") as caught:
        ExportFolder(loop / "below").__enter__()
    assert caught.value.hint.startswith("Export again")
