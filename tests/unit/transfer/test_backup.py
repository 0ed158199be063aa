"""Backups: whole, of one moment, beside whoever writes; restored they are the same history."""

from __future__ import annotations

import errno
import io
import json
import os
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.histories import describe_history, points_of

import trackboard
from trackboard import Workspace
from trackboard.errors import Conflict, NotFound, Unavailable, UsageError
from trackboard.model import ArtifactKind, RunId, RunState
from trackboard.record import LiveRun
from trackboard.spool.writer import SpoolWriter
from trackboard.transfer.backup import contents, take
from trackboard.workspace import Workspace as Parts

ENDED, GOING = RunId("ended"), RunId("going")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Workspace]:
    """A history with a whole run, and one that goes on."""
    workspace = Workspace.open(tmp_path / "here")
    recorder = workspace.recorder()
    ended = recorder.create_run("digits", run_id=ENDED, name="first")
    for step in range(300):
        ended.log("loss", step / 2, step)
    ended.append_bytes("logs/grown.txt", 0, b"grown")
    key, size_bytes = ended.put_file(io.BytesIO(b"image"))
    ended.log_artifact("image", ArtifactKind.IMAGE, "images/1", key, size_bytes, 1)
    ended.complete()
    recorder.create_run("digits", run_id=GOING).log("loss", 1.0, 0)
    yield workspace
    recorder.close()
    workspace.close()


@pytest.fixture(params=["saved.tar", "saved.tar.gz", "saved"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def described(folder: Path) -> dict[RunId, dict[str, Any]]:
    parts = Parts.open(folder, create=False)
    try:
        parts.drain()
        return describe_history(parts.store, parts.blobs, parts.run_files)
    finally:
        parts.close()


def test_restored_it_is_the_same_history(here: Workspace, target: Path, tmp_path: Path) -> None:
    report = here.backup(target)
    assert (report.path, report.runs) == (target, 2)
    assert report.files >= 6
    restored = Workspace.restore_backup(target, tmp_path / "there")
    assert restored.folder == tmp_path / "there" / ".trackboard" / "default"
    restored.close()
    before, after = described(here.folder), described(tmp_path / "there")
    assert after[ENDED] == before[ENDED]
    assert after[GOING]["series"] == before[GOING]["series"]
    assert before[GOING]["run"]["state"] is RunState.RUNNING
    assert after[GOING]["run"]["state"] is RunState.FAILED  # who writes it writes elsewhere
    assert oct(restored.folder.stat().st_mode & 0o777) == "0o700"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["here", "there", target.name]
    )


def test_nothing_of_the_restored_one_points_to_the_old_one(here: Workspace, tmp_path: Path) -> None:
    settings = here.folder / "trackboard.toml"
    elsewhere = tmp_path / "elsewhere.db"
    here.service.now()
    here.close()
    os.replace(here.folder / "trackboard.db", elsewhere)
    settings.write_text(settings.read_text() + f'store = "{elsewhere}"\nshared = false\n')
    opened = Workspace.open(here.folder)
    opened.backup(tmp_path / "saved.tar")
    opened.close()
    restored = Workspace.restore_backup(tmp_path / "saved.tar", tmp_path / "there")
    assert "\nstore" not in (restored.folder / "trackboard.toml").read_text()
    assert "\nshared = false" in (restored.folder / "trackboard.toml").read_text()
    assert (restored.folder / "trackboard.db").exists()
    assert len(restored.runs()) == 2
    with restored.start_run("more", capture=False) as run:
        run.log("loss", 1.0)
    assert len(restored.runs()) == 3
    restored.recorder().close()
    restored.close()


def test_what_is_said_while_it_is_made_is_in_it_once_or_not_at_all(
    here: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points come, and are stored, between any two steps."""
    run = LiveRun(SpoolWriter(here.folder / "spool"), RunId("live"), "live", owner=True)
    run.announce(None, trackboard.model.RunKind.INTERACTIVE)
    said = 0

    def log_more(*, drain: bool) -> None:
        nonlocal said
        for _ in range(3):
            run.log("n", said, said)
            said += 1
        key, size_bytes = run.put_file(io.BytesIO(b"%d" % said))
        run.add_file(f"file{said}", key, size_bytes)
        if drain:
            here.service.now()

    add = take._FolderTarget.add

    def add_while_busy(target: Any, name: Any, *given: Any) -> None:
        log_more(drain=len(str(name)) % 2 == 0)
        add(target, name, *given)

    log_more(drain=False)
    acknowledged = said
    monkeypatch.setattr(take._FolderTarget, "add", add_while_busy)
    here.backup(tmp_path / "saved")
    Workspace.restore_backup(tmp_path / "saved", tmp_path / "there").close()
    found = described(tmp_path / "there")
    steps = found[RunId("live")]["series"]["n", "INT"][1]
    assert steps == list(range(len(steps)))
    assert acknowledged <= len(steps) <= said
    assert all(content for _, content in found[RunId("live")]["files"].values())
    run.complete()


def test_a_writer_that_ended_and_went_meanwhile_has_ended(
    here: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = SpoolWriter(here.folder / "spool")
    run = LiveRun(sink, RunId("short"), "live", owner=True)
    run.announce(None, trackboard.model.RunKind.INTERACTIVE)
    run.log("n", 1, 0)
    list_files = contents.list_files

    def after_its_end(paths: Any) -> Any:
        run.complete()
        sink.close()
        here.service.now()
        return list_files(paths)

    monkeypatch.setattr(take, "list_files", after_its_end)
    here.backup(tmp_path / "saved.tar")
    Workspace.restore_backup(tmp_path / "saved.tar", tmp_path / "there").close()
    found = described(tmp_path / "there")[RunId("short")]
    assert found["run"]["state"] is RunState.FAILED
    assert found["run"]["cause"] == "it had not ended when the backup was made"
    assert list(found["series"]) == [("n", "INT")]


def test_beside_threads_that_write_flat_out(here: Workspace, tmp_path: Path) -> None:
    stop, acknowledged = threading.Event(), [0] * 4
    runs = [here.recorder().create_run("busy", run_id=f"busy{i}") for i in range(4)]

    def write(number: int) -> None:
        while not stop.is_set():
            runs[number].log("n", acknowledged[number], acknowledged[number])
            acknowledged[number] += 1

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        while min(acknowledged) < 200:
            stop.wait(0.005)
        before = list(acknowledged)
        here.backup(tmp_path / "saved.tar")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    Workspace.restore_backup(tmp_path / "saved.tar", tmp_path / "there").close()
    parts = Parts.open(tmp_path / "there")
    parts.drain()
    for number in range(4):
        steps = [step for step, _, _ in points_of(parts.store, RunId(f"busy{number}"), "n")]
        assert steps == list(range(len(steps)))
        assert len(steps) >= before[number]
    parts.close()


def test_a_full_target_is_refused(here: Workspace, target: Path, tmp_path: Path) -> None:
    here.backup(target)
    with pytest.raises(Conflict, match="is there already"):
        here.backup(target)
    (tmp_path / "there" / ".trackboard" / "default").mkdir(parents=True)
    Workspace.restore_backup(target, tmp_path / "there").close()
    with pytest.raises(Conflict, match="there is something in"):
        Workspace.restore_backup(target, tmp_path / "there")


def test_a_backup_within_the_workspace_is_refused(here: Workspace, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(here.folder)
    for path in (here.folder / "a.tar", link / "a.tar", here.folder):
        with pytest.raises((UsageError, Conflict)):
            here.backup(path)
    with pytest.raises(UsageError, match="there is no folder"):
        here.backup(tmp_path / "nowhere" / "a.tar")


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("name", ["saved.tar", "saved"])
def test_a_full_disk_is_told_and_leaves_nothing(
    here: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    kind = "_TarTarget" if name.endswith("tar") else "_FolderTarget"
    add = getattr(take, kind).add
    left = [3]

    def fill(*given: Any) -> None:
        left[0] -= 1
        full() if left[0] < 0 else add(*given)

    monkeypatch.setattr(getattr(take, kind), "add", fill)
    with pytest.raises(Unavailable, match=r"the disk of .* is full"):
        here.backup(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_a_full_disk_is_told_when_it_is_restored(
    here: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trackboard.transfer.backup import restore

    here.backup(tmp_path / "saved.tar")
    monkeypatch.setattr(restore, "list_writers", full)
    with pytest.raises(Unavailable, match=r"the restored history .* is full"):
        Workspace.restore_backup(tmp_path / "saved.tar", tmp_path / "there")
    assert os.listdir(tmp_path / "there" / ".trackboard") == [".gitignore"]


def write_tar(path: Path, *names: str) -> Path:
    manifest = {"format": 1, "workspace": "w", "made": "now", "runs": 0}
    with tarfile.open(path, "w") as archive:
        for name in names:
            data = json.dumps(manifest).encode() if name == "backup.json" else b"x"
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda path: path, NotFound, "there is no backup"),
        (lambda path: write_tar(path), UsageError, "is no backup"),
        (lambda path: write_tar(path, "a"), UsageError, "is no backup"),
        (lambda path: write_tar(path, "backup.json", "../out"), Conflict, "is damaged"),
        (lambda path: write_tar(path, "backup.json", "/tmp/out"), Conflict, "is damaged"),
        (lambda path: [path.write_bytes(b"no archive"), path][1], UsageError, "is no backup"),
        (lambda path: [path.mkdir(), path][1], UsageError, "is no backup"),
    ],
)
def test_what_is_no_backup_is_told(
    tmp_path: Path, make: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        Workspace.restore_backup(make(tmp_path / "saved.tar"), tmp_path / "there")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "there" / ".trackboard" / "default").exists()


@pytest.mark.parametrize("kept", [0.05, 0.3, 0.6, 0.8])
@pytest.mark.parametrize("name", ["saved.tar", "saved.tgz"])
def test_one_that_is_cut_off_is_told(
    here: Workspace, tmp_path: Path, name: str, kept: float
) -> None:
    saved = tmp_path / name
    here.backup(saved)
    data = saved.read_bytes()
    saved.write_bytes(data[: int(len(data) * kept) // 512 * 512])  # tar's blocks
    with pytest.raises((Conflict, UsageError), match=r"is damaged|is no backup"):
        Workspace.restore_backup(saved, tmp_path / "there")
    assert os.listdir(tmp_path / "there" / ".trackboard") == [".gitignore"]


@pytest.mark.parametrize("name", ["backup.complete", "trackboard.toml"])
def test_a_folder_where_files_are_missing_is_told(
    here: Workspace, tmp_path: Path, name: str
) -> None:
    here.backup(tmp_path / "saved")
    (tmp_path / "saved" / name).unlink()
    with pytest.raises(Conflict, match="files are missing"):
        Workspace.restore_backup(tmp_path / "saved", tmp_path / "there")


def test_one_of_a_newer_trackboard_is_told(here: Workspace, tmp_path: Path) -> None:
    here.backup(tmp_path / "saved")
    manifest = tmp_path / "saved" / "backup.json"
    manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(Conflict, match="knows 1"):
        Workspace.restore_backup(tmp_path / "saved", tmp_path / "there")
