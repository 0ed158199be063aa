"""`trackboard import` and `copy`, as they are typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tensorboardX import SummaryWriter

from trackboard.cli import progress
from trackboard.cli.main import main

Said = pytest.CaptureFixture[str]


@pytest.fixture
def typed(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a log folder `logs` of one run."""
    with SummaryWriter(str(empty_folder / "logs" / "first")) as writer:
        writer.add_scalar("loss", 0.5, 1)
    monkeypatch.delenv("COLUMNS", raising=False)
    return empty_folder


def run(monkeypatch: pytest.MonkeyPatch, *given: str) -> int:
    monkeypatch.setattr(sys, "argv", ["trackboard", *given])
    return main()


@pytest.mark.usefixtures("typed")
def test_a_line_says_what_came(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    assert run(monkeypatch, "import", "logs") == 0
    assert capsys.readouterr().out == "from TensorBoard logs: 1 run, 1 point\n"
    assert run(monkeypatch, "import", "logs") == 0
    assert capsys.readouterr().out == "from TensorBoard logs: 0 runs (1 unchanged), 0 points\n"


def test_a_dry_run_makes_nothing(
    typed: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    assert run(monkeypatch, "import", "logs", "--dry-run", "--experiment", "mine") == 0
    assert capsys.readouterr().out == "would come from TensorBoard logs: 1 run, 1 point\n"
    assert [path.name for path in typed.iterdir()] == ["logs"]


@pytest.mark.usefixtures("typed")
def test_json_says_all(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    assert run(monkeypatch, "import", "logs", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "kind": "TensorBoard",
        "location": "logs",
        "dry_run": False,
        "runs": {"new": 1, "changed": 0, "unchanged": 0},
        "points": 1,
        "files": 0,
        "size_bytes": 0,
        "left_out": [],
        "left_out_count": 0,
    }


@pytest.mark.usefixtures("typed")
def test_runs_are_copied_by_what_they_are_called(
    monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    assert run(monkeypatch, "import", "logs", "--experiment", "mine") == 0
    assert run(monkeypatch, "copy", "mine/first", "--to", "there") == 0
    assert capsys.readouterr().out.endswith(": 1 run, 1 point\n")
    assert run(monkeypatch, "copy", "mine", "--to", ".") == 2
    assert "is this very workspace" in capsys.readouterr().err


@pytest.mark.usefixtures("typed")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["import", "nowhere"], 3, "there is no file or folder nowhere"),
        (["import", "logs", "--experiment", "a b"], 2, "experiment name 'a b' is not allowed"),
        (["import"], 2, "Missing argument 'SOURCE'"),
        (["copy", "first"], 2, "Missing option '--to'"),
        (["copy", "first", "--to", "x"], 3, "there is no history in"),
    ],
)
def test_wrong_words_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, words: list[str], code: int, said: str
) -> None:
    assert run(monkeypatch, *words) == code
    assert said in capsys.readouterr().err


def test_a_bar_is_drawn_after_a_second_and_gone_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    now_s = [0.0]
    with progress.progress_bar("runs", lambda: now_s[0]) as draw:
        draw(1, 4, 10)
        assert capsys.readouterr().err == ""
        now_s[0] = 2.0
        draw(2, 4, 2_000)
        draw(3, 4, 3_000)  # too soon after the other
        assert "[############------------] 2 of 4 runs, 2,000 points" in capsys.readouterr().err
    assert capsys.readouterr().err == "\r\x1b[K"


def test_no_bar_is_drawn_into_a_file(capsys: Said) -> None:
    now_s = [0.0]
    with progress.progress_bar("runs", lambda: now_s[0]) as draw:
        now_s[0] = 9.0
        draw(1, 2, 3)
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("typed")
def test_a_history_is_saved_and_restored(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    assert run(monkeypatch, "import", "logs") == 0
    assert run(monkeypatch, "backup", "saved.tar") == 0
    assert "saved.tar: 1 run, " in capsys.readouterr().out
    assert run(monkeypatch, "backup", "saved", "--json") == 0
    assert json.loads(capsys.readouterr().out)["runs"] == 1
    assert run(monkeypatch, "restore-backup", "saved.tar", "there") == 0
    assert capsys.readouterr().out.endswith("there/.trackboard/default\n")
    assert run(monkeypatch, "import", "logs", "--folder", "there") == 0
    assert "0 runs (1 unchanged)" in capsys.readouterr().out
    assert run(monkeypatch, "restore-backup", "saved.tar", "there") == 4
    assert run(monkeypatch, "restore-backup", "nowhere.tar", "elsewhere") == 3
    assert run(monkeypatch, "backup", "saved.tar") == 4
