"""`trackboard compute`: clusters by hand, and who waits for what."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from trackboard import Workspace
from trackboard.cli.main import main
from trackboard.launch.request import Request

REASONS = ["1 node, and two has 0", "number 1 comes first", "number 1 comes first"]
Said = pytest.CaptureFixture[str]


def run(monkeypatch: pytest.MonkeyPatch, *given: str, code: int = 0) -> None:
    monkeypatch.setattr(sys, "argv", ["trackboard", "compute", *given])
    assert main() == code


@pytest.mark.usefixtures("empty_folder")
def test_a_cluster_from_its_begin_to_its_end(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    run(monkeypatch, "create", "cpu-cluster", "--nodes", "2", "--description", "of mine")
    assert (
        "cpu-cluster  2 nodes; trackboard submit --compute cpu-cluster" in capsys.readouterr().out
    )
    run(monkeypatch, "create", "cpu-cluster", "--nodes", "3", code=4)
    assert "trackboard compute update cpu-cluster --nodes 3" in capsys.readouterr().err
    run(monkeypatch, "update", "cpu-cluster", "--nodes", "3")
    run(monkeypatch, "list", "--json")
    (told,) = map(json.loads, capsys.readouterr().out.splitlines()[1:])
    assert (told["name"], told["nodes"], told["busy"], told["waiting"]) == ("cpu-cluster", 3, 0, 0)
    assert told["description"] == "of mine"
    run(monkeypatch, "list")
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == ["cpu-cluster", "3", "0"]
    run(monkeypatch, "delete", "cpu-cluster")
    run(monkeypatch, "list")
    assert "no clusters" in capsys.readouterr().out


@pytest.mark.usefixtures("empty_folder")
@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["create", "x", "--nodes", "2"], 2, "3 to 32 letters"),
        (["create", "local", "--nodes", "2"], 2, "reserved"),
        (["create", "good-name", "--nodes", "-1"], 2, "too few"),
        (["create", "good-name"], 2, "--nodes"),
        (["update", "nope", "--nodes", "2"], 3, "trackboard compute create nope"),
        (["delete", "nope"], 3, "There is: one"),
        (["queue", "nope"], 3, "There is: one"),
    ],
)
def test_wrong_words(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, given: list[str], code: int, said: str
) -> None:
    run(monkeypatch, "create", "one", "--nodes", "1")
    run(monkeypatch, *given, code=code)
    assert said in capsys.readouterr().err
    run(monkeypatch, "list", "--json")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["name"] == "one"


def test_who_waits_for_what(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, empty_folder: Path
) -> None:
    run(monkeypatch, "create", "two", "--nodes", "0")
    workspace = Workspace.open(empty_folder)
    source = empty_folder / "source"
    source.mkdir()
    (source / "train.py").write_text("pass\n")
    for name in "abc":
        workspace.submit(Request("e", source, "train.py", compute="two", name=name))
    capsys.readouterr()
    run(monkeypatch, "queue", "--json")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["run_name"], each["place"], each["started"]) for each in told] == [
        ("e/a", 1, False),
        ("e/b", 2, False),
        ("e/c", 3, False),
    ]
    assert [each["waits_for"] for each in told] == REASONS
    run(monkeypatch, "queue", "two")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[0] == "RUN"
    assert len(lines) == 4
    run(monkeypatch, "delete", "two", code=4)
    for each in told:
        workspace.cancel(each["id"])
    run(monkeypatch, "queue")
    assert "no jobs" in capsys.readouterr().out
    workspace.close()
