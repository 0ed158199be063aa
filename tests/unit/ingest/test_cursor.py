import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackboard.ingest.cursor import Cursor
from trackboard.ingest.folder_spools import FolderSpool
from trackboard.ingest.silence import ELSEWHERE_S
from trackboard.ingest.succession import Succession
from trackboard.model import (
    Ended,
    Event,
    Heartbeat,
    RecordsDropped,
    RunId,
    Segment,
    Tagged,
    WriterId,
)
from trackboard.ports import Batch, Position, SavedDefinitions
from trackboard.spool import SpoolWriter
from trackboard.spool.events import encode_event
from trackboard.spool.layout import (
    FLOAT_SCALAR,
    HEADER,
    MAX_PAYLOAD_BYTES,
    SCALAR_RECORD_BYTES,
    pack_record,
)
from trackboard.testing.memory import MemorySpools
from trackboard.testing.memory.spools import MemorySpool

RUN = RunId("r")
POINTS = 700


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SpoolWriter]:
    """A spool of some eight segments of one series, an event in the middle and an end."""
    writer = SpoolWriter(tmp_path, segment_bytes=4096)
    loss = writer.series(RUN, "loss")
    for number in range(POINTS):
        writer.append_float(loss, 0, 0, number)
        if number == POINTS // 2:
            writer.append_event(Tagged(RUN, "k", "v" * 10_000))  # larger than a segment
    yield writer
    writer.close()


def cursor_of(tmp_path: Path, writer: SpoolWriter) -> Cursor:
    return Cursor(FolderSpool(tmp_path / writer.writer))


def values(batches: list[Batch]) -> list[float]:
    return [value for batch in batches for part in batch.points for value in part.values.tolist()]


def read_on(cursor: Cursor, most_bytes: int, *, is_final: bool = False) -> list[Batch]:
    batches: list[Batch] = []
    for _ in range(100_000):
        batch = cursor.read(cursor.spool.list_segments(), most_bytes=most_bytes, is_final=is_final)
        if batch is None:
            return batches
        assert batch.start == (batches[-1].end if batches else Position(0, 0))
        assert batch.end > batch.start
        batches.append(batch)
    raise AssertionError("it never ends")


@pytest.mark.parametrize("most_bytes", [1, 39, 40, 41, 100, 4096, 5000, 1 << 20])
def test_pieces_of_any_size_are_the_whole(
    tmp_path: Path, writer: SpoolWriter, most_bytes: int
) -> None:
    cursor = cursor_of(tmp_path, writer)
    batches = read_on(cursor, most_bytes)
    assert values(batches) == list(range(POINTS))
    assert [event.key for b in batches for event in b.events if isinstance(event, Tagged)] == ["k"]
    assert cursor.unread_bytes(cursor.spool.list_segments()) == 0
    largest = 10_200 + most_bytes
    sizes = [b.end.offset - b.start.offset for b in batches if b.end.segment == b.start.segment]
    assert max(sizes, default=0) <= largest


def test_another_reader_goes_on_from_any_place(tmp_path: Path, writer: SpoolWriter) -> None:
    for batch in read_on(cursor_of(tmp_path, writer), 1000):
        other = cursor_of(tmp_path, writer)
        other.seek(batch.start)
        again = other.read(other.spool.list_segments(), most_bytes=1000, is_final=False)
        assert again is not None
        assert again.end == batch.end
        assert values([again]) == values([batch])


def test_it_can_go_back_and_forth(tmp_path: Path, writer: SpoolWriter) -> None:
    locations = [batch.start for batch in read_on(cursor_of(tmp_path, writer), 3000)]
    cursor = cursor_of(tmp_path, writer)
    whole = list(range(POINTS))
    for location in [*locations[::-7], *locations[::5]]:
        cursor.seek(location)
        rest = cursor.read(cursor.spool.list_segments(), most_bytes=1 << 20, is_final=False)
        assert rest is not None
        got = values([rest])
        assert got == whole[len(whole) - len(got) :]
        assert len(got) > 0 or location == locations[-1]


def test_a_place_and_its_definitions_change_together(
    tmp_path: Path, writer: SpoolWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that refuses in the middle of seeking must not leave a place without its names."""
    cursor = cursor_of(tmp_path, writer)
    segments = cursor.spool.list_segments()
    first = cursor.read(segments, most_bytes=2000, is_final=False)
    assert first is not None

    def refuse(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", refuse)
        cursor.seek(Position(3, 1000))
        with pytest.raises(OSError, match="Input"):
            cursor.read(segments, most_bytes=100, is_final=False)
    cursor.seek(first.end)
    rest = cursor.read(segments, most_bytes=1 << 20, is_final=False)
    assert rest is not None
    assert values([first, rest]) == list(range(POINTS))


def test_a_spool_that_goes_away_ends_quietly(tmp_path: Path, writer: SpoolWriter) -> None:
    cursor = cursor_of(tmp_path, writer)
    segments = cursor.spool.list_segments()
    for segment in Path(cursor.spool.location).glob("*.seg"):
        segment.unlink()
    batch = cursor.read(segments, most_bytes=1 << 20, is_final=False)
    assert batch is not None
    assert (batch.points, batch.events) == ((), ())
    cursor.seek(Position(2, 100))
    assert cursor.unread_bytes(cursor.spool.list_segments()) == 0


def test_a_shorter_file_does_not_lead_back(tmp_path: Path, writer: SpoolWriter) -> None:
    cursor = cursor_of(tmp_path, writer)
    (*_, last) = read_on(cursor, 1 << 20)
    segments = cursor.spool.list_segments()
    segments[-1] = segments[-1]._replace(size_bytes=10)
    assert cursor.unread_bytes(segments) == 0
    assert cursor.read(segments, most_bytes=100, is_final=True) is None
    assert cursor.position == last.end


def test_the_end_is_noticed(tmp_path: Path, writer: SpoolWriter) -> None:
    name = writer.writer
    writer.close()
    cursor = Cursor(FolderSpool(tmp_path / name))
    (*_, last) = read_on(cursor, 1 << 20)
    assert isinstance(last.events[-1], Ended)
    assert cursor.ended


def test_a_damage_that_mentions_nobody_warns_the_runs_of_its_writer(
    tmp_path: Path, writer: SpoolWriter
) -> None:
    cursor = cursor_of(tmp_path, writer)
    read_on(cursor, 1 << 20)
    last = cursor.spool.list_segments()[-1]
    with (Path(cursor.spool.location) / f"{last.number}.seg").open("ab") as file:
        file.write(bytes(5 * SCALAR_RECORD_BYTES))
    (batch,) = read_on_final(cursor)
    assert batch.skipped_bytes == 5 * SCALAR_RECORD_BYTES
    assert batch.events == (RecordsDropped(RUN, 0, "a part of its stream is damaged"),)


def read_on_final(cursor: Cursor) -> list[Batch]:
    batch = cursor.read(cursor.spool.list_segments(), most_bytes=1 << 20, is_final=True)
    return [] if batch is None else [batch]


def receive(*payloads: bytes) -> Cursor:
    """A cursor on a spool in memory that holds such records."""
    spools, name = MemorySpools(), WriterId("w")
    spools.receive(name, 0, b"".join(map(pack_record, payloads)))
    return Cursor(spools.list_spools()[name])


SERIES = b'{"k":"series","id":1,"run":"r","name":"n"}'
NAMELESS = FLOAT_SCALAR.pack(3, 0, 0, 99, 0, 1.0, 2.0)


@pytest.mark.parametrize(
    ("event", "is_told"),
    [(Tagged(RUN, "k", "v"), False), (Heartbeat(1.0), True)],
)
def test_a_damage_is_told_to_runs_when_nothing_beside_it_is_about_one(
    event: Event, is_told: bool
) -> None:
    (batch,) = read_on_final(receive(SERIES, encode_event(event), NAMELESS))
    assert batch.skipped_bytes == SCALAR_RECORD_BYTES
    told = (RecordsDropped(RUN, 0, "a part of its stream is damaged"),)
    assert batch.events == (event, *(told if is_told else ()))


@pytest.mark.parametrize("shown", range(12))
def test_a_segment_that_is_shown_shorter_than_its_size_is_waited_for(shown: int) -> None:
    spools, name = MemorySpools(is_local=False), WriterId("w")
    spools.receive(name, 0, pack_record(SERIES)[:shown])
    cursor = Cursor(spools.list_spools()[name])
    for most_bytes in (1, 1000):
        segments = [Segment(0, 1000)]
        assert cursor.read(segments, most_bytes=most_bytes, is_final=False) is None
    assert cursor.position == Position(0, 0)


def test_a_record_that_is_longer_than_any_can_be_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts: list[int] = []
    plain = MemorySpool.read

    def read(spool: MemorySpool, number: int, offset: int, count: int) -> bytes:
        counts.append(count)
        return plain(spool, number, offset, count)

    spools, name = MemorySpools(), WriterId("w")
    spools.receive(name, 0, HEADER.pack(MAX_PAYLOAD_BYTES + 1, 0) + bytes(5000))
    cursor = Cursor(spools.list_spools()[name])
    with monkeypatch.context() as patch:
        patch.setattr(MemorySpool, "read", read)
        assert cursor.read([Segment(0, 1 << 40)], most_bytes=100, is_final=False) is None
    assert max(counts) <= 4096


def test_definitions_that_were_saved_are_not_read_again() -> None:
    spools, name = MemorySpools(), WriterId("w")
    point = pack_record(FLOAT_SCALAR.pack(3, 0, 0, 1, 0, 1.0, 2.0))
    spools.receive(name, 0, pack_record(SERIES) + point * 3)
    begin = len(pack_record(SERIES))
    asked: list[Position] = []

    def read_definitions(writer: WriterId, after: Position) -> SavedDefinitions:
        assert writer == name
        asked.append(after)
        return SavedDefinitions(Position(0, begin), (SERIES,))

    cursor = Cursor(spools.list_spools()[name], read_definitions)
    cursor.seek(Position(0, begin + len(point)))
    batch = cursor.read(cursor.spool.list_segments(), most_bytes=1 << 20, is_final=False)
    assert batch is not None
    assert values([batch]) == [2.0, 2.0]
    assert asked == [Position(0, 0)]
    assert (batch.definitions, batch.defined_from) == ((), Position(0, begin))


def test_a_spool_whose_segments_hold_nothing_goes_on_for_nobody() -> None:
    cursor = receive()
    assert cursor.find_former([]) is None
    assert cursor.find_former([Segment(0, 0), Segment(1, 0)]) is None
    header = b'{"k":"segment","format":1,"continues":"former"}'
    assert receive(header).find_former([Segment(0, 100)]) == "former"


@pytest.mark.parametrize(
    ("payload", "run"),
    [
        (encode_event(Heartbeat(1.0)), None),
        (encode_event(Tagged(RUN, "k", "v")), RUN),
        (FLOAT_SCALAR.pack(3, 0, 0, 1, 0, 1.0, 2.0), RUN),
    ],
)
def test_a_record_that_is_refused_is_kept_with_the_run_that_it_is_about(
    payload: bytes, run: RunId | None
) -> None:
    cursor = receive(SERIES, payload)
    begin = len(pack_record(SERIES))
    segments = cursor.spool.list_segments()
    assert cursor.read(segments, most_bytes=1, is_final=False) is not None
    batch = cursor.read(segments, most_bytes=1, is_final=False)
    assert batch is not None
    rest = cursor.refuse(batch, "too long")
    assert (rest.events, rest.points) == ((), ())
    (refused,) = rest.refused
    assert (refused.at, refused.data, refused.run) == (Position(0, begin), payload, run)
    assert (refused.error, refused.writer) == ("too long", "w")
    assert (rest.start, rest.end) == (batch.start, batch.end)


def test_a_segment_of_a_newer_format_is_not_read() -> None:
    cursor = receive(b'{"k":"segment","format":2}', SERIES, encode_event(Tagged(RUN, "k", "v")))
    segments = cursor.spool.list_segments()
    assert cursor.is_of_newer_format
    assert cursor.unread_bytes(segments) == 0
    for is_final in (False, True):
        assert cursor.read(segments, most_bytes=1000, is_final=is_final) is None
    assert cursor.position == Position(0, 0)


def test_what_comes_into_a_segment_that_was_left_is_told_once() -> None:
    now_s = 0.0
    spools, name = MemorySpools(is_local=False), WriterId("w")
    whole = pack_record(SERIES) + pack_record(FLOAT_SCALAR.pack(3, 0, 0, 1, 0, 1.0, 2.0))
    header = b'{"k":"segment","format":1,"before":{"number":0,"bytes":%d}}' % (len(whole) + 100)
    spools.receive(name, 0, whole)
    spools.receive(name, 1, pack_record(header))
    spool = spools.list_spools()[name]
    cursor = Cursor(spool, succession=Succession(spool, lambda: now_s))

    def read() -> Batch | None:
        segments = spool.list_segments()
        return cursor.read(segments, most_bytes=10_000, is_final=False, is_complete=False)

    first = read()
    assert first is not None
    assert (values([first]), first.end) == ([2.0], Position(0, len(whole)))
    assert read() is None
    now_s = ELSEWHERE_S + 1
    second = read()
    assert second is not None
    assert (second.end.segment, second.skipped_bytes) == (1, 100)
    assert cursor.first_segment == 0
    assert cursor.unread_bytes(spool.list_segments()) == 0
    spools.receive(name, 0, bytes(40))
    assert cursor.unread_bytes(spool.list_segments()) == 40
    late = read()
    assert late is not None
    assert late.events == (RecordsDropped(RUN, 0, "40 bytes of the stream came too late"),)
    assert late.start == late.end == second.end
    assert cursor.unread_bytes(spool.list_segments()) == 0
    assert read() is None
