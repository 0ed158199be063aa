"""A server that runs is used where it can show what is asked for; else a board of one's own is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trackboard.board.attached import attach
from trackboard.board.process.listen import DEFAULT_PORT
from trackboard.board.process.options import Show
from trackboard.board.process.registry import UP, announced
from trackboard.board.series.samples import Samples
from trackboard.board.web.peer import can_find_peers

URL = "http://localhost:6060/"
HERE = Path("/here")

pytestmark = pytest.mark.requires("linux")


@pytest.fixture
def boards(tmp_path: Path) -> Iterator[Path]:
    assert can_find_peers()
    with announced(tmp_path, URL, kind=UP):
        yield tmp_path


def asked(boards: Path, show: Show, **more: Any) -> Any:
    return attach(show, boards, **{"port": DEFAULT_PORT, "path_prefix": "", "environ": {}, **more})


def test_the_whole_workspace(boards: Path) -> None:
    board = asked(boards, Show(HERE))
    assert (board.url, board.port, board.is_running) == (f"{URL}tb/", 6060, True)
    board.stop()
    assert board.is_running


def test_some_runs(boards: Path) -> None:
    assert asked(boards, Show(HERE, runs=("a", "b"))).url == f"{URL}tb/runs:a,b/"


@pytest.mark.parametrize(
    ("show", "more"),
    [
        (Show(HERE, raw_ids=True), {}),
        (Show(HERE, samples=Samples.read({"images": "all"})), {}),
        (Show(HERE, runs=tuple(f"run-{number}" for number in range(51))), {}),
        (Show(log_folder=HERE), {}),
        (Show(HERE), {"port": 7007}),
        (Show(HERE), {"path_prefix": "/keep"}),
        (Show(HERE), {"environ": {"JUPYTERHUB_SERVICE_PREFIX": "/user/ada/"}}),
        (Show(HERE), {"environ": {"TENSORBOARD_PROXY_URL": "https://example.org/%PORT%/"}}),
    ],
)
def test_what_it_cannot_show_needs_another(boards: Path, show: Show, more: Any) -> None:
    assert asked(boards, show, **more) is None


def test_a_board_is_no_such_server(tmp_path: Path) -> None:
    with announced(tmp_path, URL):
        assert asked(tmp_path, Show(HERE)) is None


def test_it_has_ended(tmp_path: Path) -> None:
    with announced(tmp_path, URL, kind=UP):
        board = asked(tmp_path, Show(HERE))
    assert not board.is_running
    assert asked(tmp_path, Show(HERE)) is None
