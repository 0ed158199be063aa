"""Every record sink that we ship, held against the contract."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from trackboard.ingest.cursor import Cursor
from trackboard.ingest.folder_spools import FolderSpool
from trackboard.model import Ended, Event, Value
from trackboard.ports import SeriesPoints
from trackboard.ports.record_sink import RecordSink
from trackboard.record import Recorder
from trackboard.spool import SpoolWriter, list_writers
from trackboard.spool.outbox import find_file, list_files
from trackboard.testing.memory.sink import MemorySink, RecordedValue
from trackboard.testing.record_sink_contract import Reader, Recorded, RecordSinkContract


class TestMemorySink(RecordSinkContract):
    @pytest.fixture
    def sink(self) -> MemorySink:
        return MemorySink()

    @pytest.fixture
    def read(self, sink: MemorySink) -> Reader:
        return lambda: Recorded.of(sink.records, sink.files)


class TestSpoolWriter(RecordSinkContract):
    segment_bytes = 16 << 20

    @pytest.fixture
    def sink(self, tmp_path: Path) -> Iterator[RecordSink]:
        writer = SpoolWriter(tmp_path / "spool", segment_bytes=self.segment_bytes)
        yield writer
        writer.close()

    @pytest.fixture
    def read(self, tmp_path: Path) -> Reader:
        return lambda: read_spools(tmp_path / "spool")


class TestSpoolWriterInSmallSegments(TestSpoolWriter):
    segment_bytes = 1_000


def read_spools(spools: Path) -> Recorded:
    """All that lies in the spools of a folder, whoever wrote it."""
    records: list[Event | RecordedValue] = []
    kept: dict[str, bytes] = {}
    for writer in list_writers(spools):
        folder = spools / writer
        cursor = Cursor(FolderSpool(folder))
        segments = cursor.spool.list_segments()
        while batch := cursor.read(segments, most_bytes=1 << 20, is_final=False):
            records += [event for event in batch.events if not isinstance(event, Ended)]
            records += [value for points in batch.points for value in values_of(points)]
        for key in list_files(folder):
            location = find_file(folder, key)
            assert location is not None
            kept[key] = location.read_bytes()
        assert not [*folder.glob("outbox/.*")], "what is copied aside goes"
    return Recorded.of(tuple(records), kept)


def values_of(points: SeriesPoints) -> Iterator[RecordedValue]:
    steps = np.where(points.has_step, points.steps, 0).tolist()
    values: list[Value] = points.values.tolist()
    rows = zip(steps, points.has_step.tolist(), points.times_s.tolist(), values, strict=True)
    for step, has_step, time_s, value in rows:
        at = step if has_step else None
        yield RecordedValue(points.run, points.name, points.table, points.kind, at, time_s, value)


def test_a_recorder_writes_to_a_spool(tmp_path: Path) -> None:
    run = Recorder(tmp_path).create_run("exp")
    run.log("m", 1.5)
    assert read_spools(tmp_path).of_series("m", run.id) == [(None, 1.5)]
