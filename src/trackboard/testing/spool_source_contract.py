"""The suite that every spool source is held against; see `store_contract` for its use.

Its fixtures are `source`, of which names and sizes are those that were written, and `wire`, which puts
into it what writers say.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from trackboard.blobs import open_folder
from trackboard.errors import Unavailable
from trackboard.ingest import FolderRunFiles, Ingest
from trackboard.layout import WorkspacePaths
from trackboard.model import Liveness, RunId, RunState, Segment, WriterId
from trackboard.ports import Spool, SpoolArea, SpoolSource
from trackboard.record import Recorder
from trackboard.spool import list_segments
from trackboard.spool.reader import read_segment
from trackboard.testing.memory.store import MemoryStore

A, B = WriterId("a" * 32), WriterId("b" * 32)
SEGMENTS = (0, 1, 2, 9, 10, 11, 100)


class Wire(Protocol):
    """How a test's bytes get into a source."""

    def append(self, writer: WriterId, number: int, data: bytes) -> None:
        """Append to a segment; the first bytes make the spool."""
        ...

    def put_file(self, writer: WriterId, data: bytes) -> str:
        """Put a complete file into a writer's outbox; returns its key."""
        ...

    def set_liveness(self, writer: WriterId, liveness: Liveness) -> None:
        """Let a writer be alive, dead, or (UNKNOWN) nobody that could be asked."""
        ...


class SpoolSourceContract:
    """Subclass it with fixtures `source` and `wire`."""

    # -- reading ----------------------------------------------------------------------------------

    def test_nothing_is_there(self, source: SpoolSource) -> None:
        source.prepare()
        assert source.is_local()
        assert source.list_spools() == {}
        assert [source.list_set_aside(area) for area in SpoolArea] == [{}, {}]

    def test_segments_are_in_the_order_of_their_numbers(
        self, source: SpoolSource, wire: Wire
    ) -> None:
        for number in reversed(SEGMENTS):
            wire.append(A, number, b"x" * (number + 1))
        spool = source.list_spools()[A]
        whole = [Segment(number, number + 1) for number in SEGMENTS]
        assert spool.list_segments() == whole
        assert spool.list_segments(begin=9) == whole[3:]
        assert spool.list_segments(begin=12) == whole[-1:]
        assert spool.list_segments(begin=101) == []

    def test_bytes_are_read_at_an_offset(self, source: SpoolSource, wire: Wire) -> None:
        data = bytes(range(256)) * 5000
        wire.append(A, 0, data)
        wire.append(B, 0, b"another's")
        spool = source.list_spools()[A]
        assert spool.read(0, 0, len(data)) == data
        assert spool.read(0, 1000, 10) == data[1000:1010]
        assert spool.read(0, len(data) - 3, 10) == data[-3:], "fewer at the end"
        assert spool.read(0, len(data), 10) == spool.read(0, len(data) + 5, 10) == b""
        assert spool.read(0, 0, 0) == b""
        assert spool.read(1, 0, 10) == b"", "there is no such segment"

    def test_a_segment_grows_and_keeps_what_it_had(self, source: SpoolSource, wire: Wire) -> None:
        wire.append(A, 0, b"0123")
        spool = source.list_spools()[A]
        wire.append(A, 0, b"4567")
        assert spool.list_segments() == [Segment(0, 8)]
        assert spool.read(0, 2, 100) == b"234567"
        wire.append(A, 1, b"next")
        assert spool.list_segments() == [Segment(0, 8), Segment(1, 4)]

    def test_spools_are_known_by_writer_and_place(self, source: SpoolSource, wire: Wire) -> None:
        for writer in (A, B):
            wire.append(writer, 0, b"x")
        found, again = source.list_spools(), source.list_spools()
        assert found == again
        assert found[A] != found[B]
        assert {writer: spool.writer for writer, spool in found.items()} == {A: A, B: B}
        assert [spool.area for spool in found.values()] == [None, None]
        assert all(writer in spool.location for writer, spool in found.items())

    def test_how_long_a_segment_has_not_been_written(self, source: SpoolSource, wire: Wire) -> None:
        wire.append(A, 0, b"x")
        source.prepare()
        spool = source.list_spools()[A]
        assert 0.0 <= spool.unwritten_s(0) < 3600.0
        assert spool.unwritten_s(7) == 0.0

    # -- complete files ---------------------------------------------------------------------------

    def test_files_move_into_the_blobs(
        self, source: SpoolSource, wire: Wire, tmp_path: Path
    ) -> None:
        blobs = open_folder(tmp_path / "kept")
        for writer in (A, B):
            wire.append(writer, 0, b"x")
        spool, other = source.list_spools()[A], source.list_spools()[B]
        assert spool.list_files() == ()
        large, empty = b"0123456789" * 300_000, b""
        keys = [wire.put_file(A, large), wire.put_file(A, empty)]
        assert sorted(spool.list_files()) == sorted(keys)
        assert other.list_files() == (), "each has its own"
        assert not other.move_file(keys[0], blobs)
        for key, data in zip(keys, (large, empty), strict=True):
            assert spool.move_file(key, blobs)
            assert blobs.locate(key).read_bytes() == data
            assert not spool.move_file(key, blobs), "it was moved"
        assert spool.list_files() == ()
        assert blobs.exists(keys[0])

    def test_a_file_that_the_blobs_have_already(
        self, source: SpoolSource, wire: Wire, tmp_path: Path
    ) -> None:
        blobs = open_folder(tmp_path / "kept")
        wire.append(A, 0, b"x")
        spool = source.list_spools()[A]
        blobs.put(io.BytesIO(b"same"))
        for _ in range(2):  # also where it comes once more
            key = wire.put_file(A, b"same")
            assert spool.move_file(key, blobs)
            assert spool.list_files() == ()
        assert blobs.locate(key).read_bytes() == b"same"

    @pytest.mark.parametrize(
        "key",
        ["", "sha256:", "sha256:" + "0" * 64, "../alive", "sha256:../../0.seg", "0.seg", "\0"],
    )
    def test_a_key_without_a_file(
        self, source: SpoolSource, wire: Wire, tmp_path: Path, key: str
    ) -> None:
        wire.append(A, 0, b"x")
        wire.put_file(A, b"data")
        spool = source.list_spools()[A]
        assert not spool.move_file(key, open_folder(tmp_path / "kept"))
        assert not (tmp_path / "kept").exists()
        assert len(spool.list_files()) == 1

    def test_a_file_stays_when_the_blobs_refuse(
        self, source: SpoolSource, wire: Wire, tmp_path: Path
    ) -> None:
        (tmp_path / "kept").write_text("a file is in the way")
        wire.append(A, 0, b"x")
        key = wire.put_file(A, b"data")
        spool = source.list_spools()[A]
        with pytest.raises(Unavailable):
            spool.move_file(key, open_folder(tmp_path / "kept"))
        (tmp_path / "kept").unlink()
        assert spool.move_file(key, open_folder(tmp_path / "kept"))

    def test_files_go_where_their_spool_goes(
        self, source: SpoolSource, wire: Wire, tmp_path: Path
    ) -> None:
        blobs = open_folder(tmp_path / "kept")
        wire.append(A, 0, b"x")
        first, second = wire.put_file(A, b"first"), wire.put_file(A, b"second")
        before = source.list_spools()[A]
        moved = source.set_aside(before, SpoolArea.SILENT)
        assert not before.move_file(first, blobs)
        assert moved.move_file(first, blobs)
        source.remove(moved)
        assert not moved.move_file(second, blobs)
        assert moved.list_files() == ()
        assert blobs.exists(first)
        assert not blobs.exists(second)

    # -- life -------------------------------------------------------------------------------------

    @pytest.mark.parametrize("liveness", Liveness)
    def test_whether_its_writer_lives(
        self, source: SpoolSource, wire: Wire, liveness: Liveness
    ) -> None:
        wire.append(A, 0, b"x")
        wire.set_liveness(A, liveness)
        spool = source.list_spools()[A]
        assert spool.probe() is liveness
        assert spool.probe() is liveness, "to ask changes nothing"

    def test_a_living_writer_that_dies(self, source: SpoolSource, wire: Wire) -> None:
        wire.append(A, 0, b"x")
        wire.set_liveness(A, Liveness.ALIVE)
        spool = source.list_spools()[A]
        assert spool.probe() is Liveness.ALIVE
        wire.set_liveness(A, Liveness.DEAD)
        assert spool.probe() is Liveness.DEAD
        assert spool.list_segments() == [Segment(0, 1)]

    def test_nothing_is_known_of_an_unknown_process(self, source: SpoolSource, wire: Wire) -> None:
        wire.append(A, 0, b"x")
        assert source.list_spools()[A].find_process() is None

    # -- moving and removing ----------------------------------------------------------------------

    @pytest.mark.parametrize("area", SpoolArea)
    def test_a_spool_that_is_put_aside(
        self, source: SpoolSource, wire: Wire, area: SpoolArea
    ) -> None:
        for writer in (A, B):
            wire.append(writer, 3, b"data")
        before = source.list_spools()[A]
        moved = source.set_aside(before, area)
        assert list(source.list_spools()) == [B]
        assert source.list_set_aside(area) == {A: moved}
        assert moved != before
        assert (moved.writer, moved.area, moved.is_there()) == (A, area, True)
        assert (moved.list_segments(), moved.read(3, 1, 9)) == ([Segment(3, 4)], b"ata")
        assert_gone(before)
        (other,) = (each for each in SpoolArea if each is not area)
        assert source.list_set_aside(other) == {}

    def test_one_that_is_gone_cannot_be_put_aside(self, source: SpoolSource, wire: Wire) -> None:
        wire.append(A, 0, b"x")
        spool = source.list_spools()[A]
        source.remove(spool)
        with pytest.raises(OSError, match=A):
            source.set_aside(spool, SpoolArea.SILENT)
        assert source.list_set_aside(SpoolArea.SILENT) == {}

    @pytest.mark.parametrize("area", [None, SpoolArea.SILENT])
    def test_removing_may_be_repeated(
        self, source: SpoolSource, wire: Wire, area: SpoolArea | None
    ) -> None:
        for writer in (A, B):
            wire.append(writer, 0, b"x")
        spool = source.list_spools()[A]
        if area is not None:
            spool = source.set_aside(spool, area)
        assert spool.is_there()
        source.remove(spool)
        source.remove(spool)
        assert_gone(spool)
        assert list(source.list_spools()) == [B]
        assert source.list_set_aside(SpoolArea.SILENT) == {}

    def test_what_is_not_stored_stays(self, source: SpoolSource, wire: Wire) -> None:
        wire.append(A, 0, b"x")
        spool = source.list_spools()[A]
        source.remove(spool, lambda: False)
        assert spool.read(0, 0, 9) == b"x"

    # -- read by ingest ---------------------------------------------------------------------------

    def test_what_arrives_in_pieces_is_stored_exactly_once(
        self, source: SpoolSource, wire: Wire, tmp_path: Path
    ) -> None:
        store = MemoryStore()
        writer, pieces = record(tmp_path, count=500)
        reader = ingest(source, store, tmp_path)
        for index, (number, data) in enumerate(pieces):
            wire.append(writer, number, data)
            if index == 0:
                wire.set_liveness(writer, Liveness.ALIVE)
            if index % 7 == 3:  # a process that has just started
                reader = ingest(source, store, tmp_path)
            reader.drain()
        assert points(store) == [float(number) for number in range(500)]
        assert (WorkspacePaths(tmp_path).run("r") / "logs/a.txt").read_bytes() == b"line\n" * 50
        ingest(source, store, tmp_path).drain()
        assert len(points(store)) == 500
        assert list(source.list_spools()) == [writer], "it lives"
        wire.set_liveness(writer, Liveness.DEAD)
        ingest(source, store, tmp_path).drain()
        assert source.list_spools() == {}, "all of it is stored"
        (run,) = store.list_runs()
        assert (run.state, run.lost_points, len(points(store))) == (RunState.FAILED, 0, 500)

    def test_a_writer_that_ended_leaves_nothing(
        self, source: SpoolSource, wire: Wire, tmp_path: Path
    ) -> None:
        writer, pieces = record(tmp_path, count=5, ends=True)
        for number, data in pieces:
            wire.append(writer, number, data)
        store = MemoryStore()
        ingest(source, store, tmp_path).drain()
        assert points(store) == [0.0, 1.0, 2.0, 3.0, 4.0]
        assert store.positions() == {}
        assert source.list_spools() == {}
        assert [run.state for run in store.list_runs()] == [RunState.COMPLETED]

    def test_a_file_is_in_the_blobs_when_its_record_is_stored(
        self, source: SpoolSource, wire: Wire, tmp_path: Path
    ) -> None:
        store, blobs = MemoryStore(), open_folder(WorkspacePaths(tmp_path).blobs)
        writer, pieces = record(tmp_path, count=1, file=b"model")
        for number, data in pieces:
            wire.append(writer, number, data)
        wire.set_liveness(writer, Liveness.ALIVE)
        named, unnamed = wire.put_file(writer, b"model"), wire.put_file(writer, b"never named")
        ingest(source, store, tmp_path).drain()
        assert [(file.path, file.key) for file in store.list_files(RunId("r")) if file.key] == [
            ("outputs/model", named)
        ]
        assert blobs.locate(named).read_bytes() == b"model"
        assert source.list_spools()[writer].list_files() == (unnamed,), "its record may come"
        wire.set_liveness(writer, Liveness.DEAD)
        ingest(source, store, tmp_path).drain()
        assert source.list_spools() == {}
        assert not blobs.exists(unnamed)
        assert blobs.exists(named)


def assert_gone(spool: Spool) -> None:
    """A reader of what was moved or removed finds nothing, and no error."""
    assert not spool.is_there()
    assert spool.list_segments() == []
    assert spool.read(0, 0, 10) == spool.read(3, 0, 10) == b""
    assert spool.find_process() is None
    assert spool.list_files() == ()


def ingest(source: SpoolSource, store: MemoryStore, folder: Path) -> Ingest:
    """A process that reads."""
    paths = WorkspacePaths(folder)
    return Ingest(source, paths.lock, store, FolderRunFiles(paths), open_folder(paths.blobs))


def points(store: MemoryStore) -> list[float]:
    """What is stored of the series that `record` logs."""
    (series,) = store.list_series(names=["m"])
    values: list[float] = store.read_points([series.id])[series.id].values.tolist()
    return values


def record(
    folder: Path, *, count: int, ends: bool = False, file: bytes | None = None
) -> tuple[WriterId, list[tuple[int, bytes]]]:
    """What a process says, cut into pieces at places that mean nothing."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        recorder = Recorder(Path(name), segment_bytes=8000)
        run = recorder.create_run("exp", run_id=RunId("r"))
        for number in range(count):
            run.log("m", float(number))
            if number % 10 == 0:
                run.append_bytes("logs/a.txt", number // 10 * 5, b"line\n")
        if file is not None:
            run.add_file("outputs/model", *run.put_file(io.BytesIO(file)))
        writer = recorder.writer.writer
        if ends:
            run.complete()
            recorder.close()
        pieces = list(_pieces(Path(name) / writer))
        recorder.close()
    return writer, pieces


def _pieces(spool: Path) -> Iterator[tuple[int, bytes]]:
    for number, size_bytes in list_segments(spool):
        for begin in range(0, size_bytes, 777):
            yield number, read_segment(spool, number, begin, min(777, size_bytes - begin))
