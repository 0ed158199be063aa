"""A signal handler logs right before a write or right behind it; a disk refuses a single record.

`tests/property` has a handler come in at every line; here are the places that matter, one by one.
"""

import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.spools import read_spool

from trackboard.model import Event, RunId, Tagged, TextLogged
from trackboard.spool import SpoolWriter
from trackboard.spool import segment as segment_module
from trackboard.spool import writer as writer_module

RUN = RunId("r")
SEGMENT_BYTES = 600
Write = Callable[[int, bytes], int]


@pytest.fixture
def writer(tmp_path: Path) -> SpoolWriter:
    return SpoolWriter(tmp_path, segment_bytes=SEGMENT_BYTES)


def only_once(handler: Callable[[], object], *, is_before: bool) -> Write:
    """A write that is interrupted by a handler, the first time."""
    left = [handler]

    def write(fd: int, record: bytes) -> int:
        if is_before and left:
            left.pop()()
        written = os.write(fd, record)
        if left:
            left.pop()()
        return written

    return write


def say_tag(writer: SpoolWriter, number: int) -> None:
    writer.append_event(Tagged(RUN, "key", f"{number:04}"))


@pytest.mark.parametrize("is_before", [True, False])
@pytest.mark.parametrize("count", range(15))
def test_a_number_is_stored_once_when_a_handler_fills_the_segment(
    tmp_path: Path,
    writer: SpoolWriter,
    monkeypatch: pytest.MonkeyPatch,
    is_before: bool,
    count: int,
) -> None:
    mine, other = writer.series(RUN, "mine"), writer.series(RUN, "other")
    writer.append_float(mine, 0, 0, 0.0)
    writer.append_float(other, 0, 0, 0.0)

    def handle() -> None:
        for number in range(1, count + 1):
            writer.append_float(other, 0, 0, float(number))

    with monkeypatch.context() as patch:
        patch.setattr(writer_module, "_write", only_once(handle, is_before=is_before))
        writer.append_float(mine, 0, 0, 1.0)
    writer.append_float(mine, 0, 0, 2.0)
    writer.close()
    (folder,) = tmp_path.iterdir()
    content = read_spool(folder)
    assert content.of("mine") == [0.0, 1.0, 2.0]
    assert content.of("other") == [float(number) for number in range(count + 1)]
    assert content.lost == 0


@pytest.mark.parametrize("is_before", [True, False])
@pytest.mark.parametrize("count", range(12))
def test_an_event_is_stored_once_when_a_handler_fills_the_segment(
    tmp_path: Path,
    writer: SpoolWriter,
    monkeypatch: pytest.MonkeyPatch,
    is_before: bool,
    count: int,
) -> None:
    say_tag(writer, 0)

    def handle() -> None:
        for number in range(1, count + 1):
            say_tag(writer, number)

    with monkeypatch.context() as patch:
        patch.setattr(segment_module, "_write", only_once(handle, is_before=is_before))
        say_tag(writer, 1000)
    say_tag(writer, 2000)
    writer.close()
    (folder,) = tmp_path.iterdir()
    said = [int(event["value"]) for event in read_spool(folder).events if event["k"] == "tag"]
    assert sorted(said) == [*range(count + 1), 1000, 2000]
    assert [number for number in said if number < 1000] == list(range(count + 1))
    assert said[-1] == 2000


@pytest.mark.parametrize("is_before", [True, False])
def test_a_handler_that_syncs_a_full_segment_stores_nothing_twice(
    tmp_path: Path, writer: SpoolWriter, monkeypatch: pytest.MonkeyPatch, is_before: bool
) -> None:
    mine = writer.series(RUN, "mine")
    for number in range(40):
        with monkeypatch.context() as patch:
            patch.setattr(writer_module, "_write", only_once(writer.sync, is_before=is_before))
            writer.append_float(mine, 0, 0, float(number))
    content = read_spool(tmp_path / writer.writer)
    assert content.of("mine") == [float(number) for number in range(40)]
    assert len(content.headers) > 2


class Refusing:
    """A disk that takes all but the records that hold a word."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, word: bytes) -> None:
        self.word = word
        self.count = 0
        monkeypatch.setattr(segment_module, "_write", self._write)
        monkeypatch.setattr(writer_module, "_write", self._write)

    def _write(self, fd: int, record: bytes) -> int:
        if self.word and self.word in record:
            self.count += 1
            raise OSError(errno.EDQUOT, "over the quota")
        return os.write(fd, record)


@pytest.mark.parametrize(
    ("event", "kinds"),
    [
        (TextLogged(RUN, "t", "unwelcome", None, 1.0), ["lost", "tag"]),
        (Tagged(RUN, "key", "unwelcome"), ["tag", "tag"]),
    ],
)
def test_a_record_that_two_segments_refuse_waits_or_is_told_with_the_reason(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    event: Event,
    kinds: list[str],
) -> None:
    disk = Refusing(monkeypatch, b"unwelcome")
    writer = SpoolWriter(tmp_path)
    with caplog.at_level(logging.WARNING, "trackboard"):
        writer.append_event(event)
        assert disk.count in (2, 3), "the segment that is open, and the next one"
        disk.word = b""
        writer.append_event(Tagged(RUN, "key", "value"))
        writer.sync()
    assert "over the quota" in caplog.text
    assert len(caplog.records) == 1
    content = read_spool(tmp_path / writer.writer)
    assert [each["k"] for each in content.events] == kinds
    if kinds[0] == "lost":
        assert content.events[0]["reason"] == "over the quota"
        assert content.lost == 1


def test_a_loss_is_told_at_the_end_when_the_disk_takes_records_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    disk = Refusing(monkeypatch, b"")
    writer = SpoolWriter(tmp_path)
    writer.append_event(Tagged(RUN, "key", "value"))
    disk.word = b"unwelcome"
    writer.append_event(TextLogged(RUN, "t", "unwelcome", None, 1.0))
    name = writer.writer
    with caplog.at_level(logging.WARNING, "trackboard"):
        caplog.clear()
        writer.close()
    assert [each["k"] for each in read_spool(tmp_path / name).events] == ["tag", "lost", "ended"]
    assert caplog.messages == [], "it was told"
