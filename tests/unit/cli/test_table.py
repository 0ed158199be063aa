"""Tables on a real terminal, which may be narrow, and whole where a program reads them."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.terminals import terminal

from trackboard.cli.main import main
from trackboard.cli.table import Column, print_table
from trackboard.cli.terminal import shorten_middle, text_width
from trackboard.workspace import Workspace

Said = pytest.CaptureFixture[str]
LONG = "a-very-long-name-of-a-run-that-nobody-wants-to-read-twice-but-its-end-counts-42"


@pytest.fixture
def _history(empty_folder: Path) -> None:
    """Five runs: a long name, one in two-column characters, one failed, one running, one right to left."""
    workspace = Workspace.open(empty_folder)
    for number, name in enumerate((LONG, "日本語の実行", "bad", "still", "שלום עולם")):
        live = workspace.recorder().create_run("digits", name=name, run_id=f"{number}" * 36)
        live.log("accuracy", number / 3)
        live.set_tag("state", "failed")
        if name == "bad":
            live.fail("no")
        elif name != "still":
            live.complete()
    workspace.drain()
    workspace.close()


def run(monkeypatch: pytest.MonkeyPatch, *given: str) -> None:
    monkeypatch.setattr(sys, "argv", ["trackboard", *given])
    assert main() == 0


@pytest.mark.usefixtures("_history")
@pytest.mark.parametrize("columns", [20, 33, 60, 80, 100, 200])
def test_each_run_has_one_line_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, columns: int
) -> None:
    with terminal(monkeypatch, columns) as screen:
        run(monkeypatch, "runs", "--column", "accuracy")
    lines = screen.lines
    assert len(lines) == 6
    assert max(map(text_width, lines)) <= columns
    assert lines[-1].startswith("digi")
    if columns < 160:
        assert "…" in lines[-1]
        assert "counts-42" in lines[-1] or columns < 60
    assert all(state in "\n".join(lines) for state in ("completed", "failed", "running"))
    head = lines[0].split()
    assert head[:2] == ["RUN", "STATE"]
    assert ("TOOK" in head) == (columns > 80)
    assert "accuracy" in head or columns < 60
    left_out = capsys.readouterr().err
    assert ("TOOK" in left_out) == (columns <= 80)


@pytest.mark.usefixtures("_history")
def test_states_are_coloured_for_people_only(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    with terminal(monkeypatch, 80) as screen:
        run(monkeypatch, "runs")
    assert screen.raw.count("\x1b[31mfailed") == 1
    assert "\x1b[32mcompleted" in screen.raw
    for name, text in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with terminal(monkeypatch, 80) as screen, monkeypatch.context() as patch:
            patch.setenv(name, text)
            run(patch, "runs")
        assert "\x1b" not in screen.raw
    run(monkeypatch, "runs")
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.usefixtures("_history")
def test_ids_are_short_for_people_only(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    with terminal(monkeypatch, 120) as screen:
        run(monkeypatch, "ls")
    assert screen.lines[1].split()[-1] == "4" * 8
    run(monkeypatch, "show", "4" * 8)
    assert "4" * 36 in capsys.readouterr().out
    with terminal(monkeypatch, 60) as screen:
        run(monkeypatch, "runs", "--wide")
    assert LONG in screen.raw
    assert "4" * 36 in screen.raw
    assert "\x1b[31mfailed" in screen.raw
    run(monkeypatch, "runs")
    piped = capsys.readouterr().out
    assert LONG in piped
    assert "4" * 36 in piped


@pytest.mark.usefixtures("_history")
def test_how_many_more_there_are(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    run(monkeypatch, "runs", "-n", "2")
    assert capsys.readouterr().out.splitlines()[-1] == "and 3 more: --limit 0 lists all"
    run(monkeypatch, "runs", "-n", "5")
    assert "more" not in capsys.readouterr().out


@pytest.mark.usefixtures("_history")
def test_runs_as_csv(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    run(monkeypatch, "runs", "--csv", "--column", "accuracy", "-n", "2")
    head, first, second = csv.reader(io.StringIO(capsys.readouterr().out))
    assert head == ["run", "state", "started", "duration_s", "accuracy", "id"]
    assert first[:2] == ["digits/שלום עולם", "completed"]
    assert float(first[4]) == 4 / 3
    assert second[3] == "" or float(second[3]) >= 0
    assert second[5] == "3" * 36


@pytest.mark.usefixtures("_history")
def test_experiments_fit_too(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    with terminal(monkeypatch, 20) as screen:
        run(monkeypatch, "experiments")
    assert max(map(len, screen.lines)) <= 20
    assert screen.lines[1].split()[:2] == ["digits", "5"]
    run(monkeypatch, "experiments", "--csv")
    assert capsys.readouterr().out.splitlines()[0] == "name,runs,active,newest,archived"


def test_what_is_left_out_first_and_what_last(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = [Column("N", enough=4), Column("A", drop=2), Column("B", drop=1), Column("C", drop=1)]
    rows = [["n" * 9, "a" * 6, "b" * 6, "c" * 6]]
    seen = []
    for width in (33, 32, 28, 27, 20, 19, 12, 11, 5, 2):
        with terminal(monkeypatch, width) as screen:
            print_table(columns, rows)
        seen.append(" ".join(screen.lines[1].split()))
    assert seen == [
        "nnnnnnnnn aaaaaa bbbbbb cccccc",
        "nnnn…nnn aaaaaa bbbbbb cccccc",
        "nn…n aaaaaa bbbbbb cccccc",
        "nnnnnnnnn aaaaaa bbbbbb",
        "nn…n aaaaaa bbbbbb",
        "nnnnnnnnn aaaaaa",
        "nn…n aaaaaa",
        "nnnnnnnnn",
        "nn…nn",
        "nn…n",
    ]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "M"])), st.integers(0, 30))
def test_what_is_shortened_fits(text: str, width: int) -> None:
    short = shorten_middle(text, width)
    assert text_width(short) <= width or short == text
    if text_width(text) <= width:
        assert short == text
