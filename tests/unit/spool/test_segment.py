import errno
import os
from pathlib import Path

import pytest

from trackboard.model import FileRef, RecordsDropped, RunId, SeriesRef, Tagged, TextLogged
from trackboard.spool import segment as segment_module
from trackboard.spool.backlog import Waiting
from trackboard.spool.events import encode_event
from trackboard.spool.layout import BYTES_HEAD, FLOAT_SCALAR, KIND_BYTES, pack_record
from trackboard.spool.segment import OpenSegment, short_write

HEADER = pack_record(b'{"k":"segment"}')
ONE, TWO = pack_record(b"{1}"), pack_record(b"{22}")
A, B = RunId("a"), RunId("b")


@pytest.fixture
def segment(tmp_path: Path) -> OpenSegment:
    return OpenSegment.begin(tmp_path / "0.seg", 0, HEADER)


def scalar(number: int) -> bytes:
    return pack_record(FLOAT_SCALAR.pack(3, 0, 0, number, 0, 1.0, 2.0))


def piece(number: int) -> bytes:
    return pack_record(BYTES_HEAD.pack(KIND_BYTES, 0, 0, number, 0) + b"data")


def test_a_segment_begins_with_its_header_and_grows_by_records(segment: OpenSegment) -> None:
    assert segment.path.read_bytes() == HEADER
    assert (segment.number, segment.size_bytes) == (0, len(HEADER))
    segment.append(ONE)
    segment.append(TWO)
    assert segment.path.read_bytes() == HEADER + ONE + TWO
    assert segment.size_bytes == len(HEADER + ONE + TWO)
    assert segment.is_in_place()


def test_a_file_of_that_name_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "0.seg").write_bytes(b"others'")
    with pytest.raises(FileExistsError):
        OpenSegment.begin(tmp_path / "0.seg", 0, HEADER)
    assert (tmp_path / "0.seg").read_bytes() == b"others'"


def test_a_segment_whose_header_does_not_fit_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(os.listdir("/dev/fd"))
    monkeypatch.setattr(segment_module, "_write", lambda fd, data: os.write(fd, data[:3]))
    with pytest.raises(OSError, match="No space") as caught:
        OpenSegment.begin(tmp_path / "0.seg", 0, HEADER)
    assert caught.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []
    assert len(os.listdir("/dev/fd")) == before


def test_a_short_write_is_a_disk_that_is_full() -> None:
    error = short_write()
    assert (error.errno, error.strerror) == (errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_record_that_was_written_in_part_is_not_counted(
    segment: OpenSegment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(segment_module, "_write", lambda fd, data: os.write(fd, data[:-1]))
        with pytest.raises(OSError, match="No space"):
            segment.append(ONE)
    assert segment.size_bytes == len(HEADER)
    assert segment.settle()
    assert segment.path.read_bytes() == HEADER


def test_whether_a_record_lies_somewhere(segment: OpenSegment) -> None:
    segment.append(ONE)
    assert segment.holds(ONE, len(HEADER))
    assert not segment.holds(ONE, 0)
    assert not segment.holds(TWO, len(HEADER))
    assert not segment.holds(ONE, len(HEADER + ONE))
    segment.close()
    assert segment.holds(ONE, len(HEADER)), "it is opened again"
    segment.path.unlink()
    assert not segment.holds(ONE, len(HEADER))


def test_whether_something_follows_the_end_that_was_taken_down(segment: OpenSegment) -> None:
    segment.append(ONE)
    assert not segment.is_passed()
    segment.seal()
    assert not segment.is_passed()
    segment.append(TWO)
    assert segment.is_passed()
    segment.close()
    assert not segment.is_passed()


def test_a_segment_may_be_left_before_it_holds_anything(segment: OpenSegment) -> None:
    os.truncate(segment.path, 0)
    segment.seal()
    assert segment.end_bytes == 0
    assert not segment.is_passed()
    os.write(segment.fd, ONE)
    assert segment.is_passed()


def test_the_end_that_is_taken_down_is_that_of_whole_records(segment: OpenSegment) -> None:
    segment.append(ONE)
    with segment.path.open("ab") as file:
        file.write(TWO + ONE[:-1])  # written by frames that were interrupted
    segment.seal()
    assert segment.end_bytes == segment.size_bytes == len(HEADER + ONE + TWO)
    assert segment.path.read_bytes() == HEADER + ONE + TWO


@pytest.mark.parametrize(
    ("later_s", "expected"),
    [(0.0, True), (0.999, True), (1.0, False), (9.0, False), (-0.999, True), (-1.0, False)],
)
def test_a_look_counts_for_a_second(segment: OpenSegment, later_s: float, expected: bool) -> None:
    segment.looked_at_s = 1000.0
    assert segment.is_recent(1000.0 + later_s) is expected


def test_what_was_written_and_not_counted_is_found(segment: OpenSegment) -> None:
    os.write(segment.fd, ONE)
    assert segment.settle()
    assert segment.size_bytes == len(HEADER + ONE)
    segment.sound_bytes = segment.size_bytes
    os.write(segment.fd, TWO + ONE[:5])
    assert segment.settle()
    assert segment.size_bytes == len(HEADER + ONE + TWO)
    assert segment.path.read_bytes() == HEADER + ONE + TWO


def test_what_was_counted_and_not_written_is_taken_back(segment: OpenSegment) -> None:
    segment.size_bytes += 100
    assert segment.settle()
    assert segment.size_bytes == len(HEADER)
    segment.append(ONE)
    assert segment.path.read_bytes() == HEADER + ONE


def test_a_segment_that_somebody_else_has_cut_takes_nothing_more(segment: OpenSegment) -> None:
    segment.append(ONE)
    segment.sound_bytes = segment.size_bytes
    os.truncate(segment.path, 5)
    assert not segment.settle()
    assert segment.size_bytes == 5
    segment.append(TWO)
    assert segment.settle(), "what lies there is known now"
    os.truncate(segment.path, 3)
    assert not segment.settle()


def test_a_segment_that_was_cut_behind_what_was_seen_is_sound(segment: OpenSegment) -> None:
    segment.append(ONE)
    segment.sound_bytes = segment.size_bytes
    segment.append(TWO)
    os.truncate(segment.path, segment.sound_bytes)
    assert segment.settle()
    assert segment.size_bytes == len(HEADER + ONE)


def test_a_disk_that_refuses_to_cut_takes_nothing_more(
    segment: OpenSegment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "the disk")

    def interrupt(*_: object) -> None:
        raise TimeoutError("a signal handler's")

    os.write(segment.fd, ONE[:5])
    monkeypatch.setattr(os, "ftruncate", refuse)
    assert not segment.settle()
    monkeypatch.setattr(os, "ftruncate", interrupt)
    with pytest.raises(TimeoutError):
        segment.settle()


def fill(segment: OpenSegment) -> None:
    """Write records of all kinds."""
    loss, log = SeriesRef(1, A, "loss"), FileRef(2, B, "logs/a")
    for record, ref in ((scalar(1), loss), (scalar(1), loss), (piece(2), log)):
        Waiting(RunId(""), record, ref).store(segment)
    for event in (
        TextLogged(A, "t", "text", None, 1.0),
        Tagged(A, "key", "value"),
        RecordsDropped(B, 5, "full"),
    ):
        segment.append(pack_record(encode_event(event)))
    segment.append(scalar(99))  # a series that nobody has defined
    segment.append(pack_record(b'{"k":"text"}'))  # of no run


def test_what_went_away_is_counted_by_run(segment: OpenSegment) -> None:
    fill(segment)
    segment.path.unlink()
    assert segment.count_gone() == {A: 3, B: 6}


def test_what_was_seen_in_its_place_did_not_go_with_it(segment: OpenSegment) -> None:
    fill(segment)
    segment.sound_bytes = segment.size_bytes
    segment.append(pack_record(encode_event(TextLogged(A, "t", "text", None, 1.0))))
    segment.path.rename(segment.path.with_name("elsewhere"))
    assert segment.count_gone() == {A: 1}


def test_nothing_is_gone_while_the_file_is_there(segment: OpenSegment) -> None:
    fill(segment)
    assert segment.count_gone() == {}
    os.close(segment.fd)  # by others, and perhaps another file by now
    assert segment.count_gone() == {}
    segment.path.unlink()
    assert segment.count_gone() == {}, "nothing is known of it"


def test_another_file_in_its_place_is_not_it(segment: OpenSegment) -> None:
    fill(segment)
    content = segment.path.read_bytes()
    segment.path.rename(segment.path.with_name("elsewhere"))
    segment.path.write_bytes(content)
    assert segment.count_gone() == {A: 3, B: 6}


def test_a_segment_may_be_opened_again_before_and_after_it_is_closed(segment: OpenSegment) -> None:
    first = segment.open_again()
    segment.close()
    segment.close()
    second = segment.open_again()
    for fd in (first, second):
        assert os.pread(fd, 100, 0) == HEADER
        assert not os.get_inheritable(fd)
        os.close(fd)
