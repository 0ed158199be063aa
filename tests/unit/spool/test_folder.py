import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trackboard.spool import Liveness, iter_payloads, list_writers, probe, read_writer
from trackboard.spool.folder import SpoolFolder
from trackboard.spool.layout import pack_record
from trackboard.spool.segment import OpenSegment

RECORD = pack_record(b"{}")


@pytest.fixture
def spool(tmp_path: Path) -> SpoolFolder:
    return SpoolFolder.make(tmp_path)


def begin(spool: SpoolFolder) -> OpenSegment:
    segment = spool.begin_segment()
    assert segment is not None
    return segment


def header(segment: OpenSegment) -> dict[str, Any]:
    data = memoryview(segment.path.read_bytes())
    found: dict[str, Any] = json.loads(bytes(next(iter_payloads(data))))
    return found


def test_a_spool_that_is_seen_has_a_writer_that_lives(tmp_path: Path, spool: SpoolFolder) -> None:
    assert [path.name for path in tmp_path.iterdir()] == [spool.writer]
    assert list_writers(tmp_path) == [spool.writer]
    assert spool.path == tmp_path / spool.writer
    assert probe(spool.path, is_local=True) is Liveness.ALIVE
    who = read_writer(spool.path)
    assert who is not None
    assert who.pid == os.getpid()
    spool.release()
    spool.release()
    assert probe(spool.path, is_local=True) is Liveness.DEAD


def test_the_folder_of_all_spools_is_made_for_it(tmp_path: Path) -> None:
    spool = SpoolFolder.make(tmp_path / "workspace" / "spool")
    assert spool.path.parent == tmp_path / "workspace" / "spool"
    assert (tmp_path / "workspace").stat().st_mode & 0o777 == 0o700


def test_two_spools_have_two_names(tmp_path: Path, spool: SpoolFolder) -> None:
    assert SpoolFolder.make(tmp_path).writer != spool.writer
    assert len(spool.writer) == 32


def test_a_folder_that_could_not_be_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    before = len(os.listdir("/dev/fd"))
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="full"):
        SpoolFolder.make(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/dev/fd")) == before


def test_what_cannot_be_tidied_up_does_not_hide_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(text: str) -> Callable[..., None]:
        def refuse(*_: object, **__: object) -> None:
            raise OSError(errno.EIO, text)

        return refuse

    monkeypatch.setattr(Path, "rename", refusing("the first reason"))
    monkeypatch.setattr(os, "rmdir", refusing("the second one"))
    with pytest.raises(OSError, match="the first reason"):
        SpoolFolder.make(tmp_path)
    assert list_writers(tmp_path) == []


def test_headers_say_who_writes_and_where_the_segment_before_ends(spool: SpoolFolder) -> None:
    first = begin(spool)
    common = {"k": "segment", "format": 1, "writer": spool.writer}
    assert header(first) == {**common, "number": 0, "before": {"number": -1, "bytes": 0}}
    first.append(RECORD)
    spool.seal(first)
    second = begin(spool)
    end = {"number": 0, "bytes": first.path.stat().st_size}
    assert header(second) == {**common, "number": 1, "before": end}
    assert first.end_bytes == end["bytes"]
    third = begin(spool)  # the second holds nothing that was left for others to read
    assert header(third) == {**common, "number": 2, "before": end}


def test_only_what_goes_on_for_another_has_to_be_described(tmp_path: Path) -> None:
    assert SpoolFolder.make(tmp_path).is_described
    assert not SpoolFolder.make(tmp_path, "former").is_described


def test_the_first_segment_says_for_whom_it_goes_on(tmp_path: Path) -> None:
    spool = SpoolFolder.make(tmp_path, "former")
    assert spool.last_writer == "former", "nothing of this one can be read yet"
    first = begin(spool)
    assert header(first)["continues"] == "former"
    assert spool.last_writer == spool.writer
    assert header(begin(spool))["continues"] == "former", "the first one was not left"
    spool.seal(first)
    assert "continues" not in header(begin(spool))


def test_a_number_that_is_taken_is_passed_over(spool: SpoolFolder) -> None:
    for number in (0, 1):
        (spool.path / f"{number}.seg").write_bytes(b"")
    assert begin(spool).number == 2
    assert begin(spool).number == 3


def test_where_all_names_are_taken_the_disk_refuses(spool: SpoolFolder) -> None:
    for number in range(2):
        (spool.path / f"{number}.seg").write_bytes(b"")
    with pytest.raises(FileExistsError, match=spool.writer):
        spool.begin_segment(max_tries=2)
    assert begin(spool).number == 2, "none is tried twice"


def test_a_folder_that_is_gone_has_no_segments(spool: SpoolFolder) -> None:
    spool.path.rename(spool.path.with_name("elsewhere"))
    assert spool.begin_segment() is None
    spool.path.write_text("a file in its place")
    assert spool.begin_segment() is None


def test_a_disk_that_refuses_a_segment_does_not_lose_the_folder(
    spool: SpoolFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(OpenSegment, "begin", refuse)
        with pytest.raises(OSError, match="full"):
            spool.begin_segment()
    assert spool.holds(begin(spool))


def test_a_segment_is_held_while_it_and_the_sign_of_life_are_in_place(spool: SpoolFolder) -> None:
    segment = begin(spool)
    assert spool.holds(segment)
    alive = spool.path / "alive"
    alive.rename(spool.path / "moved")
    assert not spool.holds(segment)
    (spool.path / "moved").rename(alive)
    assert spool.holds(segment)
    segment.path.unlink()
    assert not spool.holds(segment)
    spool.release()
    assert not spool.holds(begin(spool))
