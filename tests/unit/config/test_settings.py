from __future__ import annotations

import errno
import os
import uuid
from pathlib import Path

import pytest

from trackboard.config import (
    ComputeSettings,
    Settings,
    SettingsFile,
    apply_sharing,
    holds_workspace,
    make_workspace,
    read_settings,
)
from trackboard.config import settings as settings_module
from trackboard.errors import Conflict, NotFound, Unavailable, UsageError


def settings_of(folder: Path, text: str) -> Path:
    make_workspace(folder)
    with (folder / "trackboard.toml").open("a") as file:
        file.write(text)
    return folder


def test_a_new_file_says_nothing_about_compute_targets(tmp_path: Path) -> None:
    assert read_settings(settings_of(tmp_path, "")).compute == {}


def test_what_one_slot_gives(tmp_path: Path) -> None:
    text = (
        "[compute.cpu-cluster]\ncpus = 2\nmemory_gb = 0.5\n[compute.big]\ngpus = 0\nmemory_gb = 4"
    )
    assert read_settings(settings_of(tmp_path, text)).compute == {
        "cpu-cluster": ComputeSettings(cpus=2, memory_gb=0.5),
        "big": ComputeSettings(memory_gb=4, gpus=0),
    }


def test_names_that_boards_answer_to(tmp_path: Path) -> None:
    folder = settings_of(tmp_path, 'allowed_hosts = ["Board.example.org", "10.0.0.1", "fd00::2"]')
    assert read_settings(folder).allowed_hosts == ("board.example.org", "10.0.0.1", "fd00::2")


@pytest.mark.parametrize("host", ['"a:80"', '"http://a"', '"*"', '""', '"a b"', "1", "['a']"])
def test_what_is_no_host_name_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(UsageError, match=r"allowed_hosts has .* no host name"):
        read_settings(settings_of(tmp_path, f"allowed_hosts = [{host}]"))


def test_memory_in_bytes() -> None:
    assert ComputeSettings(memory_gb=1.5).memory_bytes == 3 << 29
    assert ComputeSettings().memory_bytes is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[compute.c]\ncpus = 1.5", r"\[compute.c\]: cpus = 1.5 is not a whole number"),
        ("[compute.c]\ncpus = true", "cpus = True is not a whole number"),
        ("[compute.c]\ncpus = 0", "cpus = 0 is too small.*Write 1 or more"),
        ("[compute.c]\ngpus = -1", "gpus = -1 is too small.*Write 0 or more"),
        ("[compute.c]\nmemory_gb = '4'", "memory_gb = '4' is not a number"),
        ("[compute.c]\nmemory_gb = 0", "memory_gb = 0 is no amount of memory"),
        ("[compute.c]\nmemory_gb = nan", "memory_gb = nan is no amount of memory"),
        ("[compute.c]\nmemory_gb = inf", "memory_gb = inf is no amount of memory"),
        ("[compute]\nc = 4", r"\[compute.c\] = 4 is not a table"),
        ("[compute.local]\ncpus = 1", r"\[compute.local\] cannot be set"),
        ("compute = 4", "compute = 4 is not a table"),
        ("[computes.c]\ncpus = 2", "'computes' .*Did you mean compute"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, text: str, said: str) -> None:
    folder = settings_of(tmp_path, text)
    with pytest.raises(UsageError, match=f"(?s)trackboard.toml.*{said}"):
        read_settings(folder)


def test_what_people_write_later_is_read(tmp_path: Path) -> None:
    make_workspace(tmp_path)
    file = SettingsFile(tmp_path)
    assert file.read() is file.read()
    with (tmp_path / "trackboard.toml").open("a") as more:
        more.write("[compute.c]\ncpus = 3\n")
    assert file.read().compute["c"].cpus == 3
    (tmp_path / "trackboard.toml").unlink()
    assert file.read().compute["c"].cpus == 3


def test_a_workspace_is_made_once_with_an_id_of_its_own(tmp_path: Path) -> None:
    folders = [tmp_path / ".trackboard" / name for name in ("a", "b")]
    for folder in folders:
        assert not holds_workspace(folder)
        assert make_workspace(folder)
        assert holds_workspace(folder)
        text = (folder / "trackboard.toml").read_text()
        assert not make_workspace(folder)
        assert (folder / "trackboard.toml").read_text() == text
    first, second = (read_settings(folder) for folder in folders)
    assert uuid.UUID(first.id) != uuid.UUID(second.id)
    assert first == Settings(1, first.id)
    assert (tmp_path / ".trackboard" / ".gitignore").read_text() == "*\n"


def test_what_was_recorded_for_a_workspace_is_one_without_its_settings(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    assert holds_workspace(tmp_path)
    assert make_workspace(tmp_path)
    assert read_settings(tmp_path).format == 1
    assert not (tmp_path.parent / ".gitignore").exists(), "it is nobody's hidden folder"


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bool:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(settings_module, "create_file", refuse)
    with pytest.raises(Unavailable) as caught:
        make_workspace(tmp_path / "w")
    folder = tmp_path / "w"
    assert caught.value.message == (
        f"a workspace cannot be made in {folder}: Read-only file system"
    )
    assert "TRACKBOARD_URI" in caught.value.hint


def test_all_that_people_may_say(tmp_path: Path) -> None:
    text = (
        "store = '/local/h.db'\nnetwork_folder = false\nshared = true\nallowed_hosts = ['A.b']\n"
        "[compute.c]\ncpus = 2\n"
    )
    folder = settings_of(tmp_path, text)
    found = read_settings(folder)
    compute = {"c": ComputeSettings(cpus=2)}
    assert found == Settings(1, found.id, "/local/h.db", False, True, ("a.b",), compute)


def test_what_a_file_may_leave_out(tmp_path: Path) -> None:
    (tmp_path / "trackboard.toml").write_text("")
    assert read_settings(tmp_path) == Settings(1, "", "", None, None, (), {})


def test_a_workspace_without_settings_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"settings file .*trackboard\.toml"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("format = 2", Conflict, "has format 2; this trackboard knows 1"),
        ("format = '2'", UsageError, "format = '2' is not a whole number"),
        ("format = true", UsageError, "format = True is not a whole number"),
        ("format = 1\nformat = 1", UsageError, "TOML"),
    ],
)
def test_a_format_that_we_cannot_read(
    tmp_path: Path, text: str, error: type[Exception], said: str
) -> None:
    (tmp_path / "trackboard.toml").write_text(text)
    with pytest.raises(error, match=said):
        read_settings(tmp_path)


@pytest.mark.parametrize(("shared", "mode"), [(True, 0o2770), (False, 0o700), (None, 0o750)])
def test_a_workspace_is_shared_as_its_settings_say(
    tmp_path: Path, shared: bool | None, mode: int
) -> None:
    folder = tmp_path / "w"
    make_workspace(folder)
    folder.chmod(0o750)
    apply_sharing(folder, Settings(1, "", shared=shared))
    assert folder.stat().st_mode & 0o7777 == mode


def test_a_system_that_refuses_to_share_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path, *, shared: bool) -> None:
        assert shared
        raise PermissionError(errno.EPERM, "Operation not permitted", str(folder / "lock"))

    monkeypatch.setattr(settings_module, "set_sharing", refuse)
    with pytest.raises(Unavailable) as caught:
        apply_sharing(tmp_path, Settings(1, "", shared=True))
    assert f"Operation not permitted: {tmp_path / 'lock'}" in caught.value.message
    assert f"chgrp -R GROUP {tmp_path}" in caught.value.hint


def test_a_file_that_did_not_change_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_workspace(tmp_path)
    file = SettingsFile(tmp_path)
    assert file.is_there()
    first = file.read()
    reads: list[Path] = []

    def read(folder: Path) -> Settings:
        reads.append(folder)
        return read_settings(folder)

    monkeypatch.setattr(settings_module, "read_settings", read)
    assert file.read() is first
    os.utime(tmp_path / "trackboard.toml", (1.0, 1.0))
    assert file.read() == first
    assert file.read() == first
    assert reads == [tmp_path]
    (tmp_path / "trackboard.toml").rename(tmp_path / "moved")
    assert not file.is_there()
    assert file.read() == first
    assert len(reads) == 1


def test_a_file_that_was_broken_says_so_until_it_is_mended(tmp_path: Path) -> None:
    make_workspace(tmp_path)
    file = SettingsFile(tmp_path)
    path = tmp_path / "trackboard.toml"
    good = path.read_text()
    path.write_text("storee = ''")
    for _ in range(2):
        with pytest.raises(UsageError, match="'storee'"):
            file.read()
    path.write_text(good + "shared = false\n")
    assert file.read().shared is False


@pytest.mark.parametrize("closed", ["w", "w/inner", "w/inner/default"])
def test_a_workspace_of_somebody_who_keeps_it_private_is_no_missing_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    folder = tmp_path / "w" / "inner" / "default"
    make_workspace(folder)
    access = os.access

    def ask(path: Path, mode: int) -> bool:
        return access(path, mode) and Path(path) != tmp_path / closed

    monkeypatch.setattr(os, "access", ask)
    with pytest.raises(Unavailable) as caught:
        holds_workspace(folder)
    said = f"the workspace {folder} is closed to you: {tmp_path / closed} belongs to user "
    assert caught.value.message.startswith(said)
    assert "shared = true" in caught.value.hint


def test_a_folder_above_need_not_be_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "w"
    make_workspace(folder)
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: access(path, mode) and (mode == os.X_OK or path == folder)
    )
    assert holds_workspace(folder)
