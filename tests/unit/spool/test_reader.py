import os
from pathlib import Path
from zlib import crc32

import pytest

from trackboard.model import Segment
from trackboard.spool import iter_payloads, list_segments, list_writers, read_payload, reader
from trackboard.spool.layout import HEADER, MAX_PAYLOAD_BYTES, pack_record
from trackboard.spool.reader import read_segment


def test_writers_are_the_folders_that_are_made(tmp_path: Path) -> None:
    for name in ("a", "b", ".being-made"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("")
    assert sorted(list_writers(tmp_path)) == ["a", "b"]
    assert list_writers(tmp_path / "missing") == []


def test_segments_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number, size in ((10, 3), (9, 2), (0, 0)):
        (tmp_path / f"{number}.seg").write_bytes(bytes(size))
    for name in ("01.seg", "1.tmp", "x.seg", "-1.seg", "²3.seg", "alive", "7", ".seg"):
        (tmp_path / name).write_bytes(b"123")
    assert list_segments(tmp_path) == [Segment(0, 0), Segment(9, 2), Segment(10, 3)]
    assert list_segments(tmp_path, begin=9) == [Segment(9, 2), Segment(10, 3)]
    assert list_segments(tmp_path, begin=11) == []
    assert list_segments(tmp_path / "missing") == []


def test_a_segment_that_goes_away_meanwhile_ends_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0.seg").write_bytes(b"1")
    listed = os.listdir(tmp_path)
    (tmp_path / "0.seg").unlink()
    monkeypatch.setattr(os, "listdir", lambda _folder: listed)
    assert list_segments(tmp_path) == []


def test_a_segment_that_cannot_be_opened_has_the_size_that_its_folder_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0.seg").write_bytes(b"123")

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        segments = list_segments(tmp_path)
    assert segments == [Segment(0, 3)]


def test_looking_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "0.seg").write_bytes(b"123")
    before = os.listdir("/dev/fd")
    list_segments(tmp_path)
    read_segment(tmp_path, 0, 0, 3)
    assert os.listdir("/dev/fd") == before


def test_bytes_of_a_segment(tmp_path: Path) -> None:
    (tmp_path / "3.seg").write_bytes(b"0123456789")
    assert read_segment(tmp_path, 3, 2, 4) == b"2345"
    assert read_segment(tmp_path, 3, 8, 4) == b"89"
    assert read_segment(tmp_path, 3, 10, 4) == b""
    assert read_segment(tmp_path, 4, 0, 4) == b""


def payload_at(data: bytes, offset: int) -> bytes | None:
    payload = read_payload(memoryview(data), offset)
    return None if payload is None else bytes(payload)


def test_a_payload_is_read_where_it_is_whole_and_sound() -> None:
    first, second = pack_record(b"first"), pack_record(b"2")
    data = first + second
    assert payload_at(data, 0) == b"first"
    assert payload_at(data, len(first)) == b"2"
    assert payload_at(data, 1) is None
    assert payload_at(data, len(data)) is None
    for cut in range(1, len(second)):
        assert payload_at(data[:-cut], len(first)) is None
    damaged = bytearray(first)
    damaged[-1] ^= 1
    assert payload_at(bytes(damaged), 0) is None
    assert list(iter_payloads(memoryview(data))) == [b"first", b"2"]
    assert list(iter_payloads(memoryview(data), len(first))) == [b"2"]
    assert list(iter_payloads(memoryview(first + damaged + second))) == [b"first"]


def test_an_empty_payload_is_none() -> None:
    assert payload_at(HEADER.pack(0, crc32(b"")), 0) is None


def test_a_payload_may_have_the_most_bytes_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_PAYLOAD_BYTES == 16 << 20
    monkeypatch.setattr(reader, "MAX_PAYLOAD_BYTES", 10)
    assert payload_at(pack_record(bytes(10)), 0) == bytes(10)
    assert payload_at(pack_record(bytes(11)), 0) is None
