"""What TensorBoard shows of the files of a job: while it runs, afterwards, and of an export.

Written by tensorboardX: an embedding beside a curve, a folder that is renamed, one that is cleaned and begun
again, and one behind a link.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import Jobs
from tests.waiting import until

from trackboard.board.export.export import export_runs
from trackboard.board.process.launcher import BoardProcess
from trackboard.board.process.options import Show
from trackboard.model import RunState

_SCRIPT = """
import os, pathlib, shutil, sys, time
from tensorboardX import SummaryWriter

gates, elsewhere = map(pathlib.Path, sys.argv[1:])

def wait(name):
    while not (gates / name).exists():
        time.sleep(0.02)

def write(folder, points, writer=None):
    writer = writer or SummaryWriter(folder)
    for step in points:
        writer.add_scalar("loss", step, step)
    writer.flush()
    return writer

os.symlink(elsewhere, "linked")
os.symlink("runs", "latest")
embedding = write("logs/emb", range(1))
renamed = write("runs/exp.tmp", range(26))
write("linked/exp", range(5)).close()
write("again", range(50)).close()
wait("go")
embedding.add_embedding([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]], metadata=list("abc"))
write("", range(26, 30), renamed)
os.rename("runs/exp.tmp", "runs/exp")
shutil.rmtree("again")
write("again", range(10)).close()
renamed.close()
embedding.close()
wait("end")
"""
_CURVES = {"emb": 1, "runs/exp": 30, "linked/exp": 5, "again": 10}


class Page:
    """A board, or an export in a board, as its page asks it."""

    def __init__(self, board: BoardProcess, prefix: str) -> None:
        self.url = board.url
        self.prefix = prefix

    def ask(self, route: str, **query: str) -> Any:
        url = f"{self.url}data/{route}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=30) as response:
            body = response.read()
        return body if "octet" in response.headers["Content-Type"] else json.loads(body)

    def curves(self) -> dict[str, int]:
        """How many points each run has."""
        found = self.ask("plugin/scalars/tags")
        return {
            run.removeprefix(self.prefix): self._count(run) for run in found if "loss" in found[run]
        }

    def _count(self, run: str) -> int:
        try:
            return len(self.ask("plugin/scalars/scalars", run=run, tag="loss"))
        except urllib.error.HTTPError:  # it went in this moment
            return 0

    def embedding(self) -> tuple[list[str], list[int], int]:
        """The projector's runs, and shape and size of the tensor in one of them."""
        runs = self.ask("plugin/projector/runs")
        if not runs:
            return [], [], 0
        (found,) = self.ask("plugin/projector/info", run=runs[0])["embeddings"]
        tensor = self.ask("plugin/projector/tensor", run=runs[0], name=found["tensorName"])
        return runs, found["tensorShape"], len(tensor)


@pytest.fixture
def board(jobs: Jobs) -> Iterator[BoardProcess]:
    board = BoardProcess.start(Show(workspace=jobs.folder), port=0)
    yield board
    board.stop()


def test_live_afterwards_and_exported(jobs: Jobs, board: BoardProcess, tmp_path: Path) -> None:
    gates, elsewhere = tmp_path / "gates", tmp_path / "elsewhere"
    gates.mkdir()
    elsewhere.mkdir()
    run = jobs.submit(_SCRIPT, str(gates), str(elsewhere))
    live = Page(board, "demo/run-1/")
    before = {"runs/exp.tmp", "linked/exp", "again"}  # one point alone is not on the disk yet
    until(lambda: before <= live.curves().keys(), lambda: f"{live.curves()}\n{jobs.console(run)}")
    assert live.embedding() == ([], [], 0)

    (gates / "go").touch()
    until(lambda: live.curves() == _CURVES, lambda: str(live.curves()))
    shown = (["demo/run-1/emb"], [3, 2], 24)
    until(lambda: live.embedding() == shown, lambda: str(live.embedding()))

    (gates / "end").touch()
    jobs.wait(run)
    assert live.curves() == _CURVES
    assert live.embedding() == shown
    files = {file.path for file in jobs.workspace.store.list_files(run)}
    assert not any("exp.tmp" in path for path in files)

    exported = tmp_path / "exported"
    export = export_runs(jobs.workspace.source, [run], exported, report=print)
    assert export.skipped == ()
    again = export_runs(jobs.workspace.source, [run], exported, report=print)
    assert (again.files, again.written) == (export.files, 0)
    reader = BoardProcess.start(Show(log_folder=exported), port=0)
    try:
        page = Page(reader, "demo/run-1/")
        assert page.curves() == _CURVES
        assert page.embedding() == shown
    finally:
        reader.stop()


def test_the_first_answer_after_the_end_has_all(jobs: Jobs, board: BoardProcess) -> None:
    page = Page(board, "demo/run-1/")
    assert page.ask("runs") == []
    script = """if True:
        from tensorboardX import SummaryWriter
        for name in ("logs/a", "b"):
            with SummaryWriter(name) as writer:
                writer.add_scalar("loss", 1.0, 0)
    """
    jobs.wait(jobs.submit(script))
    assert page.ask("runs") == ["demo/run-1", "demo/run-1/a", "demo/run-1/b"]
    jobs.wait(jobs.submit(script))
    assert set(page.ask("runs")) > {"demo/run-2/a", "demo/run-2/b"}, "its reader ran already"


def test_an_open_board_shows_what_a_replaced_file_holds_now(
    jobs: Jobs, board: BoardProcess, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    script = """if True:
        import os, pathlib, sys, time
        from tensorboardX import SummaryWriter
        for folder, points in (("logs/exp", 50), ("aside", 10)):
            with SummaryWriter(folder) as writer:
                for step in range(points):
                    writer.add_scalar("loss", step, step)
        (old,), (new,) = (list(pathlib.Path(each).iterdir()) for each in ("logs/exp", "aside"))
        while not pathlib.Path(sys.argv[1]).exists():
            time.sleep(0.02)
        os.replace(new, old)
    """
    run = jobs.submit(script, str(gate))
    page = Page(board, "demo/run-1/")
    until(lambda: page.curves() == {"exp": 50, "aside": 10}, lambda: str(page.curves()))
    gate.touch()
    until(lambda: page.curves() == {"exp": 10}, lambda: str(page.curves()))
    jobs.wait(run, state=RunState.COMPLETED)
    assert page.curves() == {"exp": 10}
