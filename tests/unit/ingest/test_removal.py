import os
from pathlib import Path

from trackboard.ingest.removal import remove_leftovers, remove_spool
from trackboard.model import RunId, Tagged
from trackboard.spool import SpoolWriter, list_writers


def test_a_spool_goes_in_one_step(tmp_path: Path) -> None:
    folder = tmp_path / "0123"
    folder.mkdir()
    (folder / "0.seg").write_bytes(b"x")
    remove_spool(folder)
    assert list(tmp_path.iterdir()) == []
    remove_spool(folder)


def test_a_spool_that_is_not_stored_stays(tmp_path: Path) -> None:
    folder = tmp_path / "0123"
    folder.mkdir()
    remove_spool(folder, is_stored=lambda: False)
    assert list(tmp_path.iterdir()) == [folder]


def test_leftovers(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path)
    writer.append_event(Tagged(RunId("r"), "k", "v"))
    for name in (".ended-1", ".old", ".new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.seg").touch()
    os.utime(tmp_path / ".old", (0, 0))
    remove_leftovers(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted([".new", writer.writer])
    assert list_writers(tmp_path) == [writer.writer]


def test_one_that_is_being_made_by_somebody_alive_stays(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path)
    writer.append_event(Tagged(RunId("r"), "k", "v"))
    slow = (tmp_path / writer.writer).rename(tmp_path / ".slow")
    os.utime(slow, (0, 0))
    remove_leftovers(tmp_path)
    assert slow.is_dir()
    slow.rename(tmp_path / writer.writer)


def test_no_folder_at_all(tmp_path: Path) -> None:
    remove_leftovers(tmp_path / "nothing")
