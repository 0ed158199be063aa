"""One database ingests a workspace, and none is made where one is missing."""

import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.workspaces import api

from trackboard.errors import Unavailable, UsageError
from trackboard.layout.locks import FileLock
from trackboard.workspace import Workspace
from trackboard.workspace.database import WorkspaceDatabase
from trackboard.workspace.registration import (
    Registration,
    read_registration,
    write_registration,
)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(tmp_path / "here")
    yield opened
    opened.close()


def record(workspace: Workspace, name: str) -> None:
    """A whole run with a file, said and not stored yet, by a process that has ended."""
    run = workspace.recorder().create_run("exp", name=name)
    run.log("loss", 1.0)
    run.append_bytes("logs/out.txt", 0, b"line\n")
    run.complete()
    workspace.recorder().close()


def names(workspace: Workspace) -> list[str]:
    return sorted(run.name for run in api(workspace).runs())


def remove_database(workspace: Workspace) -> None:
    for path in workspace.folder.glob("trackboard.db*"):
        path.unlink()


def test_the_first_one_is_registered(workspace: Workspace) -> None:
    record(workspace, "a")
    assert names(workspace) == ["a"]
    said = json.loads((workspace.folder / "database").read_text())
    assert said["path"] == str(workspace.folder / "trackboard.db")
    registered = read_registration(workspace.folder)
    assert registered is not None
    assert len(registered.id) == 16


def test_a_locked_workspace_is_waited_for(workspace: Workspace) -> None:
    paths = workspace.paths

    def open_database(lock_timeout_s: float) -> WorkspaceDatabase:
        return WorkspaceDatabase(
            workspace.folder,
            paths.database,
            network_folder=False,
            lock=FileLock(paths.lock),
            lock_timeout_s=lock_timeout_s,
        )

    with (
        FileLock(paths.lock).attempt(),
        pytest.raises(Unavailable, match=r"locked by pid \d+"),
    ):
        open_database(0.1)
    assert not paths.database.exists()
    assert workspace.store.list_runs() == ()


def test_a_missing_one_is_told_and_not_made(workspace: Workspace) -> None:
    record(workspace, "a")
    workspace.drain()
    workspace.close()
    remove_database(workspace)
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"trackboard\.db is missing") as caught:
            api(Workspace.open(workspace.folder)).runs()
        assert "has trackboard.toml, runs" in caught.value.message
        assert "trackboard where --register-database" in caught.value.hint
    assert not (workspace.folder / "trackboard.db").exists()


def test_a_missing_one_of_an_older_trackboard_is_told(workspace: Workspace) -> None:
    record(workspace, "a")
    workspace.drain()
    workspace.close()
    remove_database(workspace)
    (workspace.folder / "database").unlink()
    with pytest.raises(Unavailable, match=r"has trackboard\.toml, runs"):
        api(Workspace.open(workspace.folder)).runs()
    assert not (workspace.folder / "trackboard.db").exists()


def test_a_disk_that_is_not_mounted(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    folder = Workspace.open(tmp_path / "here").folder
    with (folder / "trackboard.toml").open("a") as settings:
        settings.write(f'store = "{disk / "history.db"}"\n')
    workspace = Workspace.open(folder)
    record(workspace, "a")
    workspace.drain()
    workspace.close()
    disk.rename(tmp_path / "elsewhere")
    disk.mkdir()
    with pytest.raises(Unavailable, match="is missing"):
        api(Workspace.open(folder)).runs()
    assert os.listdir(disk) == []
    disk.rmdir()
    with pytest.raises(Unavailable, match="is missing"):
        api(Workspace.open(folder)).runs()
    (tmp_path / "elsewhere").rename(disk)
    assert names(Workspace.open(folder)) == ["a"]


@pytest.mark.parametrize(("line", "mode"), [("", 0o600), ("shared = true", 0o660)])
def test_one_elsewhere_is_no_more_open_than_the_workspace(
    tmp_path: Path, line: str, mode: int
) -> None:
    folder = Workspace.open(tmp_path / "here").folder
    with (folder / "trackboard.toml").open("a") as settings:
        settings.write(f'store = "{tmp_path / "history.db"}"\n{line}\n')
    workspace = Workspace.open(folder)
    record(workspace, "a")
    assert names(workspace) == ["a"]
    found = [path for path in tmp_path.iterdir() if path.name.startswith("history.db")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {mode}
    workspace.close()


def test_what_was_registered_by_this_version_is_read_for_ever(workspace: Workspace) -> None:
    text = '{"id": "0123456789abcdef", "path": "/data/history.db"}\n'
    (workspace.folder / "database").write_text(text)
    registered = Registration("0123456789abcdef", "/data/history.db")
    assert read_registration(workspace.folder) == registered
    write_registration(workspace.folder, registered)
    assert (workspace.folder / "database").read_text() == text


def test_removed_under_a_living_reader_it_is_not_made_either(workspace: Workspace) -> None:
    record(workspace, "a")
    workspace.drain()
    kept = workspace.folder / "kept.db"
    workspace.close()
    shutil.copyfile(workspace.folder / "trackboard.db", kept)
    assert names(workspace) == ["a"]
    remove_database(workspace)
    record(workspace, "b")
    with pytest.raises(Unavailable, match="is missing"):
        workspace.drain()
    with pytest.raises(Unavailable, match="is not there any more"):
        workspace.refresh()
    assert not (workspace.folder / "trackboard.db").exists()
    os.replace(kept, workspace.folder / "trackboard.db")
    assert names(workspace) == ["a", "b"]


def test_another_one_in_its_place_stores_nothing(
    workspace: Workspace, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    record(workspace, "a")
    workspace.drain()
    workspace.close()
    other = Workspace.open(tmp_path / "there")
    record(other, "stray")
    other.drain()
    other.close()
    ours = workspace.folder / "trackboard.db"
    ours.rename(tmp_path / "ours.db")
    shutil.copyfile(other.folder / "trackboard.db", ours)
    record(workspace, "b")
    for _ in range(2):
        assert names(workspace) == ["stray"]
    assert not workspace.parts.database.is_registered
    assert len([r for r in caplog.records if "is not the database of" in r.getMessage()]) == 1
    assert workspace.unread_bytes() > 0
    workspace.close()
    os.replace(tmp_path / "ours.db", ours)
    assert names(workspace) == ["a", "b"]
    assert workspace.parts.database.is_registered


def test_a_backup_goes_on(workspace: Workspace, tmp_path: Path) -> None:
    record(workspace, "a")
    workspace.drain()
    workspace.close()
    shutil.copyfile(workspace.folder / "trackboard.db", tmp_path / "backup.db")
    record(workspace, "b")
    workspace.drain()
    workspace.close()
    shutil.copyfile(tmp_path / "backup.db", workspace.folder / "trackboard.db")
    record(workspace, "c")
    assert names(workspace) == ["a", "c"]


def test_a_copied_workspace_goes_on(workspace: Workspace, tmp_path: Path) -> None:
    record(workspace, "a")
    workspace.drain()
    workspace.close()
    shutil.copytree(workspace.folder, tmp_path / "copy")
    copy = Workspace.open(tmp_path / "copy")
    record(copy, "b")
    assert names(copy) == ["a", "b"]
    assert names(workspace) == ["a"]
    copy.close()


def test_one_of_an_older_trackboard_is_registered_at_its_first_use(workspace: Workspace) -> None:
    record(workspace, "a")
    workspace.drain()
    workspace.close()
    (workspace.folder / "database").unlink()
    with FileLock(workspace.folder / "lock").attempt():  # somebody is at it: the next one does it
        assert workspace.store.list_runs()
    assert read_registration(workspace.folder) is None
    workspace.close()
    assert names(workspace) == ["a"]
    assert read_registration(workspace.folder) is not None


def test_an_empty_one_is_begun_on_request_only(workspace: Workspace) -> None:
    record(workspace, "a")
    workspace.drain()
    workspace.close()
    remove_database(workspace)
    record(workspace, "b")
    drawn = workspace.parts.register_database()
    registered = read_registration(workspace.folder)
    assert registered is not None
    assert registered.id == drawn
    assert names(workspace) == ["b"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"id": "x"}', "[" * 100_000])
def test_a_damaged_registration_is_told(workspace: Workspace, content: str) -> None:
    record(workspace, "a")
    workspace.drain()
    workspace.close()
    (workspace.folder / "database").write_text(content)
    with pytest.raises(UsageError, match="database does not say") as caught:
        api(Workspace.open(workspace.folder)).runs()
    assert "--register-database" in caught.value.hint
    workspace.parts.register_database()
    assert names(workspace) == ["a"]


def test_a_workspace_that_was_deleted_is_made_by_the_next_that_is_written(
    workspace: Workspace,
) -> None:
    record(workspace, "a")
    assert names(workspace) == ["a"]
    shutil.rmtree(workspace.folder)
    api(workspace).add_experiment("new")
    assert workspace.store.list_experiments() == ("new",)
    assert names(workspace) == []
    shutil.rmtree(workspace.folder)
    other = Workspace.open(workspace.folder)  # somebody else was faster
    assert names(workspace) == []
    assert names(other) == []
    other.close()


def test_a_workspace_that_was_deleted_and_recorded_in_begins_anew(workspace: Workspace) -> None:
    record(workspace, "a")
    assert names(workspace) == ["a"]
    shutil.rmtree(workspace.folder)
    with pytest.raises(Unavailable, match="is gone"):
        api(workspace).runs()
    assert not workspace.folder.exists()
    record(workspace, "b")
    assert names(workspace) == ["b"]
    assert (workspace.folder / "trackboard.toml").exists()


def test_one_that_is_deleted_while_it_is_registered_is_not_missed_for_ever(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by rm -rf in front of a board that opens it."""

    def be_late(folder: Path, registration: Registration) -> None:
        remove_database(workspace)
        write_registration(folder, registration)

    monkeypatch.setattr("trackboard.workspace.database.write_registration", be_late)
    with pytest.raises(Unavailable, match="was deleted while"):
        api(workspace).runs()
    monkeypatch.undo()
    assert api(workspace).runs() == ()
