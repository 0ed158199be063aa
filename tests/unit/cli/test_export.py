"""`trackboard export`, as it is typed, and the same from Python."""

from __future__ import annotations

import csv
import errno
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow.parquet
import pytest

from trackboard import Workspace
from trackboard.cli.main import main
from trackboard.errors import Conflict, NotFound, Unavailable, UsageError
from trackboard.transfer.export import csv_file

Said = pytest.CaptureFixture[str]
Run = Callable[[str], int]


@pytest.fixture
def workspace(empty_folder: Path) -> Iterator[Workspace]:
    """The current folder, with a run of three points, one of one, and its child."""
    del empty_folder
    opened = Workspace.open()
    with opened.start_run("digits", name="first", parameters={"lr": 0.1}, capture=False) as run:
        for step in range(3):
            run.log("loss", 1 / (step + 1), step)
    with opened.start_run("digits", name="sweep", tags={"team": "a,b"}, capture=False) as run:
        run.log("loss", 0.25)
        with opened.start_run("digits", name="child", parent=run, capture=False) as child:
            child.log("note", "text")
    yield opened
    opened.recorder().close()
    opened.close()


@pytest.fixture
def run(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Run:
    del workspace

    def typed(words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["trackboard", *words.split(" ")])
        return main()

    return typed


def names(path: str) -> list[str]:
    with open(path, newline="") as file:
        return [row["run_name"] for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("digits", ["first", "first", "first", "sweep", "sweep/child"]),
        ("digits/sweep", ["sweep", "sweep/child"]),
        ("digits/sweep --no-children", ["sweep"]),
        ("digits/sweep/child --no-children", ["sweep/child"]),
        ("digits --where loss.min<0.3", ["sweep"]),
        ("--where loss.min<0.9", ["sweep", "first", "first", "first"]),
        ("--all", ["sweep/child", "sweep", "first", "first", "first"]),
        ("--all --no-children", ["sweep", "first", "first", "first"]),
    ],
)
def test_which_runs(run: Run, words: str, expected: list[str]) -> None:
    assert run(f"export {words} --to points.csv") == 0
    assert names("points.csv") == [f"digits/{name}" for name in expected]


def test_formats_by_name_and_by_word(run: Run, capsys: Said) -> None:
    assert run("export digits --to points.csv") == 0
    size = os.path.getsize("points.csv")
    assert capsys.readouterr().out == f"points.csv: 3 runs, 5 points, {size} B\n"
    assert run("export digits --to points.PQ --json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts == {
        "path": "points.PQ",
        "format": "parquet",
        "table": "points",
        "dry_run": False,
        "runs": 3,
        "points": 5,
        "files": 1,
        "size_bytes": os.path.getsize("points.PQ"),
        "notes": [],
    }
    assert run("export digits --to events") == 0
    assert sorted(path.parent.name for path in Path("events").rglob("*tfevents*")) == [
        *("child", "first", "sweep")
    ]
    assert run("export digits --to events") == 0  # brought up to date
    assert run("export digits --to table --format csv --table runs") == 0
    with open("table", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert rows["first"]["params.lr"] == "0.1"
    assert rows["sweep"]["tags.team"] == "a,b"
    assert float(rows["first"]["duration_s"]) >= 0
    assert rows["sweep/child"]["metrics.note"] == "text"
    assert run("export digits --to runs.parquet --table runs") == 0
    table = pyarrow.parquet.read_table("runs.parquet")
    assert table.column("metrics.loss").to_pylist() == [1 / 3, 0.25, None]


def test_a_dry_run_writes_nothing(run: Run, capsys: Said) -> None:
    before = sorted(os.listdir())
    for place in ("points.csv", "points.parquet", "events"):
        assert run(f"export digits --to {place} --dry-run") == 0
        assert capsys.readouterr().out == f"{place} would hold 3 runs, 5 points\n"
    assert run("export digits --to runs.csv --table runs --dry-run") == 0
    assert capsys.readouterr().out == "runs.csv would hold 3 runs\n"
    assert sorted(os.listdir()) == before


def test_a_file_that_is_there_is_replaced_when_it_is_said(run: Run, capsys: Said) -> None:
    Path("points.csv").write_text("mine")
    for more in ("", " --dry-run"):
        assert run(f"export digits --to points.csv{more}") == 4
        assert "--force" in capsys.readouterr().err
    assert Path("points.csv").read_text() == "mine"
    assert run("export digits --to points.csv --force") == 0
    assert len(names("points.csv")) == 5


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("digits --to - --format csv", 2, "- is none"),
        ("digits --to points.json", 2, "is not told by '.json'"),
        ("digits --to points --format xlsx", 2, "There is tensorboard, csv, parquet"),
        ("digits --to points.csv --table metrics", 2, "There is points, runs."),
        ("digits --to events --table runs", 2, "tensorboard is no table of runs"),
        ("digits --to nowhere/points.csv", 2, "there is no folder"),
        ("digits --to . --format csv", 2, "is a folder, and csv is one file"),
        ("digits --to .trackboard/default/points.csv", 2, "is inside of the workspace"),
        ("--to points.csv", 2, "Name runs or an experiment, or say --where or --all."),
        ("digits --all --to points.csv", 2, "do not go together"),
        ("unknown --to points.csv", 3, "no run is called 'unknown'"),
        ("digits --where loss<-1 --to points.csv", 3, "there are no such runs"),
        ("digits --where los<1 --to points.csv", 3, "loss"),
        ("digits", 2, "Missing option '--to'"),
    ],
)
def test_wrong_words_are_told(run: Run, capsys: Said, words: str, code: int, said: str) -> None:
    assert run(f"export {words}") == code
    assert said in capsys.readouterr().err
    assert sorted(os.listdir()) == [".trackboard"]


def test_what_fails_midway_leaves_what_was_there(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("points.csv").write_text("mine")

    def fill(file: BinaryIO, *_: object) -> int:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(csv_file, "write_points", fill)
    with pytest.raises(Unavailable, match="is full"):
        workspace.export("digits", "points.csv", force=True)
    assert Path("points.csv").read_text() == "mine"
    assert sorted(os.listdir()) == [".trackboard", "points.csv"]


def test_from_python(workspace: Workspace, tmp_path: Path) -> None:
    report = workspace.export(workspace.runs(where="loss.min < 0.3"), tmp_path / "points.csv")
    assert (report.runs, report.points) == (2, 2)  # with its child
    assert workspace.export(None, tmp_path / "runs.csv", table="runs").runs == 3
    assert workspace.export(None, tmp_path / "events", children=False, dry_run=True).runs == 2
    assert workspace.export(["digits/first"], tmp_path / "x", format="parquet").points == 3
    with pytest.raises(Conflict):
        workspace.export("digits", tmp_path / "points.csv")
    with pytest.raises(NotFound):
        workspace.export("digits", tmp_path / "other.csv", where="loss < -1")
    with pytest.raises(UsageError):
        workspace.export("digits", tmp_path / "other", format="pdf")
