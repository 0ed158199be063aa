"""The plugin in any TensorBoard: it leaves all but histories as it is, and costs next to nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tensorboard import default, program

from trackboard.board import tensorboard_internals as internals
from trackboard.config import find_location, make_workspace
from trackboard.errors import Unavailable
from trackboard.processes import plugin_data
from trackboard.processes.tensorboard_plugin import HistoryLoader

LOADED = {
    "trackboard",
    "trackboard.layout",
    "trackboard.layout.root",
    "trackboard.lazy_names",
    "trackboard.processes",
    "trackboard.processes.tensorboard_plugin",
}

COUNT = """
import json, sys
from tensorboard import default, program
static = default.get_static_plugins()
program.TensorBoard(plugins=static).configure(logdir=sys.argv[1])
before = set(sys.modules)
from trackboard.processes.tensorboard_plugin import HistoryLoader
board = program.TensorBoard(plugins=[*static, HistoryLoader])
board.configure(logdir=sys.argv[1])
print(json.dumps([sorted(set(sys.modules) - before), board.flags.grpc_data_provider]))
"""


@pytest.fixture(autouse=True)
def _no_tensorflow() -> None:
    internals.hide_tensorflow()


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, empty_folder: Path) -> list[str]:
    """The log directories, of those in an empty folder with a workspace, whose histories were to be shown."""
    make_workspace(find_location().folder)
    (empty_folder / "logs").mkdir()
    shown: list[str] = []
    monkeypatch.setattr(plugin_data, "show_history", lambda flags: shown.append(flags.logdir))
    return shown


def configure(*words: str, **flags: Any) -> Any:
    board = program.TensorBoard(plugins=[*default.get_static_plugins(), HistoryLoader])
    board.configure(["tensorboard", *words], **flags)
    return board.flags


@pytest.mark.parametrize("logdir", [".", ".trackboard", ".trackboard/default"])
def test_a_folder_with_a_history_is_shown(shown: list[str], logdir: str) -> None:
    configure(f"--logdir={logdir}")
    configure("serve", "--logdir", logdir, "--port=0", "--bind_all", "--reload_interval=1")
    configure(logdir=logdir)
    assert shown == [logdir] * 3


def test_the_home_folder_may_be_called_so(
    shown: list[str], empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(empty_folder))
    monkeypatch.chdir("/")
    configure("--logdir=~")
    assert shown == ["~"]


@pytest.mark.parametrize(
    "words",
    [
        ["--logdir=logs"],
        ["--logdir=nothing/there"],
        ["--logdir=gs://bucket/logs"],
        ["--logdir_spec=a:."],
        ["--logdir=.", "--inspect"],
        ["--logdir=.", "--version_tb"],
        ["--logdir=.", "--load_fast=false"],
        ["--logdir=.", "--load_fast=true"],
        ["--logdir=.", "--grpc_data_provider=localhost:1"],
        ["--logdir=.", "--db=sqlite:x"],
        ["--version_tb"],
    ],
    ids=" ".join,
)
def test_all_else_stays_as_it_is(shown: list[str], words: list[str]) -> None:
    stock = program.TensorBoard(plugins=default.get_static_plugins())
    stock.configure(["tensorboard", *words])
    assert configure(*words) == stock.flags
    assert shown == []


def test_a_board_of_ours_needs_no_other_one(
    shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins = [*default.get_static_plugins(), HistoryLoader]
    monkeypatch.setattr(default, "get_plugins", lambda: plugins)
    internals.build_app(object(), logdir=".")
    assert shown == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Unavailable("the disk\nis gone", hint="Look for it."), "the disk is gone"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (RecursionError(), "RecursionError:"),
    ],
)
def test_tensorboard_starts_whatever_happens_and_one_line_says_why(
    shown: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    said: str,
) -> None:
    def fail(_flags: Any) -> None:
        raise error

    monkeypatch.setattr(plugin_data, "show_history", fail)
    assert configure("--logdir=.").grpc_data_provider == ""
    assert capsys.readouterr().err == f"trackboard: the history in . is not shown: {said}\n"
    assert shown == []


def test_where_there_is_no_history_next_to_nothing_is_loaded(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", COUNT, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    loaded, provider = json.loads(answer.stdout.splitlines()[-1])
    assert {*loaded} == LOADED
    assert provider == ""
    assert [*tmp_path.iterdir()] == []
