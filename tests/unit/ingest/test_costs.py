"""What a reader costs that has just started, or that finds nothing new: counted, not timed."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.workspaces import ingest_of

from trackboard.ingest import Ingest
from trackboard.model import RunId, WriterId
from trackboard.ports import Batch, Position, SavedDefinitions
from trackboard.record import Recorder
from trackboard.testing.memory import MemoryStore


class Spools:
    """A folder of spools, and a store in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "spool"
        self.store = MemoryStore()
        self.ingest = self.reader()

    def reader(self) -> Ingest:
        return ingest_of(self.folder.parent, self.store)

    def recorder(self) -> Recorder:
        return Recorder(self.folder, segment_bytes=8192)

    def count(self, run: RunId) -> int:
        return sum(series.count for series in self.store.list_series(runs=[run]))


@pytest.fixture
def spools(tmp_path: Path) -> Spools:
    return Spools(tmp_path)


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of all that is read from segments from now on."""
    sizes: list[int] = []
    segments: set[int] = set()
    plain_open, plain_read = os.open, os.pread

    def open_counting(path: str, *told: int, **more: int) -> int:
        fd = plain_open(path, *told, **more)
        (segments.add if str(path).endswith(".seg") else segments.discard)(fd)
        return fd

    def read_counting(fd: int, count: int, offset: int) -> bytes:
        data = plain_read(fd, count, offset)
        if fd in segments:
            sizes.append(len(data))
        return data

    monkeypatch.setattr(os, "open", open_counting)
    monkeypatch.setattr(os, "pread", read_counting)
    return sizes


def test_a_fresh_reader_beside_a_living_writer_reads_what_is_new(
    spools: Spools, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(spools.folder)
    run = recorder.create_run("exp")
    for number in range(3000):
        run.log(f"text {number % 100}", f"{number} " * 20)
        run.log(f"number {number % 100}", number)
        run.set_tag(f"tag {number % 10}", str(number))
    spools.ingest.drain()
    sizes = count_reads(monkeypatch)
    spools.reader().drain()
    assert sum(sizes) == 0, "everything is stored"
    for number in range(3):
        run.log(f"number {number}", number)
        sizes.clear()
        spools.reader().drain()
        assert sum(sizes) < 100, "one record is new, whose series was named long ago"
    assert spools.count(run.id) == 6003


def test_what_an_earlier_version_has_stored_is_learned_once(
    spools: Spools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It moves the position on and keeps no definitions."""

    class Earlier(MemoryStore):
        def apply(self, batches: Sequence[Batch]) -> None:
            if is_earlier:
                batches = [replace(batch, definitions=()) for batch in batches]
            super().apply(batches)

        def read_definitions(self, writer: WriterId, after: Position) -> SavedDefinitions:
            saved = super().read_definitions(writer, after)
            return SavedDefinitions(Position(0, 0)) if is_earlier else saved

    is_earlier = True
    spools.store = Earlier()
    recorder = Recorder(spools.folder)
    run = recorder.create_run("exp")
    for number in range(500):
        run.log(f"number {number % 100}", number)
    spools.reader().drain()
    run.log("number 7", 1)
    reader = spools.reader()
    reader.run_pass()  # learns them from the segment, and brings them with what is new
    is_earlier = False
    run.log("number 8", 1)
    reader.drain()
    assert spools.count(run.id) == 502
    sizes = count_reads(monkeypatch)
    run.log("number 9", 1)
    reader.drain()
    assert sum(sizes) < 100


def test_many_segments_and_writers_cost_few_system_calls(
    spools: Spools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is new: of each spool the folder is listed and the newest segment looked at."""
    recorders = [spools.recorder() for _ in range(5)]
    for recorder in recorders:
        run = recorder.create_run("exp")
        for number in range(1000):
            run.log("n", number)
    spools.ingest.drain()
    opened: list[object] = []
    plain = os.open

    def counting(path: str, *told: int, **more: int) -> int:
        opened.append(path)
        return plain(path, *told, **more)

    monkeypatch.setattr(os, "open", counting)
    spools.ingest.run_pass()
    segments = [path for path in opened if str(path).endswith(".seg")]
    assert len(segments) == len(recorders)
