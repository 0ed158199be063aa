import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trackboard.errors import Unavailable, UsageError
from trackboard.ingest.cursor import Cursor
from trackboard.ingest.folder_spools import FolderSpool
from trackboard.model import (
    LIMITS,
    ArtifactKind,
    Created,
    Event,
    FileAdded,
    PropertyAdded,
    RunKind,
    RunState,
    StateChanged,
    Tagged,
    TextLogged,
)
from trackboard.ports import Batch
from trackboard.record import LiveRun, Recorder
from trackboard.record.run_writer import RunWriter
from trackboard.spool import list_segments, list_writers


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path / "spool")


@pytest.fixture
def run(recorder: Recorder) -> LiveRun:
    return recorder.create_run("exp", name="first")


def said(recorder: Recorder) -> Batch:
    writer = recorder.writer.writer
    folder = recorder.writer._spool_folder / writer
    batch = Cursor(FolderSpool(folder)).read(
        list_segments(folder), most_bytes=1 << 30, is_final=False
    )
    assert batch is not None
    return batch


def states(recorder: Recorder) -> list[StateChanged]:
    return [event for event in said(recorder).events if isinstance(event, StateChanged)]


def other_events(recorder: Recorder) -> list[Event]:
    return [e for e in said(recorder).events if not isinstance(e, StateChanged | Created)]


class TestLogScalar:
    def test_kinds_of_values(self, recorder: Recorder, run: LiveRun) -> None:
        run.log_scalar("float", 0.5)
        run.log_scalar("int", 7, step=3)
        run.log_scalar("bool", True, step=-1)
        run.log_scalar("text", "hello", step=2)
        batch = said(recorder)
        found = {part.name: (part.values.tolist(), part.steps.tolist()) for part in batch.points}
        assert found == {"float": ([0.5], [0]), "int": ([7], [3]), "bool": ([True], [-1])}
        (text,) = [event for event in batch.events if isinstance(event, TextLogged)]
        assert (text.name, text.value, text.step) == ("text", "hello", 2)

    @pytest.mark.parametrize("name", ["", "a\nb", "x" * 1025, 3, None, ["loss"], b"loss"])
    def test_names_that_cannot_be(self, recorder: Recorder, run: LiveRun, name: str) -> None:
        with pytest.raises(UsageError, match="metric name"):
            run.log_scalar(name, 1.0)
        assert said(recorder).points == ()

    @pytest.mark.parametrize("value", [None, [1], {"a": 1}, object(), 2**63, 1j])
    def test_values_that_cannot_be(self, recorder: Recorder, run: LiveRun, value: object) -> None:
        with pytest.raises(UsageError, match="'loss'"):
            run.log_scalar("loss", value)
        assert said(recorder).points == ()

    @pytest.mark.parametrize("step", [0.5, "1", 2**63, -(2**63) - 1])
    def test_steps_that_cannot_be(self, run: LiveRun, step: int) -> None:
        with pytest.raises(UsageError, match="loss"):
            run.log_scalar("loss", 1.0, step=step)

    def test_a_text_that_is_too_long_for_a_record(self, recorder: Recorder, run: LiveRun) -> None:
        with pytest.raises(UsageError, match="too long"):
            run.log_scalar("text", "x" * (17 << 20))
        run.log_scalar("after", 1)
        assert [part.name for part in said(recorder).points] == ["after"]


def test_what_describes_it(recorder: Recorder, run: LiveRun) -> None:
    run.set_tag("k", "v")
    run.remove_tag("k")
    run.add_property("p", "1")
    run.add_file("outputs/model", "sha256:1", 5)
    tagged, removed, given, added = other_events(recorder)
    assert tagged == Tagged(run.id, "k", "v")
    assert removed == Tagged(run.id, "k", None, removed=True)
    assert given == PropertyAdded(run.id, "p", "1")
    assert isinstance(added, FileAdded)
    assert (added.path, added.key, added.size_bytes) == ("outputs/model", "sha256:1", 5)


HUGE = "x" * (16 << 20)


@pytest.mark.parametrize("odd", [3, 0.5, ["a"], {"a": 1}, b"a", HUGE], ids=lambda odd: str(odd)[:9])
def test_what_describes_it_is_text(recorder: Recorder, run: LiveRun, odd: Any) -> None:
    for say in (
        lambda: run.set_tag("key", odd),
        lambda: run.set_tag(odd, "value"),
        lambda: run.remove_tag(odd),
        lambda: run.add_property("key", odd),
        lambda: run.add_property(odd, "value"),
        lambda: run.child(odd),
        lambda: recorder.create_run("exp", name=odd),
        lambda: recorder.create_run("exp", description=odd),
    ):
        with pytest.raises(UsageError, match=r"not text|too long"):
            say()
    run.set_tag("after")
    assert other_events(recorder) == [Tagged(run.id, "after", None)]


_SAYS: dict[str, Callable[[LiveRun, str], object]] = {
    "metric name": lambda run, text: run.log(text, 1.0),
    "parameter name": lambda run, text: run.set_parameter(text, 1),
    "run name": lambda run, text: run.child(text),
    "tag key": lambda run, text: run.set_tag(text),
    "property key": lambda run, text: run.add_property(text, "v"),
    "file path": lambda run, text: run.append_bytes(text, 0, b""),
    "blob key": lambda run, text: run.add_file("p", text, 1),
}


@pytest.mark.parametrize("what", _SAYS)
def test_a_name_may_be_as_long_as_its_limit(recorder: Recorder, run: LiveRun, what: str) -> None:
    _SAYS[what](run, "ä" * LIMITS[what])
    before = said(recorder).end
    with pytest.raises(UsageError, match=f"{LIMITS[what]:,}"):
        _SAYS[what](run, "ä" * (LIMITS[what] + 1))
    assert said(recorder).end == before


@pytest.mark.parametrize("size_bytes", [-1, 2**63])
def test_a_size_that_no_store_takes_is_not_recorded(
    recorder: Recorder, run: LiveRun, size_bytes: int
) -> None:
    before = said(recorder).end
    with pytest.raises(UsageError, match="is no size"):
        run.add_file("a", "k", size_bytes)
    with pytest.raises(UsageError, match="is no size"):
        run.log_artifact("a", ArtifactKind.IMAGE, "a.png", "k", size_bytes)
    assert said(recorder).end == before


def test_a_row_with_one_text_too_long_is_not_begun(recorder: Recorder, run: LiveRun) -> None:
    with pytest.raises(UsageError, match="too long"):
        RunWriter.log_row(run, "table", {"a": 1, "b": HUGE})
    with pytest.raises(UsageError, match="column name ''"):
        RunWriter.log_row(run, "table", {"a": 1, "": 2})
    assert said(recorder).points == ()
    assert other_events(recorder) == []


def test_a_run_ends_however_long_the_cause_is(recorder: Recorder, run: LiveRun) -> None:
    run.fail(HUGE)
    _, ended = states(recorder)
    assert ended.state is RunState.FAILED
    assert 0 < len(ended.cause) < 1 << 20


class TestLife:
    def test_from_begin_to_end(self, recorder: Recorder, run: LiveRun) -> None:
        run.complete()
        (created,) = [event for event in said(recorder).events if isinstance(event, Created)]
        assert (created.experiment, created.name) == ("exp", "first")
        assert created.kind is RunKind.INTERACTIVE
        began, ended = states(recorder)
        assert (began.state, began.sequence) == (RunState.RUNNING, 1)
        assert (ended.state, ended.sequence) == (RunState.COMPLETED, 2)
        assert ended.elapsed_s is not None
        assert ended.elapsed_s >= 0

    def test_completing_twice_is_once(self, recorder: Recorder, run: LiveRun) -> None:
        run.complete()
        run.complete()
        assert len(states(recorder)) == 2

    def test_an_end_is_final(self, run: LiveRun) -> None:
        run.fail("why")
        with pytest.raises(UsageError, match="failed already"):
            run.complete()

    def test_it_logs_after_its_end(self, recorder: Recorder, run: LiveRun) -> None:
        run.complete()
        run.log("late", 1)
        assert len(said(recorder).points) == 1

    def test_a_guest_changes_no_state(self, recorder: Recorder, run: LiveRun) -> None:
        guest = recorder.attach(run.id, owner=False)
        guest.complete()
        guest.fail("no")
        assert [event.state for event in states(recorder)] == [RunState.RUNNING]

    def test_a_fork_changes_no_state(self, recorder: Recorder, run: LiveRun) -> None:
        child = os.fork()
        if child == 0:
            run.complete()
            run.log("n", 1)
            os._exit(0 if not run.is_owner else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert run.is_owner
        assert [event.state for event in states(recorder)] == [RunState.RUNNING]
        assert len(list_writers(recorder.writer._spool_folder)) == 2

    def test_children(
        self, recorder: Recorder, run: LiveRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[int] = []
        monkeypatch.setattr(os, "fsync", synced.append)
        for number in range(10):
            child = run.child(f"child {number}")
            assert child.is_owner
            child.complete()
        assert synced == [], "hundreds of children end at once"
        run.complete()
        assert len(synced) == 1
        created = [event for event in said(recorder).events if isinstance(event, Created)]
        assert [event.parent for event in created] == [None] + 10 * [run.id]

    @pytest.mark.parametrize("run_id", ["../x", "", "a/b", ".hidden", "x" * 257])
    def test_ids_that_cannot_name_a_folder(self, recorder: Recorder, run_id: str) -> None:
        run = recorder.create_run("exp")
        with pytest.raises(UsageError, match="run id"):
            run.child(run_id=run_id)
        with pytest.raises(UsageError, match="run id"):
            recorder.create_run("exp", run_id=run_id)


def test_an_end_that_no_disk_takes_is_said_and_told_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "spool"
    in_the_way.write_text("")
    recorder = Recorder(in_the_way)
    with caplog.at_level(logging.WARNING, "trackboard"):
        run = recorder.create_run("exp", name="kept")
        run.log("n", 1)
        for _ in range(2):
            with pytest.raises(Unavailable, match="completed could not be recorded"):
                run.complete()
        child = run.child()
        with pytest.raises(Unavailable, match="failed could not be recorded"):
            child.fail()
    assert len(caplog.records) == 1
    in_the_way.unlink()
    run.complete()
    child.fail()
    assert [event.state for event in states(recorder)] == [
        *(RunState.RUNNING, RunState.COMPLETED),
        *(RunState.RUNNING, RunState.FAILED),
    ]
    assert recorder.writer.lost_count == 0, "told: the point"
