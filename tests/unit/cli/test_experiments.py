"""`trackboard experiments`: which there are, how many runs each has, and what is put away."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackboard.cli.main import main
from trackboard.service import open_service
from trackboard.workspace import Workspace

Said = pytest.CaptureFixture[str]


@pytest.fixture
def _history(empty_folder: Path) -> Iterator[None]:
    """`digits` with an ended and a running run and a child of it, `old` archived, `empty` without runs."""
    workspace = Workspace.open(empty_folder)
    recorder = workspace.recorder()
    recorder.create_run("digits", run_id="ended").complete()
    recorder.create_run("digits", run_id="going").child()
    recorder.create_run("old", run_id="old").complete()
    with contextlib.closing(open_service(empty_folder)) as service:
        service.now()
        service.experiments.add("empty")
        service.experiments.set_tags("digits", {"team": "vision", "plain": None, "odd": "\x1b[31m"})
        service.experiments.archive("old")
    yield
    recorder.close()
    workspace.close()


def run(monkeypatch: pytest.MonkeyPatch, *given: str) -> int:
    monkeypatch.setattr(sys, "argv", ["trackboard", "experiments", *given])
    return main()


@pytest.mark.usefixtures("_history")
def test_a_table_has_a_line_for_each_experiment(
    monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    assert run(monkeypatch) == 0
    head, digits, empty, more = capsys.readouterr().out.splitlines()
    assert head.split() == ["EXPERIMENT", "RUNS", "ACTIVE", "NEWEST", "RUN", "TAGS"]
    assert digits.split()[:3] == ["digits", "2", "1"]
    assert "team=vision plain odd=\N{REPLACEMENT CHARACTER}[31m" in digits
    assert empty.split() == ["empty", "0", "0"]
    assert more == "1 archived; --archived shows all"


@pytest.mark.usefixtures("_history")
def test_archived_ones_are_shown_on_demand(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    assert run(monkeypatch, "--archived") == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.endswith("ARCHIVED")
    assert [line.split()[0] for line in lines] == ["digits", "old", "empty"]


@pytest.mark.usefixtures("_history")
def test_json_is_a_line_each_in_the_one_shape(
    monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    assert run(monkeypatch, "--json", "--archived") == 0
    digits, old, empty = map(json.loads, capsys.readouterr().out.splitlines())
    assert digits["newest"].endswith("+00:00")
    assert {**digits, "newest": None} == {
        "name": "digits",
        "tags": {"team": "vision", "plain": None, "odd": "\x1b[31m"},
        "archived": None,
        "runs": 2,
        "active": 1,
        "newest": None,
    }
    assert old["archived"].endswith("+00:00")
    assert (old["runs"], old["active"]) == (1, 0)
    assert (empty["runs"], empty["newest"]) == (0, None)


def test_a_history_without_experiments_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, empty_folder: Path
) -> None:
    Workspace.open(empty_folder).close()
    assert run(monkeypatch) == 0
    assert capsys.readouterr().out == "no experiments\n"
