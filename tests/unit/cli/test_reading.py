"""`trackboard runs`, `show` and `logs` on a history with one of everything."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from trackboard.cli import formatting
from trackboard.cli.main import main
from trackboard.ingest.silence import Silence
from trackboard.model import RunId
from trackboard.record import LiveRun
from trackboard.spool import list_writers
from trackboard.workspace import Workspace

Said = pytest.CaptureFixture[str]


@pytest.fixture
def _history(empty_folder: Path) -> None:
    """Runs `a` (completed), `b` (failed) and `c` (running) of `digits`, oldest first; a child of `a`."""
    workspace = Workspace.open(empty_folder)
    for number, name in enumerate("abc"):
        live = workspace.recorder().create_run("digits", name=name, run_id=f"id-{name}")
        live.set_tag("team", "vision" if number else "words")
        live.set_parameter("lr", 10.0**-number)
        live.set_parameter("optimizer", "adam")
        live.log("accuracy", number / 2, 7)
        live.log("bad", float("nan"))
        if name == "a":
            live.child("part", run_id="id-part").complete()
            live.append_bytes("user_logs/std_log.txt", 0, b"first\nsecond\n")
            live.complete()
        elif name == "b":
            live.set_tag("evil", "\x1b[2J")
            live.fail("ValueError: no\nin line 7")
    workspace.drain()
    workspace.close()


def run(monkeypatch: pytest.MonkeyPatch, *given: str, code: int = 0) -> None:
    monkeypatch.setattr(sys, "argv", ["trackboard", *given])
    assert main() == code


def rows(said: Said) -> list[list[str]]:
    return [re.split(r"\s{2,}", line) for line in said.readouterr().out.splitlines()]


@pytest.mark.usefixtures("_history")
@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ([], ["id-c", "id-b", "id-a"]),
        (["--ascending"], ["id-a", "id-b", "id-c"]),
        (["--sort", "accuracy"], ["id-c", "id-b", "id-a"]),
        (["--sort", "accuracy", "--ascending"], ["id-a", "id-b", "id-c"]),
        (["--children", "--experiment", "digits"], ["id-c", "id-b", "id-part", "id-a"]),
        (["--state", "failed", "--state", "running"], ["id-c", "id-b"]),
        (["--tag", "team=vision", "--tag", "evil"], ["id-b"]),
        (["--param", "lr=1", "--param", "optimizer=adam"], ["id-a"]),
        (["--where", "accuracy >= 0.5", "--where", "accuracy<1"], ["id-b"]),
    ],
)
def test_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, given: list[str], ids: list[str]
) -> None:
    run(monkeypatch, "runs", *given)
    assert [row[-1] for row in rows(capsys)] == ["ID", *ids]


@pytest.mark.usefixtures("_history")
def test_columns_of_runs(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    run(monkeypatch, "runs", "--sort", "accuracy", "--column", "lr", "--limit", "2")
    head, *others, more = rows(capsys)
    assert head == ["RUN", "STATE", "STARTED", "TOOK", "lr", "accuracy", "ID"]
    assert [(row[0], row[1], *row[-3:]) for row in others] == [
        ("digits/c", "running", "0.01", "1", "id-c"),
        ("digits/b", "failed", "0.1", "0.5", "id-b"),
    ]
    assert more == ["and 1 more: --limit 0 lists all"]
    run(monkeypatch, "runs", "--limit", "3")
    assert len(rows(capsys)) == 4
    run(monkeypatch, "runs", "--tag", "team=nobody")
    assert capsys.readouterr().out == "no runs\n"


@pytest.mark.usefixtures("_history")
def test_runs_as_json(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    run(monkeypatch, "runs", "--json")
    told: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["name"] for each in told] == ["c", "b", "a"]
    last = told[-1]
    assert last["tags"] == {"team": "words"}
    assert last["parameters"] == {"lr": 1.0, "optimizer": "adam"}
    accuracy = {
        **{"last": 0.0, "step": 7, "count": 1},
        **{"min": 0.0, "max": 0.0, "min_step": 7, "max_step": 7},
    }
    assert last["metrics"]["accuracy"] == accuracy, "as `show --json` says it"
    assert last["metrics"]["bad"]["last"] == "NaN"
    assert (last["state"], last["number"], last["parent"]) == ("completed", 1, None)
    assert told[0]["ended"] is None


@pytest.mark.usefixtures("_history")
@pytest.mark.parametrize("name", ["id-b", "digits/b", "b"])
def test_show(monkeypatch: pytest.MonkeyPatch, capsys: Said, name: str) -> None:
    run(monkeypatch, "show", name)
    said = capsys.readouterr().out
    lines = {line[:13].strip(): line[13:] for line in said.splitlines()}
    assert (lines["run"], lines["id"], lines["state"]) == ("digits/b", "id-b", "failed")
    assert "cause        ValueError: no\n             in line 7\n" in said
    assert "team  vision" in said
    assert "\x1b" not in said
    assert re.search(r"^parameters   lr +0\.1\n +optimizer +adam$", said, re.M)
    assert re.search(r"^metrics      accuracy +0\.5 +step 7 +1 point +0\.5 to 0\.5$", said, re.M)
    assert "parent" not in lines


@pytest.mark.usefixtures("_history")
def test_show_tells_what_the_script_of_a_job_said(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, empty_folder: Path
) -> None:
    workspace = Workspace.open(empty_folder)
    job = workspace.recorder().attach(RunId("id-c"), owner=False)
    job.fail("no more data\nat line 7")
    job.fail("again")
    workspace.drain()
    workspace.close()
    run(monkeypatch, "show", "c")
    said = capsys.readouterr().out
    assert "error        no more data\n             at line 7\n" in said
    assert "state        running\n" in said
    assert "trackboard.error  " not in said


@pytest.mark.usefixtures("_history")
def test_show_as_json(monkeypatch: pytest.MonkeyPatch, capsys: Said, empty_folder: Path) -> None:
    run(monkeypatch, "show", "a", "--json")
    told = json.loads(capsys.readouterr().out)
    accuracy = {"last": 0, "step": 7, "count": 1, "min": 0, "max": 0, "min_step": 7, "max_step": 7}
    assert told["metrics"]["accuracy"] == accuracy
    assert told["files"] == {"user_logs/std_log.txt": 13}
    folder = empty_folder / ".trackboard" / "default" / "runs" / "id-a"
    assert told["folder"] == str(folder)


@pytest.mark.usefixtures("_history")
def test_a_lost_run_is_called_so(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    (writer,) = list_writers(Path(".trackboard/default/spool"))
    monkeypatch.setattr(Silence, "list_lost", lambda _silence: frozenset((writer,)))
    run(monkeypatch, "show", "c")
    assert "state        lost\n" in capsys.readouterr().out
    run(monkeypatch, "runs")
    assert [row[1] for row in rows(capsys)] == ["STATE", "lost", "failed", "completed"]
    run(monkeypatch, "runs", "--json", "--limit", "1")
    assert json.loads(capsys.readouterr().out)["state"] == "lost"


@pytest.mark.usefixtures("_history")
def test_log(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    run(monkeypatch, "logs", "digits/a")
    assert capfdbinary.readouterr().out == b"first\nsecond\n"
    run(monkeypatch, "logs", "--follow", "a")
    assert capfdbinary.readouterr().out == b"first\nsecond\n"
    run(monkeypatch, "logs", "b", code=3)
    assert b"console=True" in capfdbinary.readouterr().err


def test_log_follows_until_the_end(
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
    empty_folder: Path,
) -> None:
    workspace = Workspace.open(empty_folder)
    live: LiveRun = workspace.recorder().create_run("e", run_id="r")
    live.append_bytes("user_logs/std_log.txt", 0, b"one\n")
    pieces = iter([(4, b"two\n"), (0, b"new\n")])  # at last begun anew

    def say(_seconds: float) -> None:
        offset, data = next(pieces, (0, b""))
        if data:
            live.append_bytes("user_logs/std_log.txt", offset, data)
        else:
            live.complete()

    monkeypatch.setattr("trackboard.cli.follow.time.sleep", say)
    run(monkeypatch, "logs", "-f", "r")
    workspace.close()
    assert capfdbinary.readouterr().out == b"one\ntwo\nnew\n"


@pytest.mark.usefixtures("_history")
@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (["runs", "--where", "accuracy"], 2, "a comparison of 'accuracy' is missing"),
        (["runs", "--state", "done"], 2, "not_started, queued"),
        (["runs", "--param", "lr"], 2, "--param lr=0.1"),
        (["show", "nobody"], 3, "'nobody'"),
        (["show", "digits"], 2, "runs --experiment digits"),
        (["logs", "digits"], 2, "runs --experiment digits"),
    ],
)
def test_wrong_words(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, given: list[str], code: int, message: str
) -> None:
    run(monkeypatch, *given, code=code)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("given", [["runs"], ["show", "x"], ["logs", "x"]])
def test_reading_makes_no_history(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, empty_folder: Path, given: list[str]
) -> None:
    run(monkeypatch, *given, code=3)
    assert "there is no history in" in capsys.readouterr().err
    assert list(empty_folder.iterdir()) == []


def test_columns_are_aligned_as_a_terminal_shows_them() -> None:
    head = ["NAME", "NUMBER", "TEXT"]
    assert formatting.aligned([["日本", "1.5", "x"], ["e\u0301", "", "y"]], head) == [
        "NAME  NUMBER  TEXT",
        "日本     1.5  x",
        "e\u0301             y",
    ]
    assert formatting.aligned([]) == []


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, ""), (0.04, "0.0 s"), (59.94, "59.9 s"), (61, "1 min 01 s"), (7260, "2 h 01 min")],
)
def test_durations(seconds: float | None, told: str) -> None:
    assert formatting.duration(seconds) == told


@pytest.mark.usefixtures("_history")
def test_show_is_quiet_about_what_is_recorded_by_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    workspace = Workspace.open()
    plumbing = {
        "trackboard.pid": "77",
        "trackboard.command": "python train.py",
        "trackboard.host": "there",
        "trackboard.user": "me",
        "trackboard.python": "3.11.7",
        "azureml.git.commit": "0123456789abcdef",
        "azureml.git.branch": "main",
        "azureml.git.dirty": "True",
        "mlflow.source.git.branch": "main",
        "ContentSnapshotId": "f" * 64,
    }
    workspace.store.add_properties(RunId("id-a"), {"own": "yes", **plumbing})
    workspace.close()
    run(monkeypatch, "show", "a")
    said = capsys.readouterr().out
    lines = {line[:13].strip(): line[13:] for line in said.splitlines()}
    assert lines["properties"] == "own  yes"
    assert lines["code"] == "0123456789 on main, with changes"
    assert (lines["command"], lines["machine"]) == ("python train.py", "me@there, Python 3.11.7")
    assert lines["recorded"] == "10 more facts on code and machine: --all lists them"
    assert "ffff" not in said
    run(monkeypatch, "show", "a", "--all")
    said = capsys.readouterr().out
    assert all(f"{key} " in said for key in plumbing)
    assert "recorded" not in said


@pytest.mark.parametrize("end", [b"", b"\n"])
@pytest.mark.parametrize("piece_bytes", [1, 3, 1 << 16])
def test_the_last_lines_of_a_log(
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
    empty_folder: Path,
    end: bytes,
    piece_bytes: int,
) -> None:
    lines = [b"one", b"", b"three", b"four"]
    workspace = Workspace.open(empty_folder)
    live = workspace.recorder().create_run("e", run_id="r")
    live.append_bytes("user_logs/std_log.txt", 0, b"\n".join(lines) + end)
    live.complete()
    workspace.drain()
    workspace.close()
    monkeypatch.setattr("trackboard.cli.follow.END_BYTES", piece_bytes)
    for count in range(6):
        run(monkeypatch, "logs", "r", "--tail", str(count))
        said = capfdbinary.readouterr().out
        kept = lines[len(lines) - count :] if count < len(lines) else lines
        assert said == (b"\n".join(kept) + end if kept else b"")
    run(monkeypatch, "logs", "r", "-f", "--tail", "1")
    assert capfdbinary.readouterr().out == b"four" + end
