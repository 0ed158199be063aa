"""What `trackboard` says to words, numbers and names that mean nothing, or too much, and how it exits."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from trackboard.cli.main import main
from trackboard.config import make_workspace
from trackboard.workspace import Workspace

Said = pytest.CaptureFixture[str]


@pytest.fixture
def _history(empty_folder: Path) -> None:
    """Two runs `digits/same`, the second with the number 3, and `digits/other`."""
    workspace = Workspace.open(empty_folder)
    for number, name in enumerate(("same", "other", "same")):
        live = workspace.recorder().create_run("digits", name=name, run_id=f"id-{number}")
        live.set_parameter("lr", 0.1)
        live.log("loss", number / 2)
        live.log("note", "text")
        live.complete()
    workspace.drain()
    workspace.close()


def run(monkeypatch: pytest.MonkeyPatch, *given: str) -> int:
    monkeypatch.setattr(sys, "argv", ["trackboard", *given])
    return main()


@pytest.mark.usefixtures("_history")
@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["--experiment", "digts"], 3, "Did you mean 'digits'?"),
        (["--sort", "los"], 3, "no run has a metric or a parameter 'los'\nDid you mean 'loss'?"),
        (["--sort", "note"], 2, "'note' holds text"),
        (["--column", "los"], 3, "no run has a metric or a parameter 'los'\nDid you mean 'loss'?"),
        (["--column", "qqq"], 3, "There is 'loss', 'note', 'lr'."),
        (["--tag", "nobody"], 3, "no run has a tag 'nobody'"),
        (["--param", "lrr=0.1"], 3, "no run has a parameter 'lrr'\nDid you mean 'lr'?"),
        (["--param", "lr"], 2, "on the command line --param lr=0.1"),
        (["--where", "los < 3"], 3, "Did you mean 'loss'?"),
        (["--where", "loss << 3"], 2, "    loss << 3\n         ^^\nDid you mean <?"),
        (["--state", "done"], 2, "there is no such state"),
        (["--limit", "-1"], 2, "-1 is not in the range x>=0"),
        (["--sort-by", "loss"], 2, "--order"),
        (["--column", "'a"], 2, "the quote that begins with ' is not closed"),
        (["--metrics", "loss < 3"], 2, "--where"),
        (["--parameters", "lr=1"], 2, "--param"),
        (["--tags", "a"], 2, "--tag"),
        (["--status", "failed"], 2, "--state"),
        (["--top-level"], 2, "--children"),
        (["--qqq"], 2, "--qqq"),
    ],
)
def test_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, given: list[str], code: int, said: str
) -> None:
    assert run(monkeypatch, "runs", *given) == code
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


@pytest.mark.usefixtures("_history")
def test_least_first_by_either_word(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    for given in (["--sort", "-loss"], ["--sort", "loss", "--ascending"]):
        assert run(monkeypatch, "runs", *given) == 0
        ids = [line.split()[-1] for line in capsys.readouterr().out.splitlines()]
        assert ids == ["ID", "id-0", "id-1", "id-2"]


@pytest.mark.usefixtures("_history")
@pytest.mark.parametrize(
    "verb", [["show"], ["logs"], ["cancel"], ["rerun"], ["tb", "--run"]], ids=lambda verb: verb[0]
)
def test_a_name_of_several_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, verb: list[str]
) -> None:
    for name in ("digits/same", "same"):
        assert run(monkeypatch, *verb, name) == 2
        said = capsys.readouterr().err
        assert f"2 runs are called '{name}'" in said
        assert "    digits/same #1  id-0\n    digits/same #3  id-2\n" in said


@pytest.mark.usefixtures("_history")
def test_the_board_knows_runs_and_experiments_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    shown = []
    monkeypatch.setattr(
        "trackboard.cli.verbs.boards.tb.run_board", lambda show, *_, **__: shown.append(show)
    )
    assert run(monkeypatch, "tb", "--run", "digits/same #3", "--run", "other") == 0
    assert shown[0].runs == ("id-2", "id-1")
    assert run(monkeypatch, "tb", "--where", "loss > 0.1", "--order", "-loss", "-n", "1") == 0
    assert shown[1].runs == ("id-1",)
    assert run(monkeypatch, "tb", "--limit", "2", "--experiment", "digits") == 0
    assert (shown[2].experiment, shown[2].runs) == ("digits", ("id-2", "id-1"))
    assert run(monkeypatch, "tb", "--where", "loss > 7") == 3
    assert run(monkeypatch, "tb", "--where", "los > 7") == 3
    assert run(monkeypatch, "tb", "--experiment", "digts") == 3
    assert run(monkeypatch, "tb", "--run", "digits") == 2
    assert "an experiment of 3 runs" in capsys.readouterr().err


def test_the_board_finds_the_only_workspace_in_a_folder_whatever_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, empty_folder: Path
) -> None:
    shown = []
    monkeypatch.setattr(
        "trackboard.cli.verbs.boards.tb.run_board", lambda show, *_, **__: shown.append(show)
    )
    make_workspace(empty_folder / ".trackboard" / "one")
    assert run(monkeypatch, "tb", ".") == 0
    assert shown[0].workspace == empty_folder / ".trackboard" / "one"
    make_workspace(empty_folder / ".trackboard" / "two")
    assert run(monkeypatch, "tb", ".") == 2
    assert "there are several workspaces in" in capsys.readouterr().err


@pytest.mark.usefixtures("_history")
def test_one_name_wherever_a_run_is_named(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    run(monkeypatch, "runs")
    listed = [line.partition("  ")[0] for line in capsys.readouterr().out.splitlines()[1:]]
    assert listed == ["digits/same #3", "digits/other", "digits/same"]
    run(monkeypatch, "runs", "--json")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["run_name"] for each in told] == listed
    assert [f"{each['experiment']}/{each['name']}" for each in told] == listed
    run(monkeypatch, "show", "digits/same #3")
    assert "run          digits/same #3\n" in capsys.readouterr().out
    run(monkeypatch, "show", "--json", "id-2")
    assert json.loads(capsys.readouterr().out)["run_name"] == "digits/same #3"


@pytest.mark.usefixtures("_history")
@pytest.mark.parametrize("words", [["a:events", "b:."], [".", "events"], ["a:.trackboard"]])
def test_a_history_is_not_shown_among_folders_of_event_files(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, words: list[str]
) -> None:
    Path("events").mkdir()
    assert run(monkeypatch, "tb", *words) == 2
    said = capsys.readouterr().err
    assert "holds a history: it is shown by itself" in said
    assert str(Path.cwd()) in said
    assert "Leave out the other folders" in said
