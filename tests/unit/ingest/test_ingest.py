import json
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.waiting import PATIENCE_S
from tests.workspaces import ingest_of

from trackboard.errors import Unavailable
from trackboard.ingest import Ingest
from trackboard.layout.locks import FileLock
from trackboard.model import FileBytes, RunId, RunState, Tagged, WriterId
from trackboard.ports import Batch
from trackboard.record import Recorder
from trackboard.spool import list_writers
from trackboard.spool.layout import pack_record
from trackboard.stores import open_sqlite
from trackboard.testing.memory import MemoryStore


class Spools:
    """A folder of spools, and a store in memory that may refuse."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "spool"
        self.runs = folder / "runs"
        self.lock = folder / "lock"
        self.store = MemoryStore()
        self.ingest = self.reader()

    def reader(self) -> Ingest:
        return ingest_of(self.runs.parent, self.store)

    def recorder(self) -> Recorder:
        return Recorder(self.folder, segment_bytes=8192)

    def count(self, run: RunId) -> int:
        return sum(series.count for series in self.store.list_series(runs=[run]))


@pytest.fixture
def spools(tmp_path: Path) -> Spools:
    return Spools(tmp_path)


def test_nothing_to_do(spools: Spools) -> None:
    spools.ingest.drain()
    assert spools.ingest.refresh(0.1) == 0
    assert spools.ingest.unread_bytes() == 0


def test_what_is_said_is_stored_once(spools: Spools) -> None:
    recorder = spools.recorder()
    run = recorder.create_run("exp", name="first")
    for number in range(1000):
        run.log("n", number)
        if number % 100 == 0:
            spools.ingest.drain()
    assert spools.ingest.unread_bytes() > 0
    spools.ingest.drain()
    assert spools.ingest.unread_bytes() == 0
    (series,) = spools.store.list_series()
    points = spools.store.read_points([series.id])[series.id]
    np.testing.assert_array_equal(points.values, np.arange(1000))
    np.testing.assert_array_equal(points.steps, np.arange(1000))
    assert list_writers(spools.folder) == [recorder.writer.writer], "it lives"


def test_what_goes_on_in_a_second_spool_is_read_behind_the_first(spools: Spools) -> None:
    """However much lies in the first, and whichever name comes first."""
    for _ in range(4):
        recorder = spools.recorder()
        run = recorder.create_run("exp")
        for number in range(2000):
            run.log("n", number)
        run.set_tag("said", "first")
        run.append_bytes("logs/out.txt", 0, b"one ")
        recorder.close()
        run.log("n", 2000)
        run.set_tag("said", "last")
        run.append_bytes("logs/out.txt", 4, b"two")
        spools.ingest.drain()
        (series,) = spools.store.list_series(runs=[run.id])
        points = spools.store.read_points([series.id])[series.id]
        assert points.values.tolist() == list(range(2001))
        assert spools.store.get_tags(run.id) == {"said": "last"}
        assert (spools.runs / run.id / "logs/out.txt").read_bytes() == b"one two"
        found = spools.store.find_run(run.id)
        assert found is not None
        assert (found.state, found.warnings) == (RunState.RUNNING, ())


def test_spools_that_go_on_for_each_other_are_read_all_the_same(spools: Spools) -> None:
    for name, former in (("a" * 32, "b" * 32), ("b" * 32, "a" * 32)):
        folder = spools.folder / name
        folder.mkdir(parents=True)
        header = {"k": "segment", "format": 1, "writer": name, "number": 0, "continues": former}
        tag = {"k": "tag", "run": name, "key": "key", "value": "value"}
        records = [pack_record(json.dumps(record).encode()) for record in (header, tag)]
        (folder / "0.seg").write_bytes(b"".join(records))
    spools.ingest.drain()
    assert {run.id for run in spools.store.list_runs()} == {"a" * 32, "b" * 32}


def test_several_readers_take_turns(spools: Spools) -> None:
    """Each with a memory of its own of where it was."""
    run = spools.recorder().create_run("exp")
    readers = [spools.ingest, spools.reader(), spools.reader()]
    for number in range(300):
        run.log(f"series {number % 7}", number)
        readers[number % 3].drain()
        if number % 11 == 0:
            readers.append(spools.reader())
    assert spools.count(run.id) == 300


def test_threads_store_everything_once(spools: Spools) -> None:
    runs = [spools.recorder().create_run("exp") for _ in range(3)]
    errors: list[BaseException] = []

    def read() -> None:
        try:
            for _ in range(30):
                spools.ingest.drain()
                spools.ingest.refresh(0.01)
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(2000):
        runs[number % 3].log("n", number)
    for thread in threads:
        thread.join()
    assert errors == []
    spools.ingest.drain()
    assert sum(spools.count(run.id) for run in runs) == 2000


def test_a_closed_spool_is_removed_and_its_run_judged(spools: Spools) -> None:
    recorder = spools.recorder()
    done, left = recorder.create_run("exp"), recorder.create_run("exp")
    done.complete()
    left.log("n", 1)
    recorder.close()
    spools.ingest.drain()
    assert list(spools.folder.iterdir()) == []
    found = spools.store.find_run(left.id)
    assert found is not None
    assert found.state is RunState.FAILED
    assert "ended before the run was completed" in found.cause
    kept = spools.store.find_run(done.id)
    assert kept is not None
    assert kept.state is RunState.COMPLETED


def test_a_run_that_another_writer_took_over_does_not_fail_with_the_first(spools: Spools) -> None:
    first, second = spools.recorder(), spools.recorder()
    run = first.create_run("exp")
    spools.ingest.drain()
    taken = second.attach(run.id, owner=True, attempt=1)
    taken.set_state(RunState.RUNNING)
    first.close()
    for _ in range(2):
        spools.ingest.drain()
    found = spools.store.find_run(run.id)
    assert found is not None
    assert found.state is RunState.RUNNING
    taken.complete()
    spools.ingest.drain()
    found = spools.store.find_run(run.id)
    assert found is not None
    assert found.state is RunState.COMPLETED


def test_a_reader_that_died_before_it_removed_a_spool(spools: Spools) -> None:
    recorder = spools.recorder()
    run = recorder.create_run("exp")
    run.log("n", 1)
    writer = recorder.writer.writer
    spools.ingest.drain()
    spools.store.end_writer(writer, cause="it was declared", time_s=1.0)  # and then it was killed
    assert spools.ingest.unread_bytes() == 0, "what is stored is not unread"
    recorder.close()
    spools.reader().drain()
    assert list_writers(spools.folder) == []
    assert spools.count(run.id) == 1


class Refusing(MemoryStore):
    """A store whose disk is full for a while."""

    is_full = True

    def apply(self, batches: Sequence[Batch]) -> None:
        if self.is_full:
            raise Unavailable("full")
        super().apply(batches)


def test_a_store_that_refuses_loses_nothing(spools: Spools) -> None:
    store = spools.store = Refusing()
    reader = spools.reader()
    recorder = spools.recorder()
    run = recorder.create_run("exp")
    for number in range(1000):
        run.log("n", number)
    recorder.close()
    for _ in range(3):
        with pytest.raises(Unavailable, match="full"):
            reader.drain()
        assert len(list_writers(spools.folder)) == 1
    assert reader.unread_bytes() > 40_000
    store.is_full = False
    reader.drain()
    assert spools.count(run.id) == 1000
    assert list_writers(spools.folder) == []


def test_files_grow_where_the_run_is(spools: Spools) -> None:
    run = spools.recorder().create_run("exp")
    run.append_bytes("logs/a.txt", 0, b"one ")
    spools.ingest.drain()
    run.append_bytes("logs/a.txt", 4, b"two")
    run.append_bytes("../evil", 0, b"x")
    spools.ingest.drain()
    assert (spools.runs / run.id / "logs" / "a.txt").read_bytes() == b"one two"
    (file,) = spools.store.list_files(run.id)
    assert (file.path, file.key, file.size_bytes) == ("logs/a.txt", "", 7)
    found = spools.store.find_run(run.id)
    assert found is not None
    assert "'../evil'" in found.warnings[0]
    assert [path for path in spools.runs.rglob("*") if path.is_file()] == [
        spools.runs / run.id / "logs" / "a.txt"
    ]


def test_a_file_that_cannot_be_written_now_keeps_no_other_waiting(spools: Spools) -> None:
    bad, good = spools.recorder(), spools.recorder()
    stuck = bad.create_run("exp")
    spools.ingest.drain()
    (spools.runs / stuck.id).mkdir(parents=True)
    (spools.runs / stuck.id / "a").symlink_to("/dev/full")
    stuck.append_bytes("a", 0, b"data")
    stuck.log("n", 1)
    bad.close()
    other = good.create_run("exp")
    other.log("n", 1)
    for _ in range(2):
        with pytest.raises(Unavailable, match="No space left"):
            spools.ingest.drain()
    assert spools.count(other.id) == 1
    assert spools.count(stuck.id) == 0
    (spools.runs / stuck.id / "a").unlink()
    spools.ingest.drain()
    assert spools.count(stuck.id) == 1
    assert (spools.runs / stuck.id / "a").read_bytes() == b"data"


def test_while_another_process_reads_its_progress_is_enough(spools: Spools) -> None:
    run = spools.recorder().create_run("exp")
    run.log("n", 1)
    spools.ingest.drain()
    with FileLock(spools.lock).attempt() as is_held:
        assert is_held
        spools.reader().drain(patience_s=0.05)
        assert spools.reader().refresh(0.05) == 0
        run.log("n", 2)
        assert spools.reader().refresh(0.05) > 0
        with pytest.raises(Unavailable, match=r"held by pid \d+ on "):
            spools.reader().drain(patience_s=0.05)


def test_who_may_not_ingest_changes_nothing_and_tells_how_much_is_unread(spools: Spools) -> None:
    recorder = spools.recorder()
    run = recorder.create_run("exp")
    for number in range(100):
        run.log("n", number)
    recorder.close()
    version, before = spools.store.version(), sorted(spools.folder.rglob("*"))
    allowed = False
    watcher = ingest_of(spools.runs.parent, spools.store, may_ingest=lambda: allowed)
    watcher.drain(patience_s=0.0)
    assert watcher.run_pass() is None
    assert watcher.refresh(0.0) == watcher.unread_bytes() > 4000
    assert (spools.store.version(), sorted(spools.folder.rglob("*"))) == (version, before)
    assert not spools.lock.exists()
    allowed = True
    watcher.drain()
    assert spools.count(run.id) == 100
    assert watcher.refresh(0.1) == 0


def test_writers_that_go_on_do_not_keep_a_reader_forever(spools: Spools) -> None:
    """Each transaction is followed by more than it stored."""
    run = spools.recorder().create_run("exp")

    class Fed(MemoryStore):
        def apply(self, batches: Sequence[Batch]) -> None:
            super().apply(batches)
            for number in range(2000):
                run.log("n", number)

    spools.store = Fed()
    reader = spools.reader()
    thread = threading.Thread(target=reader.drain, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_a_short_pass_stores_what_is_little_first_and_the_floods_in_turn(spools: Spools) -> None:
    floods = [spools.recorder().create_run("exp") for _ in range(4)]
    for run in floods:
        for number in range(5000):
            run.log("n", float(number))
    quiet = spools.recorder().create_run("exp")
    quiet.log("n", 1.0)
    done = spools.ingest.run_pass(budget_s=0.0)
    assert done is not None
    assert not done.was_complete
    assert spools.count(quiet.id) == 1
    assert sum(spools.count(run.id) > 0 for run in floods) == 1
    for number in range(3):
        quiet.log("n", 2.0)
        spools.ingest.run_pass(budget_s=0.0)
        assert spools.count(quiet.id) == 2 + number
    assert all(spools.count(run.id) for run in floods)


def test_bytes_never_reach_the_store(spools: Spools) -> None:
    class Strict(MemoryStore):
        def apply(self, batches: Sequence[Batch]) -> None:
            for batch in batches:
                assert not any(isinstance(event, FileBytes) for event in batch.events)
                assert any(isinstance(event, Tagged) for event in batch.events)
            super().apply(batches)

    spools.store = Strict()
    run = spools.recorder().create_run("exp")
    run.append_bytes("a", 0, b"x")
    run.set_tag("k", "v")
    spools.reader().drain()


# -- the database goes away, or is replaced -------------------------------------------------------


def test_spools_wait_for_a_database_that_was_deleted(tmp_path: Path) -> None:
    path, backup = tmp_path / "trackboard.db", tmp_path / "backup"
    spools = Spools(tmp_path)
    store = open_sqlite(path)
    reader = ingest_of(tmp_path, store)
    recorder = spools.recorder()
    run = recorder.create_run("exp")
    reader.drain()
    shutil.copy(path, backup)
    shutil.copy(f"{path}-wal", f"{backup}-wal")
    for number in range(1000):
        run.log("n", number)
    reader.drain()
    for file in tmp_path.glob("trackboard.db*"):
        file.unlink()
    run.complete()
    recorder.close()
    with pytest.raises(Unavailable, match="not there any more"):
        reader.drain()
    assert len(list_writers(spools.folder)) == 1
    assert list(tmp_path.glob("trackboard.db*")) == []
    Path(f"{backup}-wal").rename(f"{path}-wal")
    backup.rename(path)
    reader.drain()
    other = open_sqlite(path)
    assert [series.count for series in other.list_series(runs=[run.id])] == [1000]
    found = other.find_run(run.id)
    assert found is not None
    assert found.state is RunState.COMPLETED
    assert list_writers(spools.folder) == []


def test_a_spool_stays_when_the_database_is_replaced_right_before_it_is_removed(
    tmp_path: Path,
) -> None:
    path, backup = tmp_path / "trackboard.db", tmp_path / "backup"
    open_sqlite(backup).close()
    store = open_sqlite(path)

    class Replaced(MemoryStore):
        """A store of which everything goes to a database that somebody puts a copy in the place of."""

        apply, positions, position = store.apply, store.positions, store.position

        def end_writer(self, writer: WriterId, *, cause: str, time_s: float) -> tuple[RunId, ...]:
            failed = store.end_writer(writer, cause=cause, time_s=time_s)
            if backup.exists():
                for file in tmp_path.glob("trackboard.db*"):
                    file.unlink()
                backup.rename(path)
            return failed

    spools = Spools(tmp_path)
    spools.store = Replaced()
    recorder = spools.recorder()
    run = recorder.create_run("exp")
    run.log("n", 1.0)
    recorder.close()
    reader = spools.reader()
    reader.drain()
    assert len(list_writers(spools.folder)) == 1
    reader.drain()
    assert list_writers(spools.folder) == []
    assert [series.count for series in store.list_series()] == [1]
    store.close()
