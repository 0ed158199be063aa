"""What waits in memory is stored once, wherever an interruption came between."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trackboard.layout import open_file
from trackboard.model import RunId, RunState, StateChanged
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
