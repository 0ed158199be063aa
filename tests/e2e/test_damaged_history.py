"""Points that a disk changed in the database: every door shows the others, and says which are missing."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.workspaces import api

from azureml.core import Workspace as SdkWorkspace
from trackboard.board.process.launcher import BoardProcess
from trackboard.board.process.options import Show
from trackboard.workspace import Workspace

SOUND, POINTS = "sound", 5000
DAMAGED = ("loss", "text", "table/x", "table/y")


@pytest.fixture
def workspace(empty_folder: Path, request: pytest.FixtureRequest) -> Iterator[Workspace]:
    """A run of which some series have damaged chunks: the first of each, or all of them."""
    workspace = Workspace.open(empty_folder)
    with api(workspace).start_run("exp", name="torn") as run:
        for step in range(POINTS):
            run.log(SOUND, float(step), step=step)
            run.log("loss", float(step), step=step)
        for step in range(300):
            run.log("text", f"text {step}", step=step)
            run.log_row("table", {"x": step, "y": f"cell {step}"})
    workspace.drain()
    connection = sqlite3.connect(workspace.folder / "trackboard.db", isolation_level=None)
    which = "" if getattr(request, "param", "first") == "all" else " AND chunk.start = 0"
    names = ", ".join("?" * len(DAMAGED))
    change = f"""
        UPDATE chunk SET preview = zeroblob(length(preview)), data = zeroblob(length(data))
        WHERE (series, start) IN (
            SELECT series, start FROM chunk JOIN series ON series.id = series
            WHERE name IN ({names}){which}
        )
    """
    assert connection.execute(change, DAMAGED).rowcount >= len(DAMAGED)
    connection.close()
    yield workspace
    workspace.close()


def fetch(board: BoardProcess, path: str, **query: str) -> Any:
    url = f"{board.url}data/plugin/{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(url, timeout=60) as answer:  # raises for a 500
        return json.loads(answer.read())


def draw(board: BoardProcess, tag: str) -> list[dict[str, float]]:
    """The points of a chart, as the Time Series dashboard asks for them."""
    form = urllib.parse.urlencode({"requests": json.dumps([{"plugin": "scalars", "tag": tag}])})
    url = f"{board.url}data/plugin/timeseries/timeSeries"
    with urllib.request.urlopen(url, form.encode(), timeout=60) as answer:
        (found,) = json.loads(answer.read())
    series: dict[str, list[dict[str, float]]] = found["runToSeries"]
    return series.get("exp/torn", [])


def test_history(workspace: Workspace) -> None:
    (run,) = api(workspace).runs()
    history = api(workspace).history(run)
    by_metric = [history.metrics[code] for code in history.metric_codes]
    assert by_metric.count(SOUND) == POINTS
    assert by_metric.count("loss") < POINTS
    values = {
        step: value
        for name, step, value in zip(by_metric, history.steps, history.values, strict=True)
        if name == "loss"
    }
    assert all(step == value for step, value in values.items())
    assert len(api(workspace).history(run, limit=20)) > 0
    (run,) = api(workspace).runs()
    for name in DAMAGED:
        assert any(f"metric {name!r}" in warning for warning in run.warnings)


def test_export_and_command(workspace: Workspace, tmp_path: Path) -> None:
    (run,) = api(workspace).runs()
    export = api(workspace).service.transfer.export_event_files(
        [run.id], tmp_path / "events", recursive=True, report=print
    )
    assert POINTS < export.points < 2 * POINTS + 600
    done = subprocess.run(
        [sys.executable, "-m", "trackboard", "show", "torn"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "metric 'loss': points 0 to" in done.stdout
    assert SOUND in done.stdout


@pytest.mark.parametrize("workspace", ["all"], indirect=True)
def test_board(workspace: Workspace) -> None:
    board = BoardProcess.start(Show(workspace=workspace.folder), port=0)
    try:
        for tag in (SOUND, "loss", "table/x"):
            points = draw(board, tag)
            assert all(point["step"] == point["value"] for point in points)
            assert tag != SOUND or points[-1]["step"] == POINTS - 1
            scalars = fetch(board, "scalars/scalars", run="exp/torn", tag=tag)
            assert all(step == value for _, step, value in scalars)
        for tag in ("text", "table"):
            fetch(board, "text/text", run="exp/torn", tag=tag)
    finally:
        board.stop()
    (run,) = api(workspace).runs()
    assert any("metric 'loss'" in warning for warning in run.warnings)


@pytest.mark.parametrize("workspace", ["all"], indirect=True)
@pytest.mark.usefixtures("workspace")
def test_sdk() -> None:
    (run,) = SdkWorkspace.from_config().experiments["exp"].get_runs()
    found = run.get_metrics()
    assert found[SOUND] == [float(step) for step in range(POINTS)]
    assert found["loss"] == []
    assert any("metric 'loss'" in warning["message"] for warning in run.get_details()["warnings"])
