import json
import os
import shutil
import stat
from pathlib import Path

import pytest
from tests.other_users import folder_for_everybody

from trackboard.cli.main import main
from trackboard.workspace import Workspace


@pytest.fixture
def folder(empty_folder: Path) -> Path:
    """A workspace with one run that is stored."""
    workspace = Workspace.open(empty_folder)
    workspace.recorder().create_run("exp", name="a").complete()
    workspace.recorder().close()
    workspace.drain()
    workspace.close()
    (workspace.folder / "runs" / "x").mkdir(parents=True)
    return workspace.folder


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["trackboard", *words])
    return main()


def facts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> dict[str, object]:
    capsys.readouterr()
    assert run(monkeypatch, "where", "--json", *words) == 0
    said: dict[str, object] = json.loads(capsys.readouterr().out)
    return said


def test_all_that_it_knows(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = facts(monkeypatch, capsys)
    assert (said["folder"], said["exists"]) == (str(folder), True)
    assert said["database"] == {
        "path": str(folder / "trackboard.db"),
        "exists": True,
        "registered": True,
    }
    assert (said["shared"], said["readable_by"], said["writable"]) == (False, None, True)
    assert (said["unread_bytes"], said["problem"]) == (0, None)
    assert run(monkeypatch, "where") == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{folder}  ")
    assert f"database     {folder / 'trackboard.db'}" in rest


def test_a_settings_line_shares_it_and_takes_it_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = folder / "trackboard.toml"
    text = settings.read_text()
    settings.write_text(text + "shared = true\n")
    assert facts(monkeypatch, capsys)["shared"] is True
    assert stat.S_IMODE((folder / "trackboard.db").stat().st_mode) == 0o660
    assert run(monkeypatch, "where") == 0
    assert "for reading and writing" in capsys.readouterr().out
    settings.write_text(text + "shared = false\n")
    assert facts(monkeypatch, capsys)["shared"] is False
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_old_one_that_others_can_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with folder_for_everybody() as root:
        folder = Workspace.open(root).folder
        folder.chmod(0o755)
        assert facts(monkeypatch, capsys, str(root))["readable_by"] == "every user of this machine"
        assert run(monkeypatch, "where", str(root)) == 0
        assert f"chmod 700 {folder}" in capsys.readouterr().out
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_a_missing_database_is_told_and_begun_on_request(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "trackboard.db").unlink()
    said = facts(monkeypatch, capsys)
    assert said["database"] == {
        "path": str(folder / "trackboard.db"),
        "exists": False,
        "registered": False,
    }
    assert "is missing" in str(said["problem"])
    assert run(monkeypatch, "where") == 0
    assert "trackboard.db  (missing)" in capsys.readouterr().out
    assert run(monkeypatch, "runs") != 0
    assert "trackboard where --register-database" in capsys.readouterr().err
    assert run(monkeypatch, "where", "--register-database") == 0
    assert run(monkeypatch, "runs") == 0
    assert "no runs" in capsys.readouterr().out


def test_another_database_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Workspace.open(folder.parent.parent / "other")
    other.drain()
    other.close()
    shutil.copyfile(other.folder / "trackboard.db", folder / "trackboard.db")
    assert facts(monkeypatch, capsys)["database"] == {
        "path": str(folder / "trackboard.db"),
        "exists": True,
        "registered": False,
    }
    assert run(monkeypatch, "where") == 0
    assert "not this workspace's" in capsys.readouterr().out


def test_what_nobody_has_stored_yet(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace.open(empty_folder)
    workspace.recorder().create_run("exp", name="a").complete()
    workspace.recorder().close()
    assert facts(monkeypatch, capsys)["unread_bytes"] != 0
    assert run(monkeypatch, "where") == 0
    said = capsys.readouterr().out
    assert "not stored" in said
    assert "the first reader makes it" in said
    assert not (workspace.folder / "trackboard.db").exists()


def test_spools_that_were_set_aside(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    odd, silent = (folder / name / ("0" * 32) for name in ("spool-quarantine", "spool-silent"))
    odd.mkdir(parents=True)
    silent.mkdir(parents=True)
    said = facts(monkeypatch, capsys)
    assert (said["quarantined"], said["silent"]) == ([str(odd)], [str(silent)])
    assert run(monkeypatch, "where") == 0
    shown = capsys.readouterr().out
    assert f"set aside    {odd}  (too much of it cannot be stored" in shown
    assert f"set aside    {silent}  (its process may be dead" in shown


@pytest.mark.parametrize("words", [["runs"], ["show", "a"], ["logs", "a"], ["cancel", "a"]])
@pytest.mark.parametrize("there", [[], [".trackboard"], [".trackboard/default"]])
def test_what_only_reads_makes_no_workspace(
    empty_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    there: list[str],
) -> None:
    for name in there:
        (empty_folder / name).mkdir(parents=True)
    before = sorted(empty_folder.rglob("*"))
    assert run(monkeypatch, *words) == 3
    assert "there is no history in" in capsys.readouterr().err
    assert sorted(empty_folder.rglob("*")) == before
    assert os.listdir(empty_folder) == [name.split("/")[0] for name in there]
