"""`trackboard compare` and `diff`: what tells runs from each other."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.terminals import terminal
from tests.workspaces import api

from trackboard.cli.main import main
from trackboard.model import RunId
from trackboard.workspace import Workspace

Said = pytest.CaptureFixture[str]
COMMIT = "azureml.git.commit"


@pytest.fixture
def workspace(empty_folder: Path) -> Iterator[Workspace]:
    """`a` and `b` differ in everything; `c` has nothing; `old` and `new` have snapshots."""
    workspace = Workspace.open(empty_folder)
    for number, name in enumerate("abc"):
        live = workspace.recorder().create_run("digits", name=name, run_id=f"id-{name}")
        if name != "c":
            live.set_parameter("lr", 0.1 * number)
            live.set_parameter("optimizer", "adam")
            live.log("loss", float("nan"))
            live.log("accuracy", number / 4)
            live.set_tag("team", f"team\n{number}")
            live.add_property(COMMIT, str(number) * 40)
            live.append_bytes(
                "system_logs/packages.txt", 0, f"numpy==1.{number}\nzlib==1\n".encode()
            )
            live.append_bytes("system_logs/code.diff", 0, f"+{number}\n".encode())
        live.complete()
    for name, text in (("old", "one\ntwo\n"), ("new", "one\n2\x1b[31m")):
        source = empty_folder / name
        source.mkdir()
        (source / "same.py").write_text("pass\n")
        (source / "train.py").write_text(text)
        (source / f"{name}.txt").write_text(f"{name}\n")
        (source / "data.bin").write_bytes(b"\0" + name.encode())
        live = workspace.recorder().create_run("digits", name=name, run_id=f"id-{name}")
        live.add_property("ContentSnapshotId", api(workspace).service.snapshots.take(source))
        live.add_property("trackboard.environment", f"Python 3.11, {name}")
        live.complete()
    workspace.drain()
    yield workspace
    workspace.close()


def run(monkeypatch: pytest.MonkeyPatch, *given: str, code: int = 0) -> None:
    monkeypatch.setattr(sys, "argv", ["trackboard", *given])
    assert main() == code


@pytest.mark.usefixtures("workspace")
def test_what_differs_is_shown_side_by_side(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    run(monkeypatch, "compare", "a", "digits/b")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["digits/a", "digits/b"],
        ["state", "completed", "completed"],
        ["parameter", "lr", "0", "0.1"],
        ["metric", "accuracy", "0", "0.25"],
        ["tag", "team", "team\N{REPLACEMENT CHARACTER}0", "team\N{REPLACEMENT CHARACTER}1"],
        ["code", "git", "commit", "0" * 40, "1" * 40],
        ["package", "numpy", "1.0", "1.1"],
        ["3", "more", "facts", "the", "same", "in", "all:", "--all", "shows", "them"],
    ]
    run(monkeypatch, "compare", "a", "b", "c", "--all")
    said = capsys.readouterr().out
    assert "optimizer" in said
    assert "adam" in said
    assert [line.split() for line in said.splitlines() if "loss" in line] == [
        ["metric", "loss", "nan", "nan", "-"]
    ]
    run(monkeypatch, "compare", "a", "a")
    assert "nothing differs" in capsys.readouterr().out


@pytest.mark.usefixtures("workspace")
def test_a_comparison_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch, 60) as screen:
        run(monkeypatch, "compare", "a", "b")
    assert max(map(len, screen.lines)) <= 60
    assert any("…" in line for line in screen.lines)


@pytest.mark.usefixtures("workspace")
def test_a_comparison_as_json(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    run(monkeypatch, "compare", "a", "c", "--json")
    told = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in told["runs"]] == ["a", "c"]
    facts = {(each["kind"], each["name"]): each for each in told["facts"]}
    assert facts["metric", "loss"] == {
        "kind": "metric",
        "name": "loss",
        "values": ["NaN", None],
        "equal": False,
    }


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["compare", "a"], 2, "trackboard show a"),
        (["compare", "a", "nobody"], 3, "'nobody'"),
        (["diff", "a"], 2, "Missing argument"),
        (["diff", "a", "digits"], 2, "an experiment of 5 runs"),
    ],
)
def test_wrong_words(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, given: list[str], code: int, said: str
) -> None:
    run(monkeypatch, *given, code=code)
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("workspace")
def test_code_differs_line_by_line(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    run(monkeypatch, "diff", "old", "new")
    assert capsys.readouterr().out == (
        "--- a/(environment)\n+++ b/(environment)\n@@ -1 +1 @@\n"
        "-Python 3.11, old\n+Python 3.11, new\n"
        "changed  data.bin\n"
        "--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+new\n"
        "--- a/old.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-old\n"
        "--- a/train.py\n+++ b/train.py\n@@ -1,2 +1,2 @@\n one\n-two\n"
        "+2\N{REPLACEMENT CHARACTER}[31m\n\\ No newline at end of file\n"
    )
    run(monkeypatch, "diff", "old", "new", "--names")
    assert capsys.readouterr().out.splitlines() == [
        "changed  (environment)",
        "changed  data.bin",
        "added    new.txt",
        "removed  old.txt",
        "changed  train.py",
    ]
    with terminal(monkeypatch, 80) as screen:
        run(monkeypatch, "diff", "old", "new")
    assert "\x1b[32m+new\x1b[0m" in screen.raw
    run(monkeypatch, "diff", "old", "old")
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("workspace")
def test_code_that_was_not_submitted(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    run(monkeypatch, "diff", "a", "b", "--json")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["path"] for each in told] == [
        "(git commit)",
        "(packages)",
        "(uncommitted changes)",
    ]
    assert told[1]["diff"].endswith("@@ -1,2 +1,2 @@\n-numpy==1.0\n+numpy==1.1\n zlib==1\n")


def test_the_same_in_python(workspace: Workspace) -> None:
    found = api(workspace).compare("a", RunId("id-b"))
    assert [fact.name for fact in found.facts if not fact.is_equal and fact.kind == "metric"] == [
        "accuracy"
    ]
    assert [change.kind for change in api(workspace).diff("old", "new")][2:4] == [
        "added",
        "removed",
    ]
