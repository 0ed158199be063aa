"""A garbage collection: what it forgets and frees, what it leaves, and what it says of both."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.workspaces import parts

from trackboard import Workspace
from trackboard.errors import NotFound, Unavailable
from trackboard.gc.answers import GcReport
from trackboard.gc.collect import collect as collect_garbage
from trackboard.gc.named import read_waiting_digests
from trackboard.layout.files_lock import keep_files
from trackboard.model import RunId
from trackboard.ports import Model
from trackboard.record import LiveRun, Recorder


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(tmp_path / "history")
    yield opened
    opened.recorder().close()
    opened.close()


def begin(workspace: Workspace, run: str, **contents: bytes) -> LiveRun:
    live = workspace.recorder().create_run("digits", run_id=RunId(run))
    live.log("loss", 0.5)
    for path, data in contents.items():
        keep(live, path, data)
    live.append_bytes("logs/log.txt", 0, b"text")
    return live


def keep(live: LiveRun, path: str, data: bytes) -> str:
    key, size_bytes = live.put_file(io.BytesIO(data))
    live.add_file(path, key, size_bytes)
    return key


def collect(workspace: Workspace, older_than_s: float = -1.0, *, dry_run: bool = False) -> GcReport:
    return workspace.service.trash.collect(older_than_s=older_than_s, dry_run=dry_run)


def content(workspace: Workspace, run: str, path: str) -> bytes:
    with workspace.open_file(run, path) as file:
        return file.read()


def contents(workspace: Workspace) -> set[bytes]:
    """All complete files."""
    blobs = parts(workspace).blobs
    return {blobs.locate(each.key).read_bytes() for each in blobs.iter_blobs()}


def test_what_is_in_the_trash_goes_with_its_files(workspace: Workspace) -> None:
    begin(workspace, "a", own=b"only a's", shared=b"both").complete()
    begin(workspace, "b", shared=b"both").complete()
    assert collect(workspace) == GcReport()
    workspace.delete("a")

    foreseen = collect(workspace, dry_run=True)
    assert workspace.trash() != ()
    assert contents(workspace) == {b"only a's", b"both"}
    freed = collect(workspace)

    assert (freed.runs.count, freed.files.count, freed.files.size_bytes) == (1, 1, 8)
    assert freed.runs.size_bytes == 4, "its log"
    assert (freed.runs, freed.files) == (foreseen.runs, foreseen.files)
    assert contents(workspace) == {b"both"}
    assert workspace.trash() == ()
    assert not workspace.run_folder(RunId("a")).exists()
    assert content(workspace, "b", "logs/log.txt") == b"text"
    with pytest.raises(NotFound):
        workspace.restore("a")
    assert collect(workspace) == GcReport(), "there is nothing left to free"


def test_what_a_process_says_later_is_dropped(workspace: Workspace) -> None:
    live = begin(workspace, "a")
    live.complete()
    workspace.delete("a")
    collect(workspace)
    live.log("loss", 1.0)
    keep(live, "late", b"late")
    live.append_bytes("logs/log.txt", 0, b"late")
    assert workspace.runs() == ()
    assert not workspace.run_folder(RunId("a")).exists()
    assert contents(workspace) == set()


def test_what_is_in_the_trash_for_a_shorter_time_stays(workspace: Workspace) -> None:
    begin(workspace, "a", file=b"x").complete()
    workspace.delete("a")
    report = collect(workspace, 3600.0)
    assert report.runs.count == report.files.count == 0
    assert report.notes == ["1 are in the trash for a shorter time: --older-than 0 frees all"]
    assert workspace.restore("a") == ("a",)
    assert content(workspace, "a", "file") == b"x"


def test_a_run_that_goes_on_stays(workspace: Workspace) -> None:
    live = begin(workspace, "a", file=b"x")
    workspace.delete(live, force=True)
    assert "1 in the trash have not ended, such as digits/run-1 (a)" in collect(workspace).notes
    live.complete()
    assert collect(workspace).runs.count == 1


def test_an_experiment_goes_with_the_last_of_its_runs(workspace: Workspace) -> None:
    begin(workspace, "a").complete()
    workspace.delete_experiment("digits")
    assert collect(workspace).experiments == ("digits",)
    begin(workspace, "b")
    assert [run.number for run in workspace.runs()] == [1]


def test_files_of_models_stay(workspace: Workspace) -> None:
    live = begin(workspace, "a")
    key = keep(live, "net", b"weights")
    live.complete()
    workspace.runs()
    model = Model("net", 0, RunId("a"), {"net": key}, {}, {}, "", "", "", 1.0)
    added = workspace.service.models.add(model)
    workspace.delete("a")
    assert collect(workspace).files.count == 0
    assert contents(workspace) == {b"weights"}
    workspace.service.models.delete("net", added.version)
    assert collect(workspace).files.count == 1


def test_files_of_snapshots_go_when_no_run_names_them(workspace: Workspace, tmp_path: Path) -> None:
    for name in ("kept", "gone"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "train.py").write_text(f"print({name!r})")
        live = begin(workspace, name)
        live.add_property("ContentSnapshotId", workspace.service.snapshots.take(tmp_path / name))
        live.complete()
    assert collect(workspace).snapshots.count == 0
    workspace.delete("gone")
    report = collect(workspace)
    assert (report.snapshots.count, report.files.count) == (1, 1)
    assert contents(workspace) == {b"print('kept')"}
    digest = workspace.service.snapshots.take(tmp_path / "gone")
    assert b"print('gone')" in contents(workspace), "taken again, though it was known"
    assert [file.path for file in workspace.service.snapshots.get(digest).files] == ["train.py"]


def test_files_that_are_put_and_not_named_yet_stay(workspace: Workspace) -> None:
    context = parts(workspace).gc_context
    with keep_files(parts(workspace).paths):
        workspace.service.files.put(io.BytesIO(b"about to be named"))
        report = collect_garbage(context, older_than_s=-1.0, lock_timeout_s=0.05)
        assert contents(workspace) == {b"about to be named"}
        assert "not all files were freed" in report.notes[0]
    assert collect(workspace).files.count == 1


def test_files_that_only_a_record_names_stay(workspace: Workspace) -> None:
    """A kill between the move of a file and the transaction that stores its record leaves it so."""
    live = begin(workspace, "a", file=b"x")
    spool = next(iter(parts(workspace).gc_context.spools.list_spools().values()))
    (key,) = spool.list_files()
    assert spool.move_file(key, parts(workspace).blobs)
    context = parts(workspace).gc_context
    assert key.partition(":")[2] in read_waiting_digests(context)
    live.complete()
    collect(workspace)
    assert content(workspace, "a", "file") == b"x"


def test_files_of_spools_that_are_set_aside_stay(workspace: Workspace) -> None:
    begin(workspace, "a", file=b"x")
    folder = parts(workspace).paths
    (spool,) = folder.spool.iterdir()
    workspace.recorder().close()
    (key,) = next(iter(parts(workspace).gc_context.spools.list_spools().values())).list_files()
    parts(workspace).blobs.adopt(spool / "outbox" / key.partition(":")[2], key)
    folder.quarantine.mkdir()
    spool.rename(folder.quarantine / spool.name)
    assert collect(workspace).files.count == 0
    assert contents(workspace) == {b"x"}


def test_working_copies_of_ended_jobs_go(workspace: Workspace) -> None:
    paths = parts(workspace).paths
    begin(workspace, "ended").complete()
    begin(workspace, "going-on")
    workspace.runs()
    for run in ("ended", "going-on", "nobody"):
        (paths.job(run).work / "logs").mkdir(parents=True)
        (paths.job(run).work / "logs" / "x").write_text("12345")
    assert collect(workspace).working_copies.count == 0, "a worker may still be at it"
    before = time.time
    report = _collect_at(workspace, before() + 7200)
    assert (report.working_copies.count, report.working_copies.size_bytes) == (1, 5)
    assert sorted(path.parent.name for path in paths.jobs.glob("*/work")) == ["going-on", "nobody"]


def _collect_at(workspace: Workspace, now_s: float) -> GcReport:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trackboard.gc.folders.time.time", lambda: now_s)
        return collect(workspace)


def test_what_killed_processes_left_goes(workspace: Workspace) -> None:
    folder = parts(workspace).folder
    begin(workspace, "a").complete()
    workspace.runs()
    left = [
        folder / "blobs" / "new" / "0123456789abcdef",
        folder / ".trackboard.toml.0123456789abcdef",
        folder / "trackboard.db.01234567.new",
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    assert collect(workspace).leftovers.count == 0, "somebody may be at it"
    for path in left:
        os.utime(path, (1.0, 1.0))
    assert collect(workspace, dry_run=True).leftovers.size_bytes == 12
    assert all(path.exists() for path in left)
    assert collect(workspace).leftovers.size_bytes == 12
    assert not any(path.exists() for path in left)


def test_folders_that_a_killed_collection_left_go(workspace: Workspace) -> None:
    begin(workspace, "a").complete()
    workspace.delete("a")
    folder = workspace.run_folder(RunId("a"))
    parts(workspace).store.remove_runs([RunId("a")], deleted_before_s=time.time() + 1)
    assert folder.exists()
    assert collect(workspace).leftovers.count == 1
    assert not folder.exists()


def test_a_folder_that_stays_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(workspace, "a").complete()
    workspace.delete("a")
    monkeypatch.setattr("trackboard.gc.folders.remove_work", lambda folder: [f"{folder}: busy"])
    assert "could be removed" in collect(workspace).notes[0]
    monkeypatch.undo()
    assert collect(workspace).leftovers.count == 1


def test_the_database_shrinks(workspace: Workspace) -> None:
    for run in "abc":
        live = begin(workspace, run)
        for step in range(3):
            live.log("text", os.urandom(600_000).hex(), step)
        live.complete()
    workspace.runs()
    path = parts(workspace).paths.database
    workspace.delete(["a", "b"])
    before = path.stat().st_size
    report = collect(workspace)
    assert report.database_bytes > 1_000_000
    assert path.stat().st_size < before
    assert len(workspace.history("c")) == 4


def test_a_database_without_room_to_shrink_is_told(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(workspace, "a", file=b"x").complete()
    workspace.delete("a")

    def full(_self: object, **_: object) -> int:
        raise Unavailable("the database could not be made smaller", hint="Make room.")

    monkeypatch.setattr("trackboard.stores.sql.store.SqlStore.shrink", full)
    report = collect(workspace)
    assert report.files.count == 1
    assert report.notes == ["the database could not be made smaller. Make room."]


def test_another_recorder_goes_on_meanwhile(workspace: Workspace) -> None:
    other = Recorder(parts(workspace).paths.spool)
    live = other.create_run("others", run_id=RunId("other"))
    begin(workspace, "a", file=b"same").complete()
    workspace.delete("a")
    keep(live, "file", b"same")
    collect(workspace)
    assert content(workspace, "other", "file") == b"same"
    with suppress(Unavailable):
        other.close()
