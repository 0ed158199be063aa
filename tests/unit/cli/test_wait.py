"""`trackboard wait`: its lines and its exit codes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trackboard.cli.main import main
from trackboard.workspace import Workspace

Said = pytest.CaptureFixture[str]


def run(monkeypatch: pytest.MonkeyPatch, *given: str) -> int:
    monkeypatch.setattr(sys, "argv", ["trackboard", *given])
    return main()


@pytest.fixture
def workspace(empty_folder: Path) -> Workspace:
    """`a` and `b` completed, `c` failed, `d` runs."""
    workspace = Workspace.open(empty_folder)
    for name in "abcd":
        live = workspace.recorder().create_run("digits", name=name, run_id=f"id-{name}")
        if name == "c":
            live.fail("no")
        elif name != "d":
            live.complete()
    workspace.drain()
    return workspace


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (["a"], 0, ["completed"]),
        (["a", "digits/b", "a"], 0, ["completed", "completed"]),
        (["a", "c"], 1, ["completed", "failed"]),
        (["nobody"], 3, []),
        (["a", "d", "--timeout", "0.01"], 5, ["completed"]),
    ],
)
def test_exit_codes(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, given: list[str], code: int, words: list[str]
) -> None:
    assert run(monkeypatch, "wait", *given) == code
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == words


def test_it_waits_for_the_last(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, workspace: Workspace
) -> None:
    from trackboard.model import RunId

    live = workspace.recorder().attach(RunId("id-d"), owner=True)
    looks: list[None] = []

    def sleep(_seconds: float) -> None:
        looks.append(None)
        if len(looks) == 3:
            live.complete()

    monkeypatch.setattr("trackboard.service.local.jobs.time.sleep", sleep)
    assert run(monkeypatch, "wait", "d", "a") == 0
    assert len(looks) == 3
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "digits/a",
        "digits/d",
    ]
    workspace.close()
