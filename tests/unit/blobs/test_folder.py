"""Blobs in a folder: where they lie, and what a disk that refuses looks like."""

import hashlib
import io
import resource
import signal
from pathlib import Path

import pytest

from trackboard.blobs import open_folder
from trackboard.errors import Unavailable
from trackboard.testing.store.sharing import in_children


def test_a_blob_lies_under_its_digest(tmp_path: Path) -> None:
    blobs = open_folder(tmp_path / "blobs")
    assert not (tmp_path / "blobs").exists()
    blobs.put(io.BytesIO(b"model"))
    blobs.put(io.BytesIO(b"model"))
    digest = hashlib.sha256(b"model").hexdigest()
    files = [file for file in (tmp_path / "blobs").rglob("*") if file.is_file()]
    assert files == [tmp_path / "blobs" / digest[:2] / digest[2:]]
    assert files[0].read_bytes() == b"model"


def test_a_relative_folder_stays_what_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blobs = open_folder(Path("blobs"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    key, _ = blobs.put(io.BytesIO(b"x"))
    assert open_folder(tmp_path / "blobs").exists(key)


def test_a_place_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file")
    with pytest.raises(Unavailable, match="could not be kept") as caught:
        open_folder(tmp_path / "blobs").put(io.BytesIO(b"x"))
    assert str(tmp_path / "blobs") in caught.value.message
    assert caught.value.hint


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    def work(_: int) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        with pytest.raises(Unavailable, match="could not be kept"):
            open_folder(tmp_path / "blobs").put(io.BytesIO(b"x" * 3_000_000))

    assert in_children(1, work) == [0]
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
