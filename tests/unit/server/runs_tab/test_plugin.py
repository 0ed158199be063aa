"""The tab in any TensorBoard: there where a history is shown, and next to nothing elsewhere."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tensorboard.plugins import base_plugin

from trackboard.board import tensorboard_internals as internals
from trackboard.config import find_location, make_workspace
from trackboard.server.runs_tab.plugin import RunsLoader, RunsTab

LOADED = {
    "trackboard",
    "trackboard.layout",
    "trackboard.layout.root",
    "trackboard.lazy_names",
    "trackboard.server",
    "trackboard.server.runs_tab",
    "trackboard.server.runs_tab.plugin",
}
COUNT = """
import argparse, json, sys
from tensorboard import default, program
from tensorboard.plugins import base_plugin
program.TensorBoard(plugins=default.get_static_plugins()).configure(logdir=sys.argv[1])
before = set(sys.modules)
from trackboard.server.runs_tab.plugin import RunsLoader
flags = argparse.Namespace(logdir=sys.argv[1], grpc_creds_type="local")
assert RunsLoader().load(base_plugin.TBContext(flags=flags, logdir=sys.argv[1])) is None
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def load(logdir: object, provider: object = None, *, asks_history: bool = False) -> RunsTab | None:
    flags = argparse.Namespace(logdir=str(logdir), grpc_creds_type="local", grpc_data_provider="")
    if asks_history:
        internals.ask_provider_at(flags, "unix:socket")
    context = base_plugin.TBContext(flags=flags, logdir=str(logdir), data_provider=provider)
    found: RunsTab | None = RunsLoader().load(context)
    return found


def test_it_is_there_where_a_history_is_shown(empty_folder: Path) -> None:
    make_workspace(find_location().folder)
    tab = load(empty_folder, asks_history=True)
    assert tab is not None
    assert tab.is_active()
    assert load(empty_folder) is None, "event files only, as was asked for"
    (empty_folder / "logs").mkdir()
    assert load(empty_folder / "logs", asks_history=True) is None
    assert load("", asks_history=True) is None


def test_in_a_board_of_ours_it_is_that_of_the_workspace(tmp_path: Path) -> None:
    class Provider:
        workspace_folder: Path | None = tmp_path

    provider = Provider()
    assert load("/nowhere", provider) is not None
    provider.workspace_folder = None
    assert load("/nowhere", provider) is None


def test_tensorboard_starts_whatever_happens(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken:
        @property
        def workspace_folder(self) -> Any:
            raise ZeroDivisionError

    assert load("", Broken()) is None
    assert capsys.readouterr().err == "trackboard: there is no tab Runs: ZeroDivisionError\n"


def test_where_there_is_no_history_next_to_nothing_is_loaded(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", COUNT, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert {*json.loads(answer.stdout)} == LOADED
    assert [*tmp_path.iterdir()] == []
