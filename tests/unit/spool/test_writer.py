import errno
import json
import logging
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.spools import read_spool
from tests.waiting import PATIENCE_S

from trackboard.errors import UsageError
from trackboard.ingest.cursor import Cursor
from trackboard.ingest.folder_spools import FolderSpool
from trackboard.model import Heartbeat, RecordsDropped, RunId, Tagged, TextLogged, WriterId
from trackboard.ports import Batch
from trackboard.spool import (
    Liveness,
    SpoolWriter,
    iter_payloads,
    list_segments,
    list_writers,
    probe,
)
from trackboard.spool.events import encode_event
from trackboard.spool.layout import MAX_PAYLOAD_BYTES, SCALAR_RECORD_BYTES

RUN = RunId("r")


def read_all(folder: Path, writer: WriterId, *, is_final: bool = False) -> Batch | None:
    cursor = Cursor(FolderSpool(folder / writer))
    segments = cursor.spool.list_segments()
    return cursor.read(segments, most_bytes=1 << 30, is_final=is_final)


def values_of(batch: Batch | None) -> list[float]:
    assert batch is not None
    return [float(value) for points in batch.points for value in points.values]


@pytest.fixture
def writer(tmp_path: Path) -> SpoolWriter:
    return SpoolWriter(tmp_path / "spool")


def test_nothing_is_made_before_the_first_record(tmp_path: Path, writer: SpoolWriter) -> None:
    writer.series(RUN, "loss")
    assert not (tmp_path / "spool").exists()
    assert writer.writer == ""


def test_scalars_come_back_in_order(tmp_path: Path, writer: SpoolWriter) -> None:
    loss = writer.series(RUN, "loss")
    for i in range(1000):
        writer.append_float(loss, 0, 0, i / 2)
    assert values_of(read_all(tmp_path / "spool", writer.writer)) == [i / 2 for i in range(1000)]


def test_each_segment_can_be_read_alone(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, segment_bytes=4096)
    loss = writer.series(RUN, "loss")
    for i in range(1000):
        writer.append_float(loss, 0, 0, i)
    segments = list_segments(tmp_path / writer.writer)
    assert len(segments) > 5
    for number, _ in segments[:-1]:
        (tmp_path / writer.writer / f"{number}.seg").unlink()
    batch = read_all(tmp_path, writer.writer)
    assert values_of(batch)[-1] == 999


def headers(folder: Path) -> list[dict[str, object]]:
    """The first record of each segment, by number."""
    segments = [folder / f"{number}.seg" for number, _ in list_segments(folder)]
    return [json.loads(bytes(next(iter_payloads(memoryview(s.read_bytes()))))) for s in segments]


def test_each_segment_says_where_the_one_before_it_ends(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, segment_bytes=500)
    loss = writer.series(RUN, "loss")
    for i in range(50):
        writer.append_float(loss, 0, 0, i)
    segments = list_segments(tmp_path / writer.writer)
    assert len(segments) > 3
    ends = [{"number": number, "bytes": size} for number, size in segments]
    said = [header["before"] for header in headers(tmp_path / writer.writer)]
    assert said == [{"number": -1, "bytes": 0}, *ends[:-1]]


def test_bytes_of_a_torn_write_that_could_not_be_taken_back_are_not_part_of_a_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SpoolWriter(tmp_path)
    loss = writer.series(RUN, "loss")
    writer.append_float(loss, 0, 0, 1.0)
    whole = list_segments(tmp_path / writer.writer)[0].size_bytes
    with monkeypatch.context() as patch:
        patch.setattr("trackboard.spool.writer._write", lambda fd, data: os.write(fd, data[:7]))
        patch.setattr(os, "ftruncate", raising(OSError(errno.EIO, "the disk refuses")))
        writer.append_float(loss, 0, 0, 2.0)
    writer.sync()
    writer.append_float(loss, 0, 0, 3.0)
    first, second = headers(tmp_path / writer.writer)
    assert list_segments(tmp_path / writer.writer)[0].size_bytes == whole + 7
    assert second["before"] == {"number": first["number"], "bytes": whole}


def raising(error: Exception) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise error

    return refuse


def test_a_closed_writer_begins_a_new_spool(tmp_path: Path, writer: SpoolWriter) -> None:
    loss = writer.series(RUN, "loss")
    writer.append_float(loss, 0, 0, 1.0)
    first = writer.writer
    writer.close()
    writer.close()
    writer.append_float(loss, 0, 0, 2.0)
    assert writer.writer not in ("", first)
    assert values_of(read_all(tmp_path / "spool", writer.writer)) == [2.0]


def test_a_reader_may_remove_the_spool_as_soon_as_it_has_ended(
    tmp_path: Path,
    writer: SpoolWriter,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A reader is as quick as that when it waits for a short script; nothing of it is lost."""
    writer.append_float(writer.series(RUN, "loss"), 0, 0, 1.0)
    folder = tmp_path / "spool" / writer.writer
    sync = os.fsync

    def sync_and_be_read(fd: int) -> None:
        sync(fd)
        shutil.rmtree(folder)

    monkeypatch.setattr(os, "fsync", sync_and_be_read)
    writer.close()
    assert not folder.exists()
    assert caplog.text == ""


def test_a_forked_child_writes_a_spool_of_its_own(tmp_path: Path, writer: SpoolWriter) -> None:
    loss = writer.series(RUN, "loss")
    writer.append_float(loss, 0, 0, 1.0)
    child = os.fork()
    if child == 0:
        writer.append_float(loss, 0, 0, 2.0)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    writer.append_float(loss, 0, 0, 3.0)
    spool = tmp_path / "spool"
    assert values_of(read_all(spool, writer.writer)) == [1.0, 3.0]
    (other,) = set(list_writers(spool)) - {writer.writer}
    assert values_of(read_all(spool, other)) == [2.0]
    assert probe(spool / other) is Liveness.DEAD
    assert probe(spool / writer.writer) is Liveness.ALIVE


def test_threads_do_not_mix_their_records(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, segment_bytes=1 << 16)

    def work(number: int) -> None:
        series = writer.series(RUN, f"s{number}")
        for i in range(2000):
            writer.append_float(series, 0, 0, i)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    batch = read_all(tmp_path, writer.writer)
    assert batch is not None
    seen: dict[str, list[float]] = {}
    for points in batch.points:
        seen.setdefault(points.name, []).extend(points.values.tolist())
    assert seen == {f"s{n}": [float(i) for i in range(2000)] for n in range(8)}


def test_a_signal_handler_may_log_in_the_middle_of_a_log(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, segment_bytes=1 << 14)
    loss, other = writer.series(RUN, "loss"), writer.series(RUN, "other")
    old = signal.signal(signal.SIGALRM, lambda *_: writer.append_float(other, 0, 0, 1.0))
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for i in range(30_000):
            writer.append_float(loss, 0, 0, i)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    batch = read_all(tmp_path, writer.writer)
    assert batch is not None
    assert batch.skipped_bytes == 0
    loss_values = [v for p in batch.points if p.name == "loss" for v in p.values.tolist()]
    assert loss_values == list(range(30_000))
    assert any(p.name == "other" for p in batch.points)


def test_nothing_follows_the_end_that_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal handler logs while the disk works on what was closed; so may another thread."""
    writer = SpoolWriter(tmp_path)
    loss = writer.series(RUN, "loss")
    writer.append_float(loss, 0, 0, 1.0)
    first = writer.writer
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _fd: writer.append_float(loss, 0, 0, 2.0))
        writer.close()
    content = read_spool(tmp_path / first)
    assert content.of("loss") == [1.0]
    assert content.events[-1]["k"] == "ended"
    (second,) = set(list_writers(tmp_path)) - {first}
    assert read_spool(tmp_path / second).of("loss") == [2.0]
    assert read_spool(tmp_path / second).headers[0]["continues"] == first  # read behind it


@pytest.mark.parametrize("call", ["sync", "close"])
def test_nobody_who_logs_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    writer = SpoolWriter(tmp_path)
    loss = writer.series(RUN, "loss")
    writer.append_float(loss, 0, 0, 1.0)
    is_working, may_end = threading.Event(), threading.Event()

    def work(_fd: int) -> None:
        is_working.set()
        assert may_end.wait(PATIENCE_S)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", work)
        thread = threading.Thread(target=getattr(writer, call))
        thread.start()
        assert is_working.wait(PATIENCE_S)
        writer.append_float(loss, 0, 0, 2.0)  # hangs if it waits
        may_end.set()
        thread.join(PATIENCE_S)
    contents = [read_spool(tmp_path / name) for name in list_writers(tmp_path)]
    assert sorted(value for content in contents for value in content.of("loss")) == [1.0, 2.0]


def test_full_segments_are_synced_when_somebody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.readlink(f"/proc/self/fd/{fd}")))
    open_before = len(os.listdir("/proc/self/fd"))
    writer = SpoolWriter(tmp_path, segment_bytes=400)
    loss = writer.series(RUN, "loss")
    for i in range(200):
        writer.append_float(loss, 0, 0, i)
    assert synced == []
    assert len(os.listdir("/proc/self/fd")) - open_before <= 11, "files of full segments pile up"
    writer.sync()
    numbers = [number for number, _ in list_segments(tmp_path / writer.writer)]
    assert len(numbers) > 20
    assert synced == [str(tmp_path / writer.writer / f"{number}.seg") for number in numbers]
    assert len(os.listdir("/proc/self/fd")) - open_before == 2
    del synced[:]
    writer.sync()
    assert len(synced) == 1


def test_no_thread_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory is short, starting one waits for ever."""
    monkeypatch.setattr(threading.Thread, "start", raising(AssertionError("a thread")))
    writer = SpoolWriter(tmp_path, segment_bytes=400)
    loss = writer.series(RUN, "loss")
    for i in range(100):
        writer.append_float(loss, 0, 0, i)
    writer.close()
    assert len(read_spool(tmp_path / next(iter(list_writers(tmp_path)))).of("loss")) == 100


_SHORT_OF_MEMORY = """
import resource, sys
from pathlib import Path
from trackboard.spool import SpoolWriter

writer = SpoolWriter(Path(sys.argv[1]), segment_bytes=20_000)
loss = writer.series("r", "loss")
writer.append_float(loss, 0, 0, 0.0)
if sys.platform == "linux":  # which says how much is used
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used, used))
for i in range(1, 20_000):
    writer.append_float(loss, 0, 0, float(i))
writer.close()
"""


def test_a_process_without_memory_goes_on_recording(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _SHORT_OF_MEMORY, str(tmp_path)]
    subprocess.run(command, check=True, timeout=PATIENCE_S)
    (name,) = list_writers(tmp_path)
    assert read_spool(tmp_path / name).of("loss") == [float(i) for i in range(20_000)]


class TestARefusingDisk:
    """A limit on the size of files stands in for a full disk: writes come back short, then fail."""

    @pytest.fixture
    def limited(self) -> int:
        return 20_000

    def test_what_is_lost_is_counted_said_once_and_told(
        self, tmp_path: Path, limited: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        writer = SpoolWriter(tmp_path)
        loss = writer.series(RUN, "loss")
        old = resource.getrlimit(resource.RLIMIT_FSIZE)
        old_handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with caplog.at_level(logging.WARNING, "trackboard"):
            try:
                # The segment meets the limit in the middle of a record, the next one takes that.
                resource.setrlimit(resource.RLIMIT_FSIZE, (limited, old[1]))
                for i in range(600):
                    writer.append_float(loss, 0, 0, i)
                assert writer.lost_count == 0
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, old[1]))
                for i in range(600, 1000):
                    writer.append_float(loss, 0, 0, i)
                assert writer.lost_count == 400
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, old)
                signal.signal(signal.SIGXFSZ, old_handler)
        lost = writer.lost_count
        writer._retry_at_s = 0.0  # rather than wait for it
        writer.append_float(loss, 0, 0, 1000.0)
        assert writer.lost_count == 0
        assert len(caplog.records) == 1
        batch = read_all(tmp_path, writer.writer)
        assert batch is not None
        assert batch.skipped_bytes == 0, "a short write was left in the segment"
        kept = values_of(batch)
        assert kept[-1] == 1000.0
        assert kept[:-1] == [float(i) for i in range(len(kept) - 1)]
        assert len(kept) + lost == 1001
        (told,) = [event for event in batch.events if isinstance(event, RecordsDropped)]
        assert (told.run, told.count) == (RUN, lost)

    def test_a_folder_that_cannot_be_made(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "file").write_text("")
        writer = SpoolWriter(tmp_path / "file" / "spool")
        loss = writer.series(RUN, "loss")
        with caplog.at_level(logging.WARNING, "trackboard"):
            for i in range(5):
                writer.append_float(loss, 0, 0, i)
        assert writer.lost_count == 5
        assert len(caplog.records) == 1
        assert "Training goes on" in caplog.text
        writer.append_event(Tagged(RUN, "key", "value"))
        assert writer.is_behind
        writer.close()
        assert "lost 6 records" in caplog.text, "the last place to say it"
        writer.close()
        assert len(caplog.records) == 2


def test_what_is_lost_is_lost_by_its_run_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("in the way")
    writer = SpoolWriter(tmp_path / "spool")
    writer.append_float(writer.series(RunId("a"), "loss"), 0, 0, 1.0)
    writer.append_bytes(writer.file(RunId("b"), "logs/a"), 0, bytes((1 << 20) + 1))
    writer.append_event(TextLogged(RunId("c"), "t", "text", None, 1.0))
    writer.append_event(Heartbeat(1.0))  # of no run, and no loss
    writer.append_event(Tagged(RunId("d"), "key", "value"))
    assert writer.lost_count == 4
    assert writer.was_refused
    assert writer.is_behind
    (tmp_path / "spool").unlink()
    writer.sync()
    assert (writer.lost_count, writer.is_behind, writer.was_refused) == (0, False, True)
    events = read_spool(tmp_path / "spool" / writer.writer).events
    told = [(each["run"], each["count"], each["reason"]) for each in events if each["k"] == "lost"]
    why = os.strerror(errno.EEXIST)
    assert told == [("a", 1, why), ("b", 2, why), ("c", 1, why)]
    assert [each["k"] for each in events] == ["lost", "lost", "lost", "tag"]


def test_a_refusal_without_words_is_told_by_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SpoolWriter(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("trackboard.spool.folder.make_folder", raising(OSError(5, "")))
        writer.append_float(writer.series(RUN, "loss"), 0, 0, 1.0)
    writer.sync()
    (told,) = read_spool(tmp_path / writer.writer).events
    assert told["reason"] == "[Errno 5] "


def test_a_disk_that_refused_is_not_asked_for_each_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def refuse(folder: Path) -> None:
        asked.append(folder)
        raise OSError(errno.EIO, "the disk")

    now_s = 100.0
    monkeypatch.setattr("trackboard.spool.folder.make_folder", refuse)
    monkeypatch.setattr("time.monotonic", lambda: now_s)
    writer = SpoolWriter(tmp_path)
    loss = writer.series(RUN, "loss")
    for passed_s in (0.0, 0.1, 0.499, 0.5, 0.6, 0.999, 1.0):
        now_s = 100.0 + passed_s
        writer.append_float(loss, 0, 0, 1.0)
    assert len(asked) == 3
    assert writer.lost_count == 7


def test_a_writer_that_stored_all_was_never_refused(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path)
    writer.append_float(writer.series(RUN, "loss"), 0, 0, 1.0)
    assert (writer.was_refused, writer.is_behind, writer.lost_count) == (False, False, 0)


def test_an_event_may_be_as_large_as_a_record(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, segment_bytes=1 << 30)
    empty = len(encode_event(TextLogged(RUN, "t", "", None, 1.0)))
    most = "x" * (MAX_PAYLOAD_BYTES - empty)
    writer.append_event(TextLogged(RUN, "t", most, None, 1.0))
    with pytest.raises(UsageError, match=r"16,777,217 bytes is too long") as caught:
        writer.append_event(TextLogged(RUN, "t", most + "x", None, 1.0))
    assert "at most 16,777,216 bytes" in caught.value.hint
    (event,) = read_spool(tmp_path / writer.writer).events
    assert event["value"] == most


def test_a_torn_tail_means_not_yet_while_the_writer_lives(
    tmp_path: Path, writer: SpoolWriter
) -> None:
    loss = writer.series(RUN, "loss")
    for i in range(10):
        writer.append_float(loss, 0, 0, i)
    segment = tmp_path / "spool" / writer.writer / "0.seg"
    whole = segment.read_bytes()
    for cut in range(1, SCALAR_RECORD_BYTES):
        segment.write_bytes(whole[:-cut])
        batch = read_all(tmp_path / "spool", writer.writer)
        assert batch is not None
        assert values_of(batch) == list(range(9))
        assert batch.end.offset == len(whole) - SCALAR_RECORD_BYTES
        final = read_all(tmp_path / "spool", writer.writer, is_final=True)
        assert final is not None
        assert final.end.offset == len(whole) - cut
        assert final.skipped_bytes == 0, "a record that nobody was told of is not missing"


def test_any_flipped_bit_ends_the_segment_and_nothing_wrong_comes_through(
    tmp_path: Path, writer: SpoolWriter
) -> None:
    loss = writer.series(RUN, "loss")
    for i in range(50):
        writer.append_float(loss, 0, 0, i)
    segment = tmp_path / "spool" / writer.writer / "0.seg"
    whole = segment.read_bytes()
    first = len(whole) - 50 * SCALAR_RECORD_BYTES
    for place in range(first + 10 * SCALAR_RECORD_BYTES, first + 12 * SCALAR_RECORD_BYTES):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        segment.write_bytes(damaged)
        batch = read_all(tmp_path / "spool", writer.writer, is_final=True)
        kept = values_of(batch)
        assert kept == list(range(len(kept)))
        assert 10 <= len(kept) <= 11
        assert batch is not None
        assert batch.skipped_bytes == (50 - len(kept)) * SCALAR_RECORD_BYTES
