from pathlib import Path

import pytest

from trackboard.ingest.set_aside_spools import list_set_aside, set_aside


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    folder = tmp_path / "spool" / "w"
    folder.mkdir(parents=True)
    (folder / "0.seg").write_bytes(b"data")
    return folder


def test_a_spool_is_moved_whole_to_a_folder_beside_the_others(tmp_path: Path, spool: Path) -> None:
    assert list_set_aside(tmp_path / "spool", "silent") == {}
    target = set_aside(spool, "silent")
    assert target == tmp_path / "silent" / "w"
    assert (target / "0.seg").read_bytes() == b"data"
    assert not spool.exists()
    assert list_set_aside(tmp_path / "spool", "silent") == {"w": target}
    assert list_set_aside(tmp_path / "spool", "other") == {}


def test_a_second_one_lies_beside_the_first(tmp_path: Path, spool: Path) -> None:
    set_aside(spool, "silent")
    (tmp_path / "spool" / "v").mkdir()
    set_aside(tmp_path / "spool" / "v", "silent")
    assert sorted(list_set_aside(tmp_path / "spool", "silent")) == ["v", "w"]


def test_one_that_is_gone_cannot_be_moved(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        set_aside(tmp_path / "spool" / "w", "silent")
    assert list_set_aside(tmp_path / "spool", "silent") == {}
