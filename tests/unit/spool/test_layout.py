"""The format of a spool, byte for byte: what was written once is read for ever."""

import struct
from pathlib import Path
from zlib import crc32

from trackboard.model import FileBytes, RunId
from trackboard.spool import SpoolWriter, iter_payloads
from trackboard.spool.layout import SCALAR_RECORD_BYTES, pack_record, segment_name

RUN = RunId("r")


def payloads(folder: Path, writer: SpoolWriter) -> list[bytes]:
    data = (folder / writer.writer / "0.seg").read_bytes()
    return [bytes(payload) for payload in iter_payloads(memoryview(data))]


def test_a_record_is_length_checksum_payload() -> None:
    assert pack_record(b"abc") == struct.pack("<II", 3, crc32(b"abc")) + b"abc"
    assert SCALAR_RECORD_BYTES == 40


def test_segments_are_numbered() -> None:
    assert [segment_name(number) for number in (0, 12)] == ["0.seg", "12.seg"]


def test_scalars_have_a_fixed_width(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path)
    loss = writer.series(RUN, "loss")
    count = writer.series(RUN, "count")
    writer.append_float(loss, 1, -7, 0.5)
    writer.append_int(count, 1, 0, 3, 1)
    writer.append_int(count, 2, 1, 4, -9)
    _, define_loss, one, define_count, two, three = payloads(tmp_path, writer)
    assert define_loss == b'{"k":"series","id":%d,"run":"r","name":"loss"}' % loss.id
    assert define_count == b'{"k":"series","id":%d,"run":"r","name":"count"}' % count.id
    assert loss.id != count.id
    fields = struct.unpack("<BBHIqdd", one)
    assert (fields[:5], fields[6]) == ((3, 1, 0, loss.id, -7), 0.5)
    fields = struct.unpack("<BBHIqdq", two)
    assert (fields[:5], fields[6]) == ((1, 0, 0, count.id, 3), 1)
    fields = struct.unpack("<BBHIqdq", three)
    assert (fields[:5], fields[6]) == ((2, 1, 0, count.id, 4), -9)


def test_bytes_of_a_file_come_in_pieces_of_a_mebibyte(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path)
    data = bytes(range(256)) * 4096 * 2 + b"rest"
    file = writer.file(RUN, "logs/a")
    writer.append_bytes(file, 100, data)
    writer.append_bytes(file, 100 + len(data), b"")
    _, define, *pieces = payloads(tmp_path, writer)
    assert define == b'{"k":"file","id":%d,"run":"r","path":"logs/a"}' % file.id
    heads = [struct.unpack("<BBHIq", piece[:16]) for piece in pieces]
    offsets = [100, 100 + (1 << 20), 100 + (2 << 20), 100 + len(data)]
    assert heads == [(4, 0, 0, file.id, offset) for offset in offsets]
    assert b"".join(piece[16:] for piece in pieces) == data
    assert [len(piece) - 16 for piece in pieces] == [1 << 20, 1 << 20, 4, 0]


def test_an_event_of_bytes_is_written_like_them(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path)
    writer.append_event(FileBytes(RUN, "logs/a", 5, b"123"))
    _, define, piece = payloads(tmp_path, writer)
    assert b'"run":"r","path":"logs/a"' in define
    assert struct.unpack("<BBHIq", piece[:16])[4] == 5
    assert piece[16:] == b"123"


def test_a_segment_that_has_its_size_is_followed_by_the_next(tmp_path: Path) -> None:
    plain = SpoolWriter(tmp_path / "plain")
    series = plain.series(RUN, "n")
    for _ in range(3):
        plain.append_float(series, 0, 0, 1.0)
    size = (tmp_path / "plain" / plain.writer / "0.seg").stat().st_size
    for segment_bytes, sizes in ((size + 1, [4, 1]), (size, [3, 2]), (size - 1, [3, 2])):
        folder = tmp_path / str(segment_bytes)
        writer = SpoolWriter(folder, segment_bytes=segment_bytes)
        series = writer.series(RUN, "n")
        for _ in range(5):
            writer.append_float(series, 0, 0, 1.0)
        found = []
        for number in range(2):
            data = (folder / writer.writer / segment_name(number)).read_bytes()
            found.append(sum(each[0] == 3 for each in iter_payloads(memoryview(data))))
        assert found == sizes
