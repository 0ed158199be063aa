"""Complete files on the reading side: in the blobs before their record is stored, else gone with a spool."""

import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.workspaces import ingest_of

from trackboard.blobs import open_folder
from trackboard.errors import Unavailable
from trackboard.ingest import FolderSpools, Ingest
from trackboard.ingest.quarantine import MOST_REFUSED
from trackboard.layout import WorkspacePaths
from trackboard.layout.paths import OUTBOX
from trackboard.model import ArtifactKind, FileAdded, RunId, RunState
from trackboard.ports import Batch, Blobs
from trackboard.record import LiveRun, Recorder
from trackboard.spool import list_writers
from trackboard.spool import segment as spool_segment
from trackboard.spool.layout import pack_record
from trackboard.spool.outbox import list_files
from trackboard.testing.memory import MemoryStore

RUN = RunId("r")


class Watching(MemoryStore):
    """A store that looks, when a file is said to it, whether the file is in the blobs."""

    def __init__(self, blobs: Blobs) -> None:
        super().__init__()
        self._blobs = blobs
        self.late: list[str] = []

    def apply(self, batches: Sequence[Batch]) -> None:
        for event in (event for batch in batches for event in batch.events):
            key = getattr(event, "key", "")
            if key.startswith("sha256:") and not self._blobs.exists(key):
                self.late.append(key)
        super().apply(batches)


class Place:
    """A workspace's folder, a run that is recorded there, and who reads it."""

    def __init__(self, folder: Path) -> None:
        self.paths = WorkspacePaths(folder)
        self.blobs = open_folder(self.paths.blobs)
        self.store = Watching(self.blobs)
        self.recorder = Recorder(self.paths.spool, segment_bytes=2000)
        self.run = self.recorder.create_run("exp", run_id=RUN)
        self.may_ingest, self.now_s = True, 0.0

    @property
    def spool(self) -> Path:
        return self.paths.spool / self.recorder.writer.writer

    def reader(self, *, is_local: bool = True) -> Ingest:
        return ingest_of(
            self.paths.folder,
            self.store,
            is_local=is_local,
            blobs=self.blobs,
            may_ingest=lambda: self.may_ingest,
            clock=lambda: self.now_s,
        )

    def drain(self) -> None:
        self.reader().drain()

    def keep(self, path: str, data: bytes, run: LiveRun | None = None) -> str:
        live = run or self.run
        key, size_bytes = live.put_file(io.BytesIO(data))
        live.add_file(path, key, size_bytes)
        return key

    def files(self) -> dict[str, bytes]:
        """What a reader sees of the run's files."""
        return {
            file.path: self.blobs.locate(file.key).read_bytes()
            for file in self.store.list_files(RUN)
        }


@pytest.fixture
def location(tmp_path: Path) -> Place:
    return Place(tmp_path)


def below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_files_are_there_before_their_records(location: Place) -> None:
    contents = {f"f{number}": b"%d" % (number % 30) for number in range(100)}
    for path, data in contents.items():
        location.keep(path, data)
        location.run.log("m", 1.0)
    key, size_bytes = location.run.put_file(io.BytesIO(b"a picture"))
    location.run.log_artifact("plot", ArtifactKind.IMAGE, "plot.png", key, size_bytes)
    location.drain()
    assert location.files() == {**contents, "plot.png": b"a picture"}
    assert location.store.late == []
    assert list_files(location.spool) == []
    assert [each.key for each in location.store.list_artifacts()] == [key]


def test_a_file_is_renamed_not_copied(location: Place) -> None:
    key = location.keep("a", b"model")
    before = os.stat(location.spool / OUTBOX / key[7:]).st_ino
    location.drain()
    assert location.blobs.locate(key).stat().st_ino == before


def test_a_file_that_is_kept_again_after_it_was_read(location: Place) -> None:
    for path in ("a", "b"):
        key = location.keep(path, b"same")
        location.drain()
        assert list_files(location.spool) == []
    assert location.files() == {"a": b"same", "b": b"same"}
    location.run.discard_file(location.run.put_file(io.BytesIO(b"same"))[0])
    assert location.blobs.exists(key)


def test_a_file_that_was_put_into_the_blobs_by_its_process(location: Place) -> None:
    """As earlier versions did."""
    key, size_bytes = location.blobs.put(io.BytesIO(b"model"))
    location.run.add_file("a", key, size_bytes)
    location.drain()
    assert location.files() == {"a": b"model"}


def test_what_no_record_names_goes_with_the_spool(location: Place) -> None:
    location.keep("a", b"named")
    location.run.put_file(io.BytesIO(b"unnamed"))
    (location.spool / OUTBOX / ".half").write_bytes(b"half")
    location.drain()
    assert len(list_files(location.spool)) == 1, "its record may come"
    location.run.complete()
    location.recorder.close()
    location.drain()
    assert list_writers(location.paths.spool) == []
    assert below(location.paths.spool) == []
    assert len(below(location.paths.blobs)) == 1
    assert location.files() == {"a": b"named"}


def test_nothing_is_moved_where_nothing_may_be_stored(location: Place) -> None:
    key = location.keep("a", b"model")
    location.run.complete()
    location.recorder.close()
    location.may_ingest = False
    (spool,) = location.paths.spool.iterdir()
    location.drain()
    assert list_files(spool) == [key]
    assert not location.paths.blobs.exists()
    location.may_ingest = True
    location.drain()
    assert location.files() == {"a": b"model"}


def test_a_file_that_cannot_be_moved_is_moved_later(location: Place) -> None:
    location.paths.blobs.write_text("a file is in the way")
    location.keep("a", b"model")
    location.run.complete()
    location.recorder.close()
    other = Recorder(location.paths.spool)
    other.create_run("exp", run_id=RunId("other")).log("m", 1.0)
    for _ in range(2):
        with pytest.raises(Unavailable, match="could not be moved"):
            location.reader().run_pass()
        assert location.store.list_files(RUN) == ()
        assert len(list_writers(location.paths.spool)) == 2
    assert [series.run for series in location.store.list_series()] == ["other"], (
        "it is not kept waiting"
    )
    location.paths.blobs.unlink()
    location.drain()
    assert location.files() == {"a": b"model"}
    assert list_writers(location.paths.spool) == [other.writer.writer]
    other.close()


def test_files_of_a_deleted_run_are_not_kept(location: Place) -> None:
    location.run.complete()
    location.drain()
    gone = location.store.delete_experiment("exp", 1.0)
    location.store.remove_runs(gone, deleted_before_s=2.0)
    late = Recorder(location.paths.spool)
    key = location.keep("a", b"late", late.attach(RUN, owner=False))
    late.close()
    location.drain()
    assert not location.blobs.exists(key)
    assert list_writers(location.paths.spool) == [location.recorder.writer.writer]


def test_files_stay_with_a_spool_that_is_set_aside(location: Place) -> None:
    location.keep("a", b"before")
    spool = location.spool
    segment = max(spool.glob("*.seg"), key=lambda path: int(path.stem))
    with segment.open("ab") as file:
        file.write(pack_record(b'{"k":"tag","run":"r"}') * MOST_REFUSED)
    key, _ = location.run.put_file(io.BytesIO(b"behind"))
    location.drain()
    aside = location.paths.quarantine / spool.name
    assert list_files(aside) == [key]
    assert location.files() == {"a": b"before"}


def test_a_file_that_a_network_shows_late_is_kept(
    location: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its record was stored before it was to be seen; the spool does not go before it is safe."""
    key = location.keep("a", b"model")
    location.run.complete()
    spool = location.spool
    location.recorder.close()
    alive = spool / "alive"
    alive.write_text(alive.read_text().replace('"boot": "', '"boot": "not '))
    hidden = spool.with_name(".hidden")
    (spool / OUTBOX).rename(hidden)
    with monkeypatch.context() as patch:
        patch.setattr(FolderSpools, "remove", lambda *_: None)  # a disk that refuses
        location.reader(is_local=False).drain()
    assert [file.key for file in location.store.list_files(RUN)] == [key]
    hidden.rename(spool / OUTBOX)
    location.reader(is_local=False).drain()
    assert location.files() == {"a": b"model"}
    assert list_writers(location.paths.spool) == []


# -- a writer that is killed between any two steps ------------------------------------------------------


def end_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """End this process, as SIGKILL would, in front of the step of that number."""
    passed = 0

    def wrap(plain: Callable[..., Any]) -> Callable[..., Any]:
        def step(*told: Any, **more: Any) -> Any:
            nonlocal passed
            if passed == number:
                os._exit(9)
            passed += 1
            return plain(*told, **more)

        return step

    for name in ("replace", "mkdir", "unlink", "lstat", "open", "rename"):
        monkeypatch.setattr(os, name, wrap(getattr(os, name)))
    monkeypatch.setattr(spool_segment, "_write", wrap(spool_segment._write))


def upload(folder: Path, tell: Callable[[str], object]) -> None:
    """Keep files, in small segments and in two spools; a call that returned is told."""
    recorder = Recorder(folder / "spool", segment_bytes=300)
    run = recorder.create_run("exp", run_id=RUN)
    for number in range(4):
        key, size_bytes = run.put_file(io.BytesIO(b"content %d" % (number % 3)))
        if number == 2:
            recorder.close()  # between the two
        run.add_file(f"f{number}", key, size_bytes)
        tell(f"f{number}")
    run.put_file(io.BytesIO(b"given up"))
    run.complete()
    recorder.close()


def upload_until_killed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> tuple[bool, list[str]]:
    """Whether it came to its end, and what was acknowledged."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with monkeypatch.context() as patch:
                end_at(patch, number)
                upload(folder, lambda path: os.write(writing, f"{path}\n".encode()))
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writing)
    with open(reading, encoding="utf-8") as file:
        told = file.read().split()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9), "the writer failed"
    return code == 0, told


def test_a_writer_killed_at_any_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(200):
        folder = tmp_path / str(number)
        folder.mkdir()
        has_ended, told = upload_until_killed(folder, monkeypatch, number)
        paths, store = WorkspacePaths(folder), MemoryStore()
        blobs = open_folder(paths.blobs)
        for _ in range(2):
            ingest_of(folder, store, is_local=True, blobs=blobs).drain()
        found = {file.path: blobs.locate(file.key).read_bytes() for file in store.list_files(RUN)}
        assert found.keys() >= {*told}, "what was acknowledged is there"
        assert len(found) - len(told) in (0, 1)
        assert all(data == b"content %d" % (int(path[1:]) % 3) for path, data in found.items())
        assert list_writers(paths.spool) == []
        assert len(below(paths.blobs)) == len(set(found.values())), "and nothing else"
        if has_ended:
            assert number > 20
            assert told == ["f0", "f1", "f2", "f3"]
            (run,) = store.list_runs()
            assert (run.state, run.warnings) == (RunState.COMPLETED, ())
            return
    pytest.fail("the writer has more steps than were tried")


def test_a_record_that_is_refused_keeps_its_file(location: Place) -> None:
    """The record can be looked at, and what it is about with it."""

    def refuse(batches: Sequence[Batch]) -> None:
        for event in (event for batch in batches for event in batch.events):
            if isinstance(event, FileAdded):
                raise ValueError("a path like that")
        MemoryStore.apply(location.store, batches)

    location.store.apply = refuse  # type: ignore[method-assign]
    key = location.keep("a", b"model")
    location.drain()
    assert [each.run for each in location.store.list_refused()] == [RUN]
    assert location.blobs.locate(key).read_bytes() == b"model"
