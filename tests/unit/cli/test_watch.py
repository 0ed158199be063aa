"""`trackboard watch`: what it draws, on a terminal and once in a pipe."""

from __future__ import annotations

import json
import math
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.terminals import terminal

from trackboard.cli.curve import draw_curve
from trackboard.cli.main import main
from trackboard.model import Compute
from trackboard.workspace import Workspace

Said = pytest.CaptureFixture[str]
INTERRUPTED = 130


@pytest.fixture
def workspace(empty_folder: Path) -> Iterator[Workspace]:
    """An old run that goes on, and newer ones that ended; one logged text first, one nothing."""
    workspace = Workspace.open(empty_folder)
    workspace.store.set_compute(Compute("cluster", "AmlCompute", "", 0, 2, 0, time.time(), {}))
    for name in ("still", "done", "empty"):
        live = workspace.recorder().create_run("digits", name=name, run_id=f"id-{name}")
        if name != "empty":
            live.log("note", "text")
            for step in range(100):
                live.log("loss", 1 - step / 100, step)
                live.log("accuracy", step / 100, step)
        if name != "still":
            live.complete()
    workspace.drain()
    yield workspace
    workspace.close()


def run(monkeypatch: pytest.MonkeyPatch, *given: str, code: int = 0) -> None:
    monkeypatch.setattr(sys, "argv", ["trackboard", "watch", *given])
    assert main() == code


@pytest.mark.usefixtures("workspace")
def test_a_pipe_gets_it_once(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    run(monkeypatch)
    place, cluster, empty, *table = capsys.readouterr().out.splitlines()
    assert ".trackboard/default  " in place
    assert cluster == "cluster  □□  0 of 2 busy, 0 waiting"
    assert empty == ""
    assert [line.split()[:2] for line in table[1:]] == [
        ["digits/still", "running"],
        ["digits/empty", "completed"],
        ["digits/done", "completed"],
    ]
    assert table[3].split()[-4:-1] == ["loss", "99", "0.01"]
    assert table[3].endswith("███▇▇▇▆▆▆▅▅▅▄▄▄▃▃▃▂▂▂▁▁▁")
    run(monkeypatch, "--metric", "accuracy", "--experiment", "digits")
    assert capsys.readouterr().out.splitlines()[4].split()[-4:-1] == ["accuracy", "99", "0.99"]
    run(monkeypatch, "--experiment", "digts", code=3)
    run(monkeypatch, "--every", "soon", code=2)


def test_a_terminal_is_drawn_again_until_ctrl_c(
    monkeypatch: pytest.MonkeyPatch, workspace: Workspace
) -> None:
    frames = []

    def sleep(seconds: float) -> None:
        frames.append(seconds)
        if len(frames) == 3:
            raise KeyboardInterrupt
        workspace.recorder().create_run("digits", name=f"new-{len(frames)}").complete()

    monkeypatch.setattr("trackboard.cli.verbs.reading.watch.time.sleep", sleep)
    with terminal(monkeypatch, 40) as screen:
        run(monkeypatch, "--every", "1m", code=INTERRUPTED)
    assert frames == [60.0] * 3
    assert screen.raw.startswith("\x1b[?1049h\x1b[?25l\x1b[H")
    assert screen.raw.endswith("\x1b[?25h\x1b[?1049l")
    last = screen.raw.rpartition("\x1b[H")[2]
    assert "new-2" in last
    assert "new-2" not in screen.raw.split("\x1b[H")[1]
    shown = [line.replace("\x1b[K", "") for line in last.partition("\x1b[J")[0].splitlines()]
    assert max(len(re.sub(r"\x1b\[\d+m", "", line)) for line in shown) <= 40


def test_json_is_a_line_at_each_look_also_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: Said, workspace: Workspace
) -> None:
    def sleep(seconds: float) -> None:
        workspace.recorder().create_run("digits", name=f"new-{seconds:g}").complete()
        monkeypatch.setattr("trackboard.cli.verbs.reading.watch.time.sleep", interrupt)

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt(seconds)

    monkeypatch.setattr("trackboard.cli.verbs.reading.watch.time.sleep", sleep)
    run(monkeypatch, "--json", "--every", "1m", code=INTERRUPTED)
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    names = [[run["run_name"] for run in look["runs"]] for look in (first, second)]
    assert names[0] == ["digits/still", "digits/empty", "digits/done"]
    assert sorted(names[1]) == sorted([*names[0], "digits/new-60"])
    assert first["at"] <= second["at"]
    assert first["runs"][0]["metrics"]["loss"]["step"] == 99
    run(monkeypatch, "--json", "--once", "--experiment", "digits")
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize(
    ("values", "width", "drawn"),
    [
        ([], 5, ""),
        ([1.0], 5, "▅"),
        ([1.0, 1.0], 5, "▅▅"),
        ([0.0, 1.0], 5, "▁█"),
        ([0.0, math.nan, 1.0, math.inf], 9, "▁ █ "),
        ([math.nan], 3, " "),
        ([0.0, 5.0, 7.0, 1.0, 8.0, 4.0], 3, "█▁▇"),
        ([-1.7e308, 1.7e308], 2, "▁█"),
    ],
)
def test_curves(values: list[float], width: int, drawn: str) -> None:
    assert draw_curve(values, width) == drawn
