"""The folder goes away under a writer: deleted, moved, replaced, or its descriptors are closed."""

import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.spools import Content, read_spool

from trackboard.model import FileBytes, RunId, RunKind, RunState, Tagged, TextLogged
from trackboard.record import Recorder
from trackboard.spool import Liveness, SpoolWriter, list_writers, probe
from trackboard.spool import writer as writer_module
from trackboard.spool.layout import pack_record

RUN = RunId("r")


class Clock:
    """The wall clock that the writer sees."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shift_s = 0.0
        monkeypatch.setattr(writer_module, "_now", lambda: time.time() + self.shift_s)

    def let_a_second_pass(self) -> None:
        self.shift_s += 1.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


class WorkerContext:
    """A workspace's folder with a writer that has recorded into it."""

    def __init__(self, folder: Path, segment_bytes: int = 1 << 20) -> None:
        self.folder = folder
        self.spool = folder / "default" / "spool"
        self.recorder = Recorder(self.spool, segment_bytes=segment_bytes)
        self.writer = self.recorder.writer

    def read(self) -> Content:
        """What lies in the one spool that is there."""
        (name,) = list_writers(self.spool)
        return read_spool(self.spool / name)

    def read_all(self) -> list[Content]:
        """What lies in all spools, by their first value."""
        contents = [read_spool(self.spool / name) for name in list_writers(self.spool)]
        return sorted(contents, key=lambda content: content.of("n"))

    def close_descriptors(self) -> None:
        assert self.writer._segment is not None
        assert self.writer._spool is not None
        os.close(self.writer._segment.fd)
        os.close(self.writer._spool._alive_fd)


@pytest.fixture
def place(tmp_path: Path) -> WorkerContext:
    return WorkerContext(tmp_path / ".trackboard")


def delete(place: WorkerContext) -> None:
    shutil.rmtree(place.folder)


def delete_the_spools(place: WorkerContext) -> None:
    shutil.rmtree(place.spool)


def move(place: WorkerContext) -> None:
    place.folder.rename(place.folder.with_name("elsewhere"))


def move_and_put_a_copy_there(place: WorkerContext) -> None:
    move(place)
    shutil.copytree(place.folder.with_name("elsewhere"), place.folder)
    shutil.rmtree(place.spool / place.writer.writer)  # so that the test knows which is new


def delete_the_segments(place: WorkerContext) -> None:
    shutil.rmtree(place.spool / place.writer.writer)


WAYS = [delete, delete_the_spools, move, move_and_put_a_copy_there, delete_the_segments]


@pytest.mark.parametrize("go_away", WAYS)
def test_a_record_one_second_later_begins_anew_with_whole_runs(
    place: WorkerContext, clock: Clock, go_away: Callable[[WorkerContext], None]
) -> None:
    run = place.recorder.create_run("exp", name="name", description="about")
    run.set_tag("tag", "old")
    run.set_tag("tag", "new")
    run.add_property("property", "value")
    run.set_parameter("lr", 0.5)
    for value in range(10):
        run.log("n", float(value))
    former = place.writer.writer
    clock.let_a_second_pass()
    run.log("n", 10.0)
    go_away(place)
    for value in range(5):
        run.log("n", float(value))
    clock.let_a_second_pass()
    run.log("n", 11.0)
    content = place.read()
    assert place.writer.writer != former
    assert content.headers[0]["continues"] == former
    assert content.of("n") == [11.0]
    assert [event["k"] for event in content.events] == [
        *("created", "tag", "property", "parameter", "state"),
        "lost",
    ]
    created, tag, prop, parameter, state, lost = content.events
    assert (created["experiment"], created["name"], created["description"]) == (
        *("exp", "name"),
        "about",
    )
    assert (tag["key"], tag["value"]) == ("tag", "new")
    assert (prop["value"], parameter["value"], state["state"]) == ("value", 0.5, "running")
    assert (lost["run"], lost["count"]) == (run.id, 6), (
        "since the folder was last seen in its place"
    )
    assert lost["reason"] == "the folder of its stream was deleted or moved"
    assert not run.is_stored
    assert probe(place.spool / place.writer.writer) is Liveness.ALIVE
    place.recorder.close()
    assert "continues" in place.read().headers[0]


@pytest.mark.parametrize("go_away", WAYS)
def test_a_segment_that_is_full_meets_it_at_once(
    tmp_path: Path, go_away: Callable[[WorkerContext], None]
) -> None:
    place = WorkerContext(tmp_path / ".trackboard", segment_bytes=400)
    run = place.recorder.create_run("exp")
    for value in range(30):
        run.log("n", float(value))
    go_away(place)
    for value in range(30, 100):
        run.log("n", float(value))
    place.writer.sync()
    content = place.read()
    stored = content.of("n")
    assert stored == [float(value) for value in range(100 - len(stored), 100)]
    assert len(stored) > 50
    assert 0 < content.lost <= 20
    assert 30 + 70 - len(stored) - content.lost <= 30, "what was counted, and what was deleted"


def test_runs_are_described_once_in_a_spool_of_several_segments(tmp_path: Path) -> None:
    place = WorkerContext(tmp_path / ".trackboard", segment_bytes=400)
    run = place.recorder.create_run("exp")
    delete(place)
    for value in range(100):
        run.log("n", float(value))
    place.writer.sync()
    content = place.read()
    assert len(content.headers) > 5
    assert [event["k"] for event in content.events].count("created") == 1


@pytest.mark.parametrize("go_away", WAYS)
def test_completing_a_run_looks_at_once(
    place: WorkerContext, go_away: Callable[[WorkerContext], None]
) -> None:
    run = place.recorder.create_run("exp")
    run.log("n", 0.0)
    place.writer.sync()
    go_away(place)
    for value in range(5):
        run.log("n", float(value))
    run.complete()
    content = place.read()
    assert [event["k"] for event in content.events] == ["created", "state", "lost"]
    assert content.events[1]["state"] == RunState.COMPLETED.value
    assert content.lost == 5
    assert not run.is_stored


def test_a_run_that_has_ended_is_not_said_again(place: WorkerContext, clock: Clock) -> None:
    first = place.recorder.create_run("exp")
    child = first.child("child")
    child.complete()
    first.complete()
    job = place.recorder.create_run("exp", kind=RunKind.JOB)
    delete(place)
    clock.let_a_second_pass()
    second = place.recorder.create_run("exp")
    content = place.read()
    assert {event["run"] for event in content.events} == {second.id}
    assert job.id not in str(content.events)


def test_a_second_deletion_is_like_the_first(place: WorkerContext, clock: Clock) -> None:
    run = place.recorder.create_run("exp")
    run.log("n", 0.0)
    seen = [place.writer.writer]
    for value in range(3):
        delete(place)
        clock.let_a_second_pass()
        run.log("n", float(value))
        content = place.read()
        assert content.of("n") == [value]
        assert content.headers[0]["continues"] == seen[-1]
        assert content.events[0]["k"] == "created"
        seen.append(place.writer.writer)


def test_all_kinds_of_records_are_counted_by_run(place: WorkerContext, clock: Clock) -> None:
    place.writer.append_event(Tagged(RUN, "key", "value"))
    loss, whole = place.writer.series(RUN, "loss"), place.writer.series(RunId("s"), "whole")
    place.writer.append_float(loss, 0, 0, 1.0)
    place.writer.append_int(whole, 2, 0, 0, 1)
    place.writer.sync()
    delete(place)
    place.writer.append_float(loss, 0, 0, 1.0)
    place.writer.append_int(whole, 2, 0, 0, 1)
    place.writer.append_event(TextLogged(RUN, "text", "value", None, 0.0))
    place.writer.append_event(FileBytes(RUN, "logs/a", 0, b"123"))
    place.writer.append_event(FileBytes(RunId("t"), "logs/a", 0, b"123"))
    place.writer.append_event(Tagged(RUN, "key", "value"))
    clock.let_a_second_pass()
    place.writer.append_float(loss, 0, 0, 2.0)
    content = place.read()
    lost = {e["run"]: e["count"] for e in content.events if e["k"] == "lost"}
    assert lost == {RUN: 3, "s": 1, "t": 1}


def test_what_moved_away_is_whole_there(place: WorkerContext, clock: Clock) -> None:
    run = place.recorder.create_run("exp")
    for value in range(10):
        run.log("n", float(value))
    former = place.writer.writer
    move(place)
    run.log("n", 10.0)
    clock.let_a_second_pass()
    run.log("n", 11.0)
    moved = place.folder.with_name("elsewhere") / "default" / "spool" / former
    assert read_spool(moved).of("n") == [float(value) for value in range(11)]
    assert probe(moved) is Liveness.DEAD
    assert place.read().of("n") == [11.0]


def test_descriptors_that_others_close_lose_nothing(place: WorkerContext) -> None:
    run = place.recorder.create_run("exp")
    run.log("n", 0.0)
    former = place.writer.writer
    place.close_descriptors()
    run.log("n", 1.0)
    run.complete()
    assert run.is_stored
    assert place.writer.writer != former
    assert read_spool(place.spool / former).of("n") == [0.0]
    assert probe(place.spool / former) is Liveness.DEAD
    content = read_spool(place.spool / place.writer.writer)
    assert content.of("n") == [1.0]
    assert content.lost == 0
    assert content.headers[0]["continues"] == former


def test_a_file_of_others_at_our_number_stays_as_it_is(place: WorkerContext, clock: Clock) -> None:
    run = place.recorder.create_run("exp")
    run.log("n", 0.0)
    assert place.writer._segment is not None
    number = place.writer._segment.fd
    place.close_descriptors()
    theirs = place.folder / "theirs"
    with theirs.open("wb") as file:
        os.dup2(file.fileno(), number)
        clock.let_a_second_pass()
        run.log("n", 1.0)
        place.recorder.close()
        os.close(number)
    assert theirs.read_bytes() == b""
    assert [content.of("n") for content in place.read_all()] == [[0.0], [1.0]]


def test_descriptors_are_out_of_the_reach_of_the_next_open(place: WorkerContext) -> None:
    run = place.recorder.create_run("exp")
    assert place.writer._segment is not None
    assert place.writer._spool is not None
    low = os.open(os.devnull, os.O_RDONLY)
    os.close(low)
    assert place.writer._segment.fd > low + 100
    assert place.writer._spool._alive_fd > low + 100
    run.complete()


def test_a_folder_that_cannot_be_made_again_is_tried_until_it_can(
    place: WorkerContext, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    run = place.recorder.create_run("exp")
    run.log("n", 0.0)
    delete(place)
    place.folder.write_text("in the way")
    with caplog.at_level(logging.WARNING, "trackboard"):
        clock.let_a_second_pass()
        for value in range(5):
            run.log("n", float(value))
        run.set_tag("key", "value")
        assert place.writer.is_behind
        place.folder.unlink()
        place.writer.sync()
        run.log("n", 5.0)
    content = place.read()
    assert content.of("n") == [5.0]
    assert content.lost == 6
    kinds = [event["k"] for event in content.events]
    assert kinds[0] == "created"
    assert set(kinds) == {"created", "state", "tag", "lost"}
    assert len(caplog.messages) == 2


def test_a_process_that_ends_makes_nothing_again(
    place: WorkerContext, caplog: pytest.LogCaptureFixture
) -> None:
    """As at the end of a test in a temporary folder."""
    run = place.recorder.create_run("exp")
    run.log("n", 0.0)
    place.writer.sync()
    delete(place)
    with caplog.at_level(logging.WARNING, "trackboard"):
        place.recorder.close()
        assert caplog.messages == []
        assert not place.folder.exists()
    run.log("n", 1.0)
    place.writer.sync()
    delete(place)
    run.log("n", 2.0)
    with caplog.at_level(logging.WARNING, "trackboard"):
        place.recorder.close()
    assert caplog.messages == ["trackboard lost 1 records of this process."]
    assert not place.folder.exists()


def test_a_folder_that_is_made_again_is_its_owners(place: WorkerContext, clock: Clock) -> None:
    run = place.recorder.create_run("exp")
    delete(place)
    clock.let_a_second_pass()
    run.log("n", 0.0)
    assert place.spool.parent.stat().st_mode & 0o777 == 0o700


def test_a_disk_that_does_not_answer_is_no_folder_that_is_gone(
    place: WorkerContext, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = place.recorder.create_run("exp")
    former = place.writer.writer

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", refuse)
        clock.let_a_second_pass()
        run.log("n", 0.0)
    assert place.writer.writer == former
    assert place.read().of("n") == [0.0]


def test_the_clock_may_be_set_back(place: WorkerContext, clock: Clock) -> None:
    run = place.recorder.create_run("exp")
    run.log("n", 0.0)
    delete(place)
    clock.shift_s -= 3600
    run.log("n", 1.0)
    assert place.read().of("n") == [1.0]


def test_an_open_run_is_described_once_more_and_its_end_as_well(
    place: WorkerContext, clock: Clock
) -> None:
    run = place.recorder.create_run("exp")
    child = run.child("child")
    place.writer.sync()
    delete(place)
    child.complete()  # within the second, so that it went with the folder
    clock.let_a_second_pass()
    run.log("n", 0.0)
    states = {e["run"]: e["state"] for e in place.read().events if e["k"] == "state"}
    assert states == {run.id: "running", child.id: "completed"}


def test_a_writer_without_a_run_goes_on_as_well(tmp_path: Path, clock: Clock) -> None:
    writer = SpoolWriter(tmp_path / "w" / "spool")
    loss = writer.series(RUN, "loss")
    writer.append_float(loss, 0, 0, 1.0)
    shutil.rmtree(tmp_path / "w")
    clock.let_a_second_pass()
    writer.append_float(loss, 0, 0, 2.0)
    assert read_spool(tmp_path / "w" / "spool" / writer.writer).of("loss") == [2.0]


@pytest.mark.parametrize(
    "payload", [b"{}", b"[]", b"{", b"\x04", b"\x63", b'{"k":"lost","run":"r"}']
)
def test_what_somebody_else_wrote_into_a_segment_is_not_counted(
    place: WorkerContext, clock: Clock, payload: bytes
) -> None:
    run = place.recorder.create_run("exp", run_id=RUN)
    run.log("n", 0.0)
    (segment,) = place.spool.glob("*/0.seg")
    with segment.open("ab") as file:
        file.write(pack_record(payload))
    run.log("n", 1.0)
    delete(place)
    clock.let_a_second_pass()
    run.log("n", 2.0)
    content = place.read()
    assert content.of("n") == [2.0]
    assert content.lost == 2
