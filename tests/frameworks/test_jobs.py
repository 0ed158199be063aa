"""Jobs that train with real frameworks: several processes, and event files that are shown live."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from tests.prerequisites import require
from tests.waiting import PATIENCE_S, until

import trackboard
from trackboard.board.process.launcher import BoardProcess
from trackboard.board.process.options import Show
from trackboard.launch.request import Request
from trackboard.model import Distribution, Launcher, RunId, RunState

if TYPE_CHECKING:
    from tests.frameworks.conftest import Values

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(autouse=True)
def _frameworks(leaves_no_process: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    require("frameworks")
    assert find_spec("tensorflow") is None
    bin_folder = os.path.dirname(sys.executable)  # of torchrun and mpirun
    monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def _submit(
    workspace: trackboard.Workspace,
    program: str,
    *arguments: object,
    command: str = "",
    distribution: Distribution | None = None,
) -> RunId:
    return workspace.submit(
        Request(
            "frameworks",
            PROGRAMS,
            "" if command else program,
            arguments,
            command=command,
            distribution=distribution,
        )
    )


def _wait(workspace: trackboard.Workspace, run: RunId) -> trackboard.Run:
    def ended() -> trackboard.Run | None:
        found = workspace.find_run(run)
        return found if found and found.state.is_terminal else None

    return until(ended, lambda: f"it did not end: {workspace.find_run(run)}", pause_s=0.1)


def _log(workspace: trackboard.Workspace, run: RunId, name: str) -> str:
    return (workspace.run_folder(run) / "user_logs" / name).read_text()


_PAIR = Distribution(Launcher.PYTORCH, processes=2, backend="gloo")


@pytest.mark.parametrize("launched_by", ["us", "torchrun"])
def test_every_rank_of_torch_distributed_logs_into_one_run(
    workspace: trackboard.Workspace,
    values_of: Callable[[RunId], Values],
    launched_by: str,
) -> None:
    if launched_by == "us":
        run = _submit(workspace, "average.py", distribution=_PAIR)
    else:
        command = "torchrun --nproc_per_node=2 --nnodes=1 --standalone average.py"
        run = _submit(workspace, "average.py", command=command)
    done = _wait(workspace, run)
    assert (done.state, done.cause) == (RunState.COMPLETED, "")
    values = values_of(run)
    assert {len(values["loss"]), len(values["rank1/loss"])} == {20}
    assert values["loss"] != values["rank1/loss"]  # each has data of its own
    assert values["weight"] == values["rank1/weight"]  # and both have the same model
    assert values["difference"][0][1] < 1e-6
    if launched_by == "us":
        assert _log(workspace, run, "std_log_process_0.txt").splitlines()[-1][:11] == "rank 0 of 2"
        assert _log(workspace, run, "std_log_process_1.txt").splitlines()[-1][:11] == "rank 1 of 2"
    assert [each.id for each in workspace.runs()] == [run]


@pytest.mark.requires("linux")
def test_real_mpi(workspace: trackboard.Workspace, values_of: Callable[[RunId], Values]) -> None:
    together = Distribution(Launcher.MPI, processes=3)
    run = _submit(workspace, "mpi_ranks.py", distribution=together)
    failing = _submit(workspace, "mpi_ranks.py", "fail", distribution=together)
    assert _wait(workspace, run).state is RunState.COMPLETED
    assert {name: points[0][1] for name, points in values_of(run).items()} == {
        "sum": 3,
        "rank1/sum": 3,
        "rank2/sum": 3,
    }
    assert _log(workspace, run, "std_log_process_2.txt") == "local rank 2\n"
    failed = _wait(workspace, failing)
    assert failed.state is RunState.FAILED
    assert failed.cause == "rank 1 exited with code 5; its last lines:\nrank 1 gives up"


@contextmanager
def _board(workspace: trackboard.Workspace) -> Iterator[str]:
    board = BoardProcess.start(Show(workspace=workspace.folder), port=0)
    try:
        yield board.url
    finally:
        board.stop()


def _scalars(url: str) -> dict[tuple[str, str], list[tuple[int, float]]]:
    """What the board shows: (step, value) pairs by run and tag."""

    def ask(
        path: str, **words: str
    ) -> dict[str, dict[str, object]] | list[tuple[float, int, float]]:
        place = f"{url}data/plugin/scalars/{path}?{urlencode(words)}"
        with urllib.request.urlopen(place, timeout=PATIENCE_S) as answer:
            return json.load(answer)  # type: ignore[no-any-return]

    shown: dict[tuple[str, str], list[tuple[int, float]]] = {}
    tags = ask("tags")
    assert isinstance(tags, dict)
    for run, found in tags.items():
        for tag in found:
            points = ask("scalars", run=run, tag=tag)
            assert isinstance(points, list)
            shown[run, tag] = [(step, value) for _, step, value in points]
    return shown


@pytest.mark.parametrize(
    ("program", "arguments", "tag", "points"),
    [
        ("write_runs.py", [], "accuracy/train", [(0, 0.0), (1, 0.5), (2, 1.0)]),
        (
            "write_as_chainer_does.py",
            ["--epochs", 2, "--output_dir", "./outputs/result"],
            "main/loss",
            [(0, 1.0), (1, 0.5)],
        ),
    ],
)
def test_event_files_are_shown_while_they_are_written(
    workspace: trackboard.Workspace,
    tmp_path: Path,
    program: str,
    arguments: list[object],
    tag: str,
    points: list[tuple[int, float]],
) -> None:
    go_on = tmp_path / "go-on"
    run = _submit(workspace, program, *arguments, go_on)
    with _board(workspace) as url:

        def shown() -> list[list[tuple[int, float]]]:
            return [shown for (_, name), shown in _scalars(url).items() if name == tag]

        until(
            lambda: points in shown(),
            lambda: f"{shown()} {workspace.find_run(run)}",
            pause_s=0.2,
        )
        running = workspace.find_run(run)
        assert running is not None
        assert running.state is RunState.RUNNING
        go_on.touch()
        assert _wait(workspace, run).state is RunState.COMPLETED
