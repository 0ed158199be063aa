"""`Tensorboard` in a script; in a notebook: tests/e2e/jupyter."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import PATIENCE_S, until

from azureml.core import Experiment, Run
from azureml.exceptions import ServiceException, UserErrorException
from azureml.tensorboard import Tensorboard

Boards = Any


@pytest.fixture
def open_board() -> Iterator[Boards]:
    """`Tensorboard(...)` at any free port, stopped with the test."""
    boards: list[Tensorboard] = []

    def open_board(*arguments: Any, **more: Any) -> Tensorboard:
        boards.append(Tensorboard(*arguments, **{"port": 0, **more}))
        return boards[-1]

    yield open_board
    for board in boards:
        board.stop()


@pytest.fixture
def run(exp: Experiment) -> Run:
    run = exp.start_logging()
    run.log("loss", 0.5)
    return run


def runs_at(url: str) -> list[str]:
    with urllib.request.urlopen(url + "data/runs", timeout=PATIENCE_S) as answer:
        runs: list[str] = json.load(answer)
    return runs


@pytest.mark.parametrize("wrap", [list, tuple, set, iter, lambda runs: runs[0]])
def test_runs_may_come_in_any_wrapping(open_board: Boards, run: Run, wrap: Any) -> None:
    assert runs_at(open_board(wrap([run])).start()) == ["trial/run-1"]


def test_event_files_that_were_uploaded_are_shown(
    open_board: Boards, run: Run, empty_folder: Path
) -> None:
    from tensorboardX import SummaryWriter  # imports torch, where that is installed

    for name in ("alone", "written/one", "written/two/deep"):
        with SummaryWriter(str(empty_folder / name)) as writer:
            writer.add_scalar("native", 0.5, 3)
    url = open_board([run]).start()
    assert runs_at(url) == ["trial/run-1"]

    (file,) = Path("alone").iterdir()
    run.upload_file(f"kept/{file.name}", str(file))
    run.upload_folder("logs", "written")
    shown = {"trial/run-1/kept", "trial/run-1/one", "trial/run-1/two/deep"}
    until(lambda: shown <= set(runs_at(url)), lambda: str(runs_at(url)))
    for name in shown:
        asked = urllib.parse.urlencode({"run": name, "tag": "native"})
        with urllib.request.urlopen(f"{url}data/plugin/scalars/scalars?{asked}") as answer:
            assert [point[1:] for point in json.load(answer)] == [[3, 0.5]]


def test_start_prints_what_it_returns(
    open_board: Boards, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    board = open_board([run])
    url = board.start(start_browser=False)
    assert capsys.readouterr().out == f"{url}\n"

    assert board.start() == url
    assert capsys.readouterr().out == f"{url}\n"


def test_show_outside_of_a_notebook_says_where_it_is(
    open_board: Boards, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    board = open_board([run])
    board.show()

    assert capsys.readouterr().out == f"{board.start()}\n"


def test_stop_may_be_repeated_and_start_follow_it(open_board: Boards, run: Run) -> None:
    board = open_board([run])
    board.stop()
    board.start()
    board.stop()
    board.stop()

    assert runs_at(board.start()) == ["trial/run-1"]


def test_only_these_runs_and_what_is_below_them(
    open_board: Boards, exp: Experiment, run: Run
) -> None:
    exp.start_logging().log("loss", 1)
    run.child_run("fold").log("loss", 2)

    assert sorted(runs_at(open_board([run]).start())) == ["trial/run-1", "trial/run-1/fold"]


@pytest.mark.usefixtures("run")
def test_local_root_without_runs_is_that_folder(open_board: Boards) -> None:
    Path("logs").mkdir()

    assert runs_at(open_board([], local_root="logs").start()) == []


def test_a_run_without_data_is_said_and_one_that_failed_too(
    open_board: Boards, exp: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    failed, waiting = exp.start_logging(), exp.start_logging("patient")
    failed.fail("no data\nand more")
    url = open_board([failed, waiting]).start()

    assert capsys.readouterr().out.splitlines() == [
        "trial/run-1 has no data (Failed: no data)",
        "trial/patient has no data yet (Running); it appears here by itself",
        url,
    ]


@pytest.mark.parametrize("runs", [["run-1"], "run-1", None, 5])
def test_what_is_no_run_is_said(runs: Any) -> None:
    with pytest.raises(UserErrorException, match=r"not a Run\. Pass a list of runs"):
        Tensorboard(runs)


@pytest.mark.parametrize("port", [-1, "http", 6006.5, None])
def test_what_is_no_port_is_said(port: Any) -> None:
    with pytest.raises(UserErrorException, match="is not a port"):
        Tensorboard([], port=port)


def test_samples_of_no_plugin_are_said_with_what_is_allowed() -> None:
    with pytest.raises(UserErrorException, match="there is no plugin 'image'") as refused:
        Tensorboard([], samples={"image": "all"})
    assert "images" in refused.value.message


def test_a_port_that_does_not_exist_is_said(open_board: Boards, run: Run) -> None:
    with pytest.raises(UserErrorException, match="port 70000 does not exist"):
        open_board([run], port=70000).start()


def test_a_board_that_cannot_start_says_what_to_type(
    open_board: Boards, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "tensorboard.py").write_text("raise ImportError('it is broken')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with pytest.raises(ServiceException, match="it is broken") as caught:
        open_board([run]).start()
    assert "-m trackboard tb" in caught.value.message
    assert "pip install" in caught.value.message
