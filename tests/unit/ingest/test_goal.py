"""Who waits for another reader waits for what can be read, and for nothing behind a gap."""

from pathlib import Path

import pytest
from tests.workspaces import ingest_of

from trackboard.ingest import Ingest
from trackboard.ingest.folder_spools import FolderSpool
from trackboard.ingest.goal import Goal
from trackboard.layout.locks import FileLock
from trackboard.model import RunId, WriterId
from trackboard.ports import Batch, Position
from trackboard.record import Recorder
from trackboard.spool import list_segments
from trackboard.spool.layout import SCALAR_RECORD_BYTES, pack_record, segment_name
from trackboard.testing.memory import MemorySpools, MemoryStore
from trackboard.testing.memory.spools import MemorySpool


def record(folder: Path) -> tuple[Recorder, Path]:
    """A writer's spool of several segments."""
    recorder = Recorder(folder / "spool", segment_bytes=2000)
    run = recorder.create_run("exp", run_id="r")
    for number in range(300):
        run.log("n", number)
    return recorder, folder / "spool" / recorder.writer.writer


def reader_of(folder: Path, store: MemoryStore) -> Ingest:
    return ingest_of(folder, store, is_local=False)


def show_less(spool: Path) -> None:
    """Another machine sees the third segment shorter than it is, and those behind it whole."""
    path = spool / segment_name(2)
    path.write_bytes(path.read_bytes()[:-500])
    alive = spool / "alive"
    alive.write_text('{"host":"elsewhere","boot":"another","pid":1,"started_s":1.0,"locked":true}')


def test_nobody_waits_for_bytes_behind_a_gap(tmp_path: Path) -> None:
    recorder, spool = record(tmp_path)
    show_less(spool)
    store = MemoryStore()
    reader_of(tmp_path, store).drain(patience_s=0.0)
    stored = store.position(WriterId(spool.name))
    assert stored.segment == 2
    with FileLock(tmp_path / "lock").attempt() as is_held:
        assert is_held
        reader_of(tmp_path, store).drain(patience_s=0.0)
        assert reader_of(tmp_path, store).refresh(0.0) == 0
    recorder.close()


@pytest.mark.parametrize("is_complete", [True, False])
def test_the_goal_is_the_end_of_what_can_be_read(tmp_path: Path, is_complete: bool) -> None:
    recorder, spool = record(tmp_path)
    writer, segments = WriterId(spool.name), list_segments(spool)
    store = MemoryStore()
    whole = Goal({writer: FolderSpool(spool)}, store, lambda _: is_complete)
    assert not whole.is_stored()
    show_less(spool)
    short = Goal({writer: FolderSpool(spool)}, store, lambda _: is_complete)
    end = short._ends[writer]
    if is_complete:
        assert end == Position(*segments[-1])
    else:
        size = (spool / segment_name(2)).stat().st_size
        assert Position(2, size - SCALAR_RECORD_BYTES) < end <= Position(2, size)
    assert whole._ends == {writer: Position(*segments[-1])}
    assert short.is_stored(stuck=[writer])
    assert RunId("r") not in {run.id for run in store.list_runs()}
    recorder.close()


def test_zeros_at_the_end_of_a_segment_are_nothing_that_can_be_read() -> None:
    """A network file system may show the size before the bytes."""
    spools, store, writer = MemorySpools(is_local=False), MemoryStore(), WriterId("w")
    spools.receive(writer, 0, pack_record(b"{}") + bytes(100))
    goal = Goal(spools.list_spools(), store, lambda _: False)
    assert not goal.is_stored()
    store.apply([Batch(writer, Position(0, 0), Position(0, 10), (), ())])
    assert goal.is_stored()


def test_what_is_gone_is_not_waited_for() -> None:
    spools, store, writer = MemorySpools(), MemoryStore(), WriterId("w")
    spools.receive(writer, 0, pack_record(b"{}"))
    goal = Goal(spools.list_spools(), store, lambda _: True)
    assert not goal.is_stored()
    spools.remove(spools.list_spools()[writer])
    assert goal.is_stored()
    assert Goal({}, store, lambda _: True).is_stored()


def test_segments_that_hold_nothing_are_no_part_of_it() -> None:
    spools, store, writer = MemorySpools(), MemoryStore(), WriterId("w")
    spools.receive(writer, 0, pack_record(b"{}"))
    spools.receive(writer, 1, b"")
    goal = Goal(spools.list_spools(), store, lambda _: True)
    store.apply([Batch(writer, Position(0, 0), Position(0, 10), (), ())])
    assert goal.is_stored()


def test_a_disk_that_refuses_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    spools, store, writer = MemorySpools(is_local=False), MemoryStore(), WriterId("w")
    spools.receive(writer, 0, pack_record(b"{}"))

    def refuse(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(MemorySpool, "read", refuse)
        assert Goal(spools.list_spools(), store, lambda _: False).is_stored()


def test_a_reader_waits_for_another_as_long_as_it_may(tmp_path: Path) -> None:
    recorder, _ = record(tmp_path)
    reader = reader_of(tmp_path, MemoryStore())
    with FileLock(tmp_path / "lock").attempt() as is_held:
        assert is_held
        assert reader.refresh(0.05) == reader.unread_bytes() > 0
    recorder.close()
