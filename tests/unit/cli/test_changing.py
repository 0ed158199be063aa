"""The verbs that change a history: what they say, and what they change."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackboard import Workspace
from trackboard.cli.main import main

Said = pytest.CaptureFixture[str]


@pytest.fixture
def workspace(empty_folder: Path) -> Iterator[Workspace]:
    """Two runs of `digits` that have ended, `first` and `second`, and one that goes on."""
    opened = Workspace.open(empty_folder)
    for name in ("first", "second", "going-on"):
        live = opened.recorder().create_run("digits", name=name, run_id=f"id-{name}")
        live.log("loss", 0.5)
        if name != "going-on":
            live.complete()
    yield opened
    opened.recorder().close()
    opened.close()


@pytest.fixture
def type_(monkeypatch: pytest.MonkeyPatch, capsys: Said, workspace: Workspace):  # type: ignore[no-untyped-def]
    """Type a command; returns its exit code, and what it printed."""
    del workspace

    capsys.readouterr()

    def run(*given: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["trackboard", *given])
        code = main()
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_run_is_renamed(type_, workspace: Workspace) -> None:  # type: ignore[no-untyped-def]
    assert type_("rename", "first", "base line") == (
        0,
        "digits/first is called digits/base line\n",
        "",
    )
    assert type_("rename", "digits/base line", "") == (
        0,
        "digits/base line is called digits/run-1\n",
        "",
    )
    code, _, said = type_("rename", "second", "x" * 70_000)
    assert (code, "70,000 characters" in said) == (2, True)
    assert {run.name for run in workspace.runs()} == {"run-1", "second", "going-on"}


def test_tags_are_added_removed_and_shown(type_) -> None:  # type: ignore[no-untyped-def]
    assert type_("tag", "first") == (0, "", "")
    assert type_("tag", "first", "team=vision", "draft")[1] == "draft\nteam=vision\n"
    assert type_("tag", "id-first", "team=a=b", "--remove", "draft")[1] == "team=a=b\n"
    assert type_("tag", "first", "--remove", "team", "--remove", "nobody") == (0, "", "")


def test_a_run_is_described(type_, monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:  # type: ignore[no-untyped-def]
    assert type_("note", "first", "Learns *too fast*.") == (0, "digits/first is described\n", "")
    assert type_("note", "first")[1] == "Learns *too fast*.\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO("# Title\n\nText\n"))
    type_("note", "first", "-")
    found = workspace.find_run("first")
    assert found is not None
    assert found.description == "# Title\n\nText"
    monkeypatch.setattr("click.edit", lambda text, **_: text + "!")
    type_("note", "first", "--edit")
    assert type_("note", "first")[1] == "# Title\n\nText!\n"
    monkeypatch.setattr("click.edit", lambda _text, **_: None)
    assert type_("note", "first", "--edit")[1] == "nothing was changed\n"
    assert type_("note", "first", "") == (0, "digits/first has no note\n", "")
    assert type_("note", "first", "text", "--edit")[0] == 2


def test_archived_runs_are_not_listed(type_) -> None:  # type: ignore[no-untyped-def]
    assert type_("archive", "first", "second")[1] == "2 runs archived\n"
    assert "first" not in type_("runs")[1]
    assert "first" in type_("runs", "--archived")[1]
    assert "archived" in type_("show", "first")[1]
    assert type_("archive", "--undo", "first")[1] == "1 run taken back\n"
    assert "first" in type_("runs")[1]


def test_runs_go_into_the_trash_and_come_back(type_) -> None:  # type: ignore[no-untyped-def]
    assert type_("trash")[1] == "the trash is empty\n"
    code, out, _ = type_("rm", "first", "second")
    assert (code, out.startswith("2 runs in the trash")) == (0, True)
    assert "first" not in type_("runs")[1]
    code, _, said = type_("show", "id-first")
    assert (code, "trackboard restore id-first" in said) == (3, True)
    lines = type_("trash")[1].splitlines()
    assert [line.split()[0] for line in lines] == ["RUN", "digits/first", "digits/second"]
    facts = [json.loads(line) for line in type_("trash", "--json")[1].splitlines()]
    assert {one["id"]: one["deleted"] is not None for one in facts} == {
        "id-first": True,
        "id-second": True,
    }
    assert type_("restore", "digits/first")[1] == "1 run taken back\n"
    assert type_("restore", "digits/first")[0] == 3
    assert "first" in type_("runs")[1]


def test_a_run_that_goes_on_needs_force(type_) -> None:  # type: ignore[no-untyped-def]
    code, _, said = type_("rm", "first", "going-on")
    assert (code, "digits/going-on (id-going-on) has not ended" in said) == (4, True)
    assert "trackboard rm --force" in said
    assert "first" in type_("runs")[1], "all or none"
    assert type_("rm", "--force", "going-on")[0] == 0
    assert "going-on" in type_("trash")[1]


def test_an_experiment_goes_and_comes_back(type_, workspace: Workspace) -> None:  # type: ignore[no-untyped-def]
    assert type_("rm", "--experiment", "digits")[0] == 4
    assert type_("rm", "--experiment", "digits", "-f")[0] == 0
    assert workspace.runs() == ()
    assert "trackboard restore --experiment digits" in type_("trash")[1]
    assert type_("restore", "--experiment", "digits")[1] == "3 runs taken back\n"
    assert len(workspace.runs()) == 3


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["rm"], 2, "nothing was named"),
        (["restore"], 2, "nothing was named"),
        (["rm", "digits"], 2, "is an experiment of 3 runs"),
        (["rm", "nobody"], 3, "no run is called 'nobody'"),
        (["rm", "first", "nobody"], 3, "no run is called 'nobody'"),
        (["rm", "--experiment", "digts"], 3, "no experiment 'digts'"),
        (["restore", "first"], 3, "no run in the trash"),
        (["restore", "--experiment", "digits"], 3, "no experiment 'digits' in the trash"),
        (["archive"], 2, "RUN"),
        (["rename", "first"], 2, "NAME"),
        (["tag", "first", "k" * 70_000], 2, "70,000 characters"),
    ],
)
def test_what_cannot_be_done_changes_nothing(  # type: ignore[no-untyped-def]
    type_, workspace: Workspace, given: list[str], code: int, said: str
) -> None:
    before = workspace.runs(), workspace.tags("first")
    found = type_(*given)
    assert (found[0], said in found[2]) == (code, True), found
    assert (workspace.runs(), workspace.tags("first")) == before


def test_gc_says_what_it_frees(type_) -> None:  # type: ignore[no-untyped-def]
    assert type_("gc")[1] == "there is nothing to free\n"
    type_("rm", "first")
    assert type_("gc")[1].splitlines() == [
        "there is nothing to free",
        "1 are in the trash for a shorter time: --older-than 0 frees all",
    ]
    said = type_("gc", "--older-than", "0", "--dry-run")[1]
    assert "would be freed" in said
    assert "first" in type_("trash")[1]
    facts = json.loads(type_("gc", "--older-than", "0", "--json")[1])
    assert (facts["dry_run"], facts["runs"]["count"]) == (False, 1)
    assert type_("trash")[1] == "the trash is empty\n"
    assert type_("gc", "--older-than", "soon")[0] == 2


def test_where_says_what_takes_space(type_) -> None:  # type: ignore[no-untyped-def]
    type_("rm", "first")
    said = type_("where")[1]
    assert "takes        database" in said
    assert "trash        1 run" in said
    facts = json.loads(type_("where", "--json")[1])
    assert facts["space"]["database"] > 0
    assert facts["trash"]["runs"] == 1
