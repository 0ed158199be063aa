"""`trackboard doctor`: what it finds, in words and as JSON, and that it changes nothing."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import sqlite3
import sys
from pathlib import Path

import pytest

import trackboard
from trackboard.cli.main import main
from trackboard.layout.locks import FileLock
from trackboard.workspace import Workspace

Said = pytest.CaptureFixture[str]


@pytest.fixture
def folder(empty_folder: Path) -> Path:
    """A workspace's folder with a run in it."""
    workspace = Workspace.open(empty_folder)
    workspace.recorder().create_run("digits", name="a").complete()
    workspace.drain()
    workspace.close()
    return workspace.folder


def findings(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, code: int = 0
) -> dict[str, tuple[str, str]]:
    """What was found, by what was looked at: how bad it is, and all the words."""
    monkeypatch.setattr(sys, "argv", ["trackboard", "doctor", "--json"])
    assert main() == code
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {
        each["about"]: (each["severity"], f"{each['message']} {each['hint'] or ''}")
        for each in told
    }


def listed(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


def test_nothing_is_wrong(monkeypatch: pytest.MonkeyPatch, capsys: Said, folder: Path) -> None:
    before = listed(folder)
    found = findings(monkeypatch, capsys)
    assert {word for word, _ in found.values()} <= {"ok", "note", "warning"}
    assert found["workspace"] == ("ok", f"{folder} ")
    assert found["azureml"] == ("ok", "trackboard's ")
    assert found["database"][0] == "ok"
    monkeypatch.setattr(sys, "argv", ["trackboard", "doctor"])
    assert main() == 0
    assert f"ok       workspace     {folder}" in capsys.readouterr().out
    assert listed(folder) == before


def test_who_holds_a_lock_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, folder: Path
) -> None:
    assert "lock" not in findings(monkeypatch, capsys)
    with FileLock(folder / "files.lock").attempt() as is_held:
        assert is_held
        severity, words = findings(monkeypatch, capsys)["lock"]
    assert severity == "note"
    assert f"{folder / 'files.lock'} is held by pid {os.getpid()} on " in words
    assert "lock" not in findings(monkeypatch, capsys)


@pytest.mark.requires("linux")  # elsewhere the system names no writers
def test_who_writes_to_the_database_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, folder: Path
) -> None:
    with contextlib.closing(sqlite3.connect(folder / "trackboard.db")) as database:
        database.execute("BEGIN IMMEDIATE")
        words = findings(monkeypatch, capsys)["lock"][1]
        database.rollback()
    assert f"{folder / 'trackboard.db'} is being written by pid {os.getpid()} (" in words


def test_the_version_is_that_of_the_source(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    assert f"{trackboard.__version__}, Python " in findings(monkeypatch, capsys)["trackboard"][1]


def test_no_workspace_is_made(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, empty_folder: Path
) -> None:
    found = findings(monkeypatch, capsys)
    assert "the first run makes it" in found["workspace"][1]
    assert list(empty_folder.iterdir()) == []


def test_a_database_that_is_gone(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, folder: Path
) -> None:
    for path in folder.glob("trackboard.db*"):
        path.unlink()
    word, said = findings(monkeypatch, capsys, code=1)["database"]
    assert word == "problem"
    assert "is missing" in said
    assert not list(folder.glob("trackboard.db*"))


def test_settings_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, folder: Path
) -> None:
    (folder / "trackboard.toml").write_text("format = 1\nstoer = 'x'\n")
    word, said = findings(monkeypatch, capsys, code=1)["workspace"]
    assert word == "problem"
    assert "stoer" in said


def test_the_sdk_beside_us(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    version = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata,
        "version",
        lambda name: "1.60" if name == "azureml-core" else version(name),
    )
    word, said = findings(monkeypatch, capsys, code=1)["azureml"]
    assert word == "problem"
    assert "azureml-core 1.60" in said


def test_variables(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    monkeypatch.setenv("TRACKBOARD_URL", "/x")
    word, said = findings(monkeypatch, capsys)["variable"]
    assert word == "warning"
    assert "TRACKBOARD_URI" in said
    monkeypatch.delenv("TRACKBOARD_URL")
    monkeypatch.setenv("TRACKBOARD_TOKEN", "secret")
    assert findings(monkeypatch, capsys)["variable"] == ("note", "TRACKBOARD_TOKEN=*** ")


@pytest.mark.usefixtures("folder")
def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    usage = type("usage", (), {"free": 5})
    monkeypatch.setattr(
        "trackboard.service.local.facts.diagnosis.shutil.disk_usage", lambda _: usage
    )
    assert findings(monkeypatch, capsys)["disk"][0] == "warning"


def test_who_records(monkeypatch: pytest.MonkeyPatch, capsys: Said, folder: Path) -> None:
    spool = folder / "spool" / ("0" * 32)
    spool.mkdir(parents=True)
    (spool / "alive").write_text("{}")
    os.utime(spool / "alive", (0, 0))
    assert "recording" in findings(monkeypatch, capsys)
