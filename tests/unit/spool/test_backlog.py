"""What waits in memory is stored once, wherever an interruption came between."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trackboard.layout import open_file
from trackboard.model import RunId, RunState, SeriesRef, StateChanged
from trackboard.spool import iter_payloads
from trackboard.spool import segment as segment_module
from trackboard.spool.backlog import Backlog, Waiting
from trackboard.spool.descriptors import identify
from trackboard.spool.events import encode_event
from trackboard.spool.layout import pack_record
from trackboard.spool.segment import OpenSegment

_STATE = pack_record(encode_event(StateChanged(RunId("r"), RunState.RUNNING, 1, 1, 1.0)))
_OTHER = pack_record(b"{}")


@pytest.fixture
def segment(tmp_path: Path) -> OpenSegment:
    path = tmp_path / "segment"
    fd = open_file(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    return OpenSegment(path, 1, fd, identify(os.fstat(fd)))


def _interrupted_before(_fd: int, _record: bytes) -> int:
    raise KeyboardInterrupt


def _interrupted_after(fd: int, record: bytes) -> int:
    os.write(fd, record)
    raise KeyboardInterrupt


@pytest.mark.parametrize("write", [_interrupted_before, _interrupted_after])
@pytest.mark.parametrize("stale_bytes", [0, -len(_OTHER), len(_OTHER)])
@pytest.mark.parametrize("others_write", [False, True])
@pytest.mark.parametrize("is_closed", [False, True])
def test_a_record_whose_write_was_interrupted_is_stored_once(
    segment: OpenSegment,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[int, bytes], int],
    stale_bytes: int,
    others_write: bool,
    is_closed: bool,
) -> None:
    """The frame that a signal handler interrupted may write once more before anybody looks again."""
    segment.append(_OTHER)
    backlog = Backlog()
    backlog.keep(Waiting(RunId("r"), _STATE, is_kept=True))
    if write is _interrupted_before:
        segment.size_bytes += stale_bytes  # the one below has not counted its record yet
    monkeypatch.setattr(segment_module, "_write", write)
    with pytest.raises(KeyboardInterrupt):
        backlog.store(segment)
    monkeypatch.undo()
    if others_write:
        segment.append(_OTHER)
    segment.settle()
    if is_closed:
        segment.close()
        segment = OpenSegment.begin(segment.path.with_name("next"), 2, _OTHER)
    backlog.store(segment)
    found = b"".join(path.read_bytes() for path in sorted(segment.path.parent.iterdir()))
    assert found.count(_STATE) == 1
    assert len(backlog) == 0


def told(segment: OpenSegment) -> list[dict[str, object]]:
    payloads = iter_payloads(memoryview(segment.path.read_bytes()))
    return [json.loads(bytes(payload)) for payload in payloads]


def say(run: str, text: str) -> Waiting:
    payload = json.dumps({"k": "tag", "run": run, "text": text}).encode()
    return Waiting(RunId(run), pack_record(payload), is_kept=True)


def test_what_waits_comes_out_in_order(segment: OpenSegment) -> None:
    backlog = Backlog()
    assert not backlog
    backlog.keep(say("a", "3"))
    backlog.count_lost(RunId("a"), 2, "full")
    backlog.keep(say("b", "4"))
    backlog.put_first([say("a", "1"), say("a", "2")])
    assert (len(backlog), backlog.kept_count, backlog.lost_count) == (5, 4, 2)
    backlog.store(segment)
    assert (len(backlog), backlog.kept_count, backlog.lost_count) == (0, 0, 0)
    found = [(record["k"], record.get("text")) for record in told(segment)]
    assert found == [("tag", "1"), ("tag", "2"), ("tag", "3"), ("lost", None), ("tag", "4")]


def test_losses_of_a_run_are_told_together_with_the_last_reason(segment: OpenSegment) -> None:
    backlog = Backlog()
    for run, count, reason in (("a", 1, "full"), ("b", 5, ""), ("a", 2, ""), ("a", 3, "gone")):
        backlog.count_lost(RunId(run), count, reason)
    backlog.count_lost(RunId("b"))
    backlog.count_lost(RunId(""), 9)  # of the writer itself, and no loss
    assert (backlog.lost_count, backlog.kept_count) == (12, 0)
    backlog.store(segment)
    found = [(record["run"], record["count"], record["reason"]) for record in told(segment)]
    assert found == [("a", 6, "gone"), ("b", 6, "")]
    backlog.count_lost(RunId("a"))
    backlog.store(segment)
    assert [record["count"] for record in told(segment)] == [6, 6, 1], "told once"


def test_a_loss_that_the_disk_does_not_take_is_told_later_with_what_came_then(
    segment: OpenSegment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(5, "Input/output error")

    backlog = Backlog()
    backlog.count_lost(RunId("a"), 2, "full")
    with monkeypatch.context() as patch:
        patch.setattr(segment_module, "_write", refuse)
        for _ in range(2):
            with pytest.raises(OSError, match="Input"):
                backlog.store(segment)
    backlog.count_lost(RunId("a"), 3)
    assert backlog.lost_count == 5
    backlog.store(segment)
    assert [record["count"] for record in told(segment)] == [2, 3]


def test_what_is_too_much_to_keep_is_lost_by_its_run(segment: OpenSegment) -> None:
    backlog = Backlog(max_records=2)
    for number in range(4):
        backlog.keep(say("a", str(number)))
    assert (backlog.kept_count, backlog.lost_count) == (2, 2)
    backlog.store(segment)
    *kept, lost = told(segment)
    assert [record["text"] for record in kept] == ["0", "1"]
    assert (lost["run"], lost["count"], lost["reason"]) == ("a", 2, "")


def test_a_record_brings_the_definition_that_it_needs(segment: OpenSegment) -> None:
    loss = SeriesRef(7, RunId("r"), "loss")
    for _ in range(2):
        Waiting(RunId("r"), _OTHER, loss).store(segment)
    assert told(segment) == [{"k": "series", "id": 7, "run": "r", "name": "loss"}, {}, {}]
    assert segment.runs == {7: "r"}
    following = OpenSegment.begin(segment.path.with_name("next"), 2, _OTHER)
    Waiting(RunId("r"), _OTHER, loss).store(following)
    assert [record.get("id") for record in told(following)] == [None, 7, None]
