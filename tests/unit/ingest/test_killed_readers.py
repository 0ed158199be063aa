"""A reader may be killed between any two steps: the next one stores everything once, and clears up."""

import io
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.workspaces import ingest_of

from trackboard.blobs import open_folder
from trackboard.ingest.quarantine import MOST_REFUSED
from trackboard.layout import WorkspacePaths
from trackboard.layout.paths import QUARANTINE
from trackboard.model import RunId, RunState
from trackboard.ports import Store
from trackboard.record import Recorder
from trackboard.spool import list_writers
from trackboard.stores import SqlStore, open_sqlite

RUN = RunId("r")
POINTS = 500
FILES = {0: b"one model", 50: b"another one" * 100}
STEPS: list[tuple[Any, str]] = [
    (SqlStore, "apply"),
    (SqlStore, "end_writer"),
    (Path, "rename"),
    (os, "rename"),
    (os, "mkdir"),
    (shutil, "rmtree"),
    (os, "unlink"),
    (os, "rmdir"),
]
PLACES = range(100)  # in front of a step is behind the one before it


def end_at(monkeypatch: pytest.MonkeyPatch, location: int) -> None:
    """End this process, as SIGKILL would, in front of the step of that number."""
    passed = 0

    def wrap(plain: Callable[..., Any]) -> Callable[..., Any]:
        def step(*told: Any, **more: Any) -> Any:
            nonlocal passed
            if passed == location:
                os._exit(9)
            passed += 1
            return plain(*told, **more)

        return step

    for owner, name in STEPS:
        monkeypatch.setattr(owner, name, wrap(getattr(owner, name)))


def read(folder: Path) -> Store:
    """A new process reads all there is, twice, as a page would."""
    store = open_sqlite(folder / "trackboard.db")
    for _ in range(2):
        ingest_of(folder, store).drain()
    return store


def kill_reader(folder: Path, monkeypatch: pytest.MonkeyPatch, location: int) -> bool:
    """Whether it came to an end before it was to be killed."""
    child = os.fork()
    if child == 0:
        try:
            end_at(monkeypatch, location)
            read(folder)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 9), "the reader failed"
    return code == 0


def record(folder: Path) -> None:
    """What a killed process left: points, texts, a child run, damage behind the last record."""
    child = os.fork()
    if child == 0:
        try:
            recorder = Recorder(folder / "spool", segment_bytes=6000)
            run = recorder.create_run("exp", run_id=RUN)
            for number in range(POINTS):
                run.log("n", number)
                if number % 50 == 0:
                    run.log("said", str(number))
                    run.append_bytes("logs/a.txt", number // 50, b"x")
                    run.add_file(f"m{number}", *run.put_file(io.BytesIO(FILES[number % 100])))
            run.put_file(io.BytesIO(b"no record names it"))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    (spool,) = (folder / "spool").iterdir()
    last = max(spool.glob("*.seg"), key=lambda path: int(path.stem))
    with last.open("ab") as file:
        file.write(bytes(range(1, 200)) * 9)


def check(folder: Path) -> None:
    store = read(folder)
    run = store.find_run(RUN)
    assert run is not None
    assert (run.state, len(run.warnings)) == (RunState.FAILED, 1)
    assert "damaged" in run.warnings[0]
    counts = {series.name: series.count for series in store.list_series(runs=[RUN])}
    assert counts == {"n": POINTS, "said": 10}
    (numbers,) = store.list_series(runs=[RUN], text=False)
    points = store.read_points([numbers.id])[numbers.id]
    assert points.values.tolist() == list(range(POINTS))
    assert (folder / "runs" / RUN / "logs" / "a.txt").read_bytes() == b"x" * 10
    assert list((folder / "spool").iterdir()) == []
    blobs = WorkspacePaths(folder).blobs
    files = {file.path: file.key for file in store.list_files(RUN) if file.key}
    assert len(files) == 10
    for path, key in files.items():
        assert open_folder(blobs).locate(key).read_bytes() == FILES[int(path[1:]) % 100]
    kept = [path for path in blobs.rglob("*") if path.is_file()]
    assert len(kept) == 2, "what no record names is gone"
    store.close()


def test_a_reader_killed_at_any_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    record(recorded)
    for location in PLACES:
        folder = tmp_path / str(location)
        shutil.copytree(recorded, folder)
        has_ended = kill_reader(folder, monkeypatch, location)
        check(folder)
        if has_ended:
            assert location > 10
            return
    pytest.fail("the reader has more steps than were tried")


def test_a_reader_killed_at_any_step_of_setting_a_spool_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for location in PLACES:
        folder = tmp_path / str(location)
        recorder = Recorder(folder / "spool")
        run = recorder.create_run("exp", run_id=RUN)
        run.log("n", 1.0)
        (segment,) = (folder / "spool" / recorder.writer.writer).glob("*.seg")
        odd = b'{"k":"tag","run":"r"}'
        with segment.open("ab") as file:
            for _ in range(MOST_REFUSED):
                file.write(
                    len(odd).to_bytes(4, "little") + zlib.crc32(odd).to_bytes(4, "little") + odd
                )
        has_ended = kill_reader(folder, monkeypatch, location)
        store = read(folder)
        (series,) = store.list_series(runs=[RUN])
        assert series.count == 1
        assert len(store.list_refused()) == MOST_REFUSED
        places = [*list_writers(folder / "spool"), *list_writers(folder / QUARANTINE)]
        assert places == [recorder.writer.writer], "it is in one of the two places"
        store.close()
        if has_ended:
            assert list_writers(folder / "spool") == []
            return
    pytest.fail("the reader has more steps than were tried")
