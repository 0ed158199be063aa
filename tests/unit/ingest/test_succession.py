"""When a reader leaves a segment, by all that it can see of the spool."""

import errno
import json

import pytest

from trackboard.ingest.silence import ELSEWHERE_S
from trackboard.ingest.succession import Step, Succession, Visibility
from trackboard.model import Segment, WriterId
from trackboard.ports import Position
from trackboard.spool import SegmentHeader
from trackboard.spool.layout import pack_record
from trackboard.testing.memory import MemorySpools
from trackboard.testing.memory.spools import MemorySpool

WRITER = WriterId("w" * 32)
HERE = Visibility(is_complete=True, is_final=False)
OVER = Visibility(is_complete=True, is_final=True)
NETWORK = Visibility(is_complete=False, is_final=False)
NETWORK_OVER = Visibility(is_complete=False, is_final=True)


class Seen:
    """A spool as it is seen, and the time."""

    def __init__(self) -> None:
        self.spools = MemorySpools()
        self.now_s = 1000.0
        self.spool = MemorySpool(WRITER, None, self.spools)
        self.succession = Succession(self.spool, lambda: self.now_s)

    def show(self, number: int, data: bytes = b"") -> None:
        self.spools.receive(WRITER, number, data)

    def begin(self, number: int, before: tuple[int, int] | None) -> None:
        """Show a segment with its header alone."""
        header: dict[str, object] = {"k": "segment", "format": 1, "writer": WRITER}
        if before is not None:
            header["before"] = {"number": before[0], "bytes": before[1]}
        self.show(number, pack_record(json.dumps(header).encode()))

    def next(self, number: int, offset: int, sight: Visibility) -> Step | None:
        segments = self.spool.list_segments()
        return self.succession.next(Position(number, offset), segments, sight)


@pytest.fixture
def seen() -> Seen:
    return Seen()


def to(number: int, skipped_bytes: int = 0, *, is_guess: bool = False) -> Step:
    return Step(Position(number, 0), skipped_bytes, is_guess)


# -- headers --------------------------------------------------------------------------------------


def test_a_header_is_read_when_it_is_whole(seen: Seen) -> None:
    header = pack_record(b'{"k":"segment","format":7,"before":{"number":3,"bytes":9}}')
    assert seen.succession.header(4) is None
    seen.show(4, header[:-1])
    assert seen.succession.header(4) is None
    seen.show(4, header[-1:])
    assert seen.succession.header(4) == SegmentHeader(7, "", (3, 9), "")


@pytest.mark.parametrize("payload", [b"{", b"[]", b'{"k":"tag"}', b'{"k":"hologram"}', b"\x04"])
def test_a_first_record_that_is_no_header_says_nothing(seen: Seen, payload: bytes) -> None:
    seen.show(0, pack_record(payload))
    assert seen.succession.header(0) == SegmentHeader(1)


def test_a_header_is_read_once(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    seen.begin(0, (-1, 0))
    first = seen.succession.header(0)

    def refuse(*_: object) -> bytes:
        raise OSError(errno.EIO, "the disk")

    with monkeypatch.context() as patch:
        patch.setattr(MemorySpool, "read", refuse)
        assert seen.succession.header(0) is first
        assert seen.succession.header(1) is None, "whoever reads on will say so"


# -- nothing follows ------------------------------------------------------------------------------


@pytest.mark.parametrize("sight", [HERE, NETWORK])
def test_the_newest_segment_of_a_living_writer_is_waited_for(seen: Seen, sight: Visibility) -> None:
    seen.show(3, bytes(100))
    assert seen.next(3, 100, sight) is None
    assert seen.next(3, 60, sight) is None


@pytest.mark.parametrize("sight", [OVER, NETWORK_OVER])
def test_what_a_dead_writer_left_unsound_is_the_end(seen: Seen, sight: Visibility) -> None:
    seen.show(2, bytes(500))
    seen.show(3, bytes(100))
    assert seen.next(3, 60, sight) == Step(Position(3, 100), 40)
    assert seen.next(3, 100, sight) is None
    assert seen.next(3, 120, sight) is None, "it was longer"


def test_a_segment_that_is_not_seen_is_waited_for(seen: Seen) -> None:
    assert seen.next(0, 0, HERE) is None
    assert seen.next(0, 0, OVER) is None


# -- something follows, and all is seen -----------------------------------------------------------


@pytest.mark.parametrize("sight", [HERE, OVER, NETWORK_OVER])
def test_the_next_segment_says_where_this_one_ends(seen: Seen, sight: Visibility) -> None:
    seen.show(0, bytes(100))
    seen.begin(1, (0, 100))
    assert seen.next(0, 100, sight) == to(1)
    assert seen.next(0, 60, sight) == to(1, 40)


def test_what_lies_behind_the_said_end_is_nothing(seen: Seen) -> None:
    seen.show(0, bytes(100))
    seen.show(1, bytes(7))
    seen.begin(5, (0, 60))
    assert seen.next(0, 60, HERE) == to(5)
    assert seen.next(0, 50, HERE) == to(5, 10)
    assert seen.next(0, 80, HERE) == to(5)


def test_what_lies_in_segments_between_is_nothing(seen: Seen) -> None:
    seen.begin(1, (0, 100))
    seen.begin(2, (0, 100))
    assert seen.next(1, 0, HERE) == to(2)


def test_a_header_of_an_earlier_version_ends_the_one_before(seen: Seen) -> None:
    seen.show(0, bytes(100))
    seen.begin(1, None)
    seen.begin(2, (1, 5))
    assert seen.next(0, 100, HERE) == to(1)
    assert seen.next(0, 70, HERE) == to(1, 30)


def test_a_segment_that_is_being_begun_says_later_whether_the_rest_is_damage(seen: Seen) -> None:
    seen.show(0, bytes(100))
    seen.show(1, b"")
    assert seen.next(0, 60, HERE) is None
    assert seen.next(0, 100, HERE) == to(1)
    assert seen.next(0, 60, OVER) == to(1, 40)
    seen.show(2, b"")
    assert seen.next(0, 60, HERE) == to(1, 40), "it was given up"


def test_a_segment_whose_header_is_damaged_is_read_all_the_same(seen: Seen) -> None:
    seen.show(0, bytes(100))
    seen.show(1, bytes(50))
    seen.begin(2, (1, 50))
    assert seen.next(0, 100, HERE) == to(1)
    assert seen.next(0, 90, HERE) == to(1, 10)


def test_a_segment_that_was_taken_away_is_damage(seen: Seen) -> None:
    seen.show(0, bytes(100))
    seen.begin(3, (2, 50))
    assert seen.next(0, 100, HERE) == to(3, 50)
    assert seen.next(0, 90, HERE) == to(3, 60)


# -- something follows, and not all may be seen ---------------------------------------------------


def test_over_a_network_it_goes_on_where_all_was_read(seen: Seen) -> None:
    seen.show(0, bytes(100))
    seen.begin(1, (0, 100))
    assert seen.next(0, 100, NETWORK) == to(1)
    assert seen.next(0, 101, NETWORK) == to(1)
    assert seen.next(0, 99, NETWORK) is None


def test_over_a_network_a_segment_without_a_header_tells_nothing(seen: Seen) -> None:
    seen.show(0, bytes(100))
    seen.show(1, b"")
    seen.now_s += 10 * ELSEWHERE_S
    assert seen.next(0, 100, NETWORK) is None
    seen.begin(2, (0, 100))
    assert seen.next(0, 100, NETWORK) == to(2)


def wait(seen: Seen, seconds: float, number: int, offset: int) -> Step | None:
    seen.now_s += seconds
    return seen.next(number, offset, NETWORK)


def test_what_is_missing_is_left_when_nothing_has_moved_for_long(seen: Seen) -> None:
    seen.show(0, bytes(80))
    seen.begin(1, (0, 100))
    assert wait(seen, 0.0, 0, 80) is None
    assert wait(seen, ELSEWHERE_S, 0, 80) is None
    assert wait(seen, 0.1, 0, 80) == to(1, 20, is_guess=True)


def test_while_anything_behind_it_grows_it_may_come(seen: Seen) -> None:
    seen.show(0, bytes(80))
    seen.begin(1, (0, 100))
    assert wait(seen, 0.0, 0, 80) is None
    for _ in range(3):
        seen.show(1, bytes(10))
        assert wait(seen, ELSEWHERE_S - 1, 0, 80) is None
    assert wait(seen, ELSEWHERE_S + 1, 0, 80) == to(1, 20, is_guess=True)


def test_what_is_all_there_and_damaged_is_left_though_others_grow(seen: Seen) -> None:
    seen.show(0, bytes(100))
    seen.begin(1, (0, 100))
    assert wait(seen, 0.0, 0, 80) is None
    seen.show(1, bytes(10))
    assert wait(seen, ELSEWHERE_S, 0, 80) is None
    seen.show(1, bytes(10))
    assert wait(seen, 1.0, 0, 80) == to(1, 20, is_guess=True)


def test_a_segment_that_grows_is_not_left(seen: Seen) -> None:
    seen.show(0, bytes(100))
    seen.begin(1, None)
    assert wait(seen, 0.0, 0, 80) is None
    seen.show(0, bytes(1))
    assert wait(seen, ELSEWHERE_S + 1, 0, 80) is None
    assert wait(seen, ELSEWHERE_S + 1, 0, 81) is None, "the reader has gone on"
    assert wait(seen, ELSEWHERE_S + 1, 0, 81) == to(1, 20, is_guess=True)


def test_a_reader_that_has_just_started_knows_how_long_a_segment_has_been_still(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def unwritten_s(_spool: MemorySpool, number: int) -> float:
        asked.append(number)
        return ELSEWHERE_S + 1

    seen.show(4, bytes(100))
    seen.begin(5, None)
    monkeypatch.setattr(MemorySpool, "unwritten_s", unwritten_s)
    assert seen.next(4, 80, NETWORK) == to(5, 20, is_guess=True)
    assert set(asked) == {4}


def test_how_old_a_segment_is_says_nothing_of_what_others_may_bring(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen.show(0, bytes(80))
    seen.begin(1, (0, 100))
    monkeypatch.setattr(MemorySpool, "unwritten_s", lambda *_: ELSEWHERE_S + 1)
    assert seen.next(0, 80, NETWORK) is None


def test_nothing_is_left_before_all_has_been_silent_for_longer_than_that(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen.show(0, bytes(80))
    seen.begin(1, (0, 100))
    monkeypatch.setattr(MemorySpool, "unwritten_s", lambda *_: ELSEWHERE_S + 1)
    assert wait(seen, 0.0, 0, 80) is None
    assert wait(seen, ELSEWHERE_S, 0, 80) is None
    assert wait(seen, 0.1, 0, 80) == to(1, 20, is_guess=True)


def test_segments_before_the_place_do_not_count(seen: Seen) -> None:
    seen.show(0, bytes(10))
    seen.show(1, bytes(80))
    seen.begin(2, (1, 100))
    assert wait(seen, 0.0, 1, 80) is None
    seen.show(0, bytes(10))
    assert wait(seen, ELSEWHERE_S + 1, 1, 80) == to(2, 20, is_guess=True)
    assert seen.spool.list_segments()[0] == Segment(0, 20)
