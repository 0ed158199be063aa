"""`trackboard up` as a process: it answers, says where it is, is one only, and ends with streams open."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.serving import UP, Up
from tests.waiting import PATIENCE_S, until

import azureml.core
from azureml.core import Experiment
from azureml.tensorboard import Tensorboard
from trackboard.workspace import Workspace


@pytest.fixture
def up(workspace: Workspace) -> Iterator[Up]:
    up = Up(workspace.folder)
    yield up
    up.close()


def test_it_shows_what_is_logged_and_tensorboard_beside_it(workspace: Workspace, up: Up) -> None:
    run = workspace.recorder().create_run("digits", name="first")
    run.log("loss", 0.5)
    assert json.loads(up.get("/health")[1])["status"] == "ok"
    page = json.loads(up.get("/api/v1/runs?where=loss%3D0.5")[1])
    assert [each["run_name"] for each in page["runs"]] == ["digits/first"]
    assert json.loads(up.get("/tb/data/runs")[1]) == ["digits/first"]
    assert json.loads(up.get("/tb/digits/-/data/runs")[1]) == ["digits/first"]
    assert up.get("/tb/letters/")[0] == 404
    run.complete()


def test_a_notebook_is_shown_the_server_that_runs(up: Up) -> None:
    experiment = Experiment(azureml.core.Workspace.from_config(), "digits")
    first, second = experiment.start_logging(), experiment.start_logging()
    for run in (first, second):
        run.log("loss", 0.5)
    board = Tensorboard([second])
    url = board.start()
    assert url == f"{up.said['url']}tb/runs:{second.id}/"
    path = url.removeprefix(up.said["url"])
    assert json.loads(up.get(f"/{path}data/runs")[1]) == ["digits/run-2"]
    assert up.get("/tb/runs:nobody/")[0] == 404
    board.stop()
    whole = Tensorboard([]).start()
    assert whole == f"{up.said['url']}tb/"
    assert json.loads(up.get("/tb/data/runs")[1]) == ["digits/run-1", "digits/run-2"]
    for run in (first, second):
        run.complete()


@pytest.mark.usefixtures("empty_folder")
def test_a_board_of_a_notebook_has_the_pages_as_well() -> None:
    run = Experiment(azureml.core.Workspace.from_config(), "digits").start_logging()
    run.log("loss", 0.5)
    board = Tensorboard([run], port=0)
    url = board.start()
    with urllib.request.urlopen(f"{url}runs/{run.id}", timeout=PATIENCE_S) as page:
        assert "loss" in page.read().decode()
    with urllib.request.urlopen(f"{url}data/runs", timeout=PATIENCE_S) as runs:
        assert json.load(runs) == ["digits/run-1"]
    with urllib.request.urlopen(f"{url}api/v1/changes", timeout=PATIENCE_S) as stream:
        assert stream.readline() == b"retry: 2000\n"
        board.stop()
        assert stream.read().endswith(b"\n\n"), "the stream ends as it should"
    run.complete()


def test_a_second_start_says_where_the_first_is(workspace: Workspace, up: Up) -> None:
    second = subprocess.run(
        [*UP, str(workspace.folder)], capture_output=True, text=True, timeout=100
    )
    assert (second.returncode, second.stdout) == (4, "")
    assert up.said["url"] in second.stderr
    stopped = subprocess.run(
        [sys.executable, "-m", "trackboard", "stop", str(workspace.folder)],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert stopped.stdout == f"stopped {up.said['url']}\n"
    up.process.communicate(timeout=PATIENCE_S)
    assert up.process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_streams_open(workspace: Workspace, up: Up, number: signal.Signals) -> None:
    streams = []
    for _ in range(5):
        connection = http.client.HTTPConnection("localhost", up.said["port"], timeout=PATIENCE_S)
        connection.request("GET", "/api/v1/changes")
        answer = connection.getresponse()
        assert answer.readline() == b"retry: 2000\n"
        streams.append((connection, answer))
    workspace.recorder().create_run("digits").log("loss", 0.5)
    lines = iter(streams[0][1].readline, b"")
    assert any(line.startswith(b"data: ") for line in lines)
    assert up.end(number) == 0
    for connection, answer in streams:
        answer.close()
        connection.close()


def test_a_folder_without_a_history_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    said = subprocess.run(
        [*UP, str(tmp_path / "empty")], capture_output=True, text=True, timeout=100
    )
    assert (said.returncode, "there is no history in" in said.stderr) == (3, True)


def test_below_a_prefix(workspace: Workspace) -> None:
    up = Up(workspace.folder, "--path-prefix", "/keep")
    try:
        assert up.said["url"].endswith("/keep/")
        assert up.get("/keep/health")[0] == up.get("/health")[0] == 200
        assert up.get("/keepsake/health")[0] == 404
        assert up.get("/keep/tb/data/runs")[1] == b"[]"
    finally:
        up.end()


def test_the_list_of_those_that_run_forgets_one_that_was_killed(workspace: Workspace) -> None:
    first = Up(workspace.folder)
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.communicate(timeout=PATIENCE_S)
    second = Up(workspace.folder)
    until(lambda: second.get("/health")[0] == 200)
    second.end()
