"""The stock TensorBoard and ours, side by side: what they answer about the same event files.

As a folder, as a job that wrote them, as an export of that, and beside a history with our plugin.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

from tests.every_route import Ask, Page, ask_all, ask_when_read
from tests.plugin import path_with_plugin
from tests.waiting import until

from trackboard.board.export.export import export_runs
from trackboard.board.process.launcher import BoardProcess
from trackboard.board.process.options import Show
from trackboard.model import Run
from trackboard.workspace import Workspace

# Questions whose answers may be others than the stock one's, by how they begin.
EXPLAINED = {
    "environment data_location": "says where the data is, which differs",
    "environment debug": "says how it was started",
    "logdir": "says where the data is",
    "plugins_listing trackboard_runs": "the tab of runs is there where a history is",
    "plugins_listing text": "of a job it is always active: every job has a status",
}
# Routes whose answers about data are not compared.
NOT_COMPARED = {
    "/": "is the live page here; TensorBoard's own is at /-/ and /index.html",
    **{
        f"/data/plugin/debugger-v2/{route}": "reads a debugger's dump by TensorFlow, which is not loaded"
        for route in (
            "alerts",
            "execution/data",
            "execution/digests",
            "graph_execution/data",
            "graph_execution/digests",
            "graphs/graph_info",
            "graphs/op_info",
            "source_files/file",
            "source_files/list",
            "stack_frames/stack_frames",
        )
    },
}


_PATIENCE_S = 30.0  # an answer that differs is seldom one that is late


@contextlib.contextmanager
def stock(logdir: Path, **variables: str) -> Iterator[Page]:
    """An unmodified TensorBoard, with environment variables of its own."""
    words = [sys.executable, "-m", "tensorboard.main", f"--logdir={logdir}", "--port=0"]
    said = logdir.with_suffix(".stock")
    with (
        said.open("wb") as file,
        subprocess.Popen(
            words, stdout=file, stderr=file, env={**os.environ, **variables}
        ) as process,
    ):
        try:
            pattern = re.compile(r"http://localhost:\d+/")
            yield Page(until(lambda: pattern.search(said.read_text()))[0])
        finally:
            process.terminate()
            process.wait(_PATIENCE_S)


@contextlib.contextmanager
def beside_a_history(written: Path) -> Iterator[Page]:
    """An unmodified TensorBoard with our plugin, over a copy of the files in a folder with a history."""
    folder = shutil.copytree(written, written.with_name("beside"))
    Workspace.open(folder).close()
    with stock(folder, PYTHONPATH=path_with_plugin(written.with_name("installed"))) as page:
        yield page


@contextlib.contextmanager
def ours(show: Show, prefix: str = "") -> Iterator[Page]:
    board = BoardProcess.start(show, port=0)
    try:
        yield Page(board.url, prefix)
    finally:
        board.stop()


def wait_for_the_same(page: Page, wanted: Mapping[str, Any], ask: Ask, what: str) -> None:
    """Wait until a TensorBoard that shows something gives the wanted answers, but for what is explained."""

    def differences() -> dict[str, Any]:
        found = ask(page)
        return {
            question: {"here": found.get(question), "stock": wanted.get(question)}
            for question in found.keys() | wanted.keys()
            if found.get(question) != wanted.get(question)
            and not question.startswith(tuple(EXPLAINED))
        }

    last: dict[str, Any] = {}

    def are_none() -> bool:
        last.clear()
        last.update(differences())
        return not last

    until(
        are_none,
        lambda: "\n".join([what, *(f"{asked}: {each}"[:2000] for asked, each in last.items())]),
        patience_s=_PATIENCE_S,
        pause_s=0.5,
    )


def compare(
    workspace: Workspace, run: Run, written: Path, *, runs: int, ask: Ask = ask_all
) -> tuple[Mapping[str, Any], Set[str]]:
    """Compare all answers about the files of a job, of which there is a copy.

    Args:
        workspace: Where the job is; nothing else is in it.
        run: The job, which has ended.
        written: The copy of its `logs/`.
        runs: How many runs the files hold.
        ask: Asks a TensorBoard everything.

    Returns:
        What the stock TensorBoard answers, and which of its routes did.
    """
    with stock(written) as page:
        wanted = ask_when_read(page, ask, runs=runs)
    with beside_a_history(written) as page_of_plugin:
        wait_for_the_same(page_of_plugin, wanted, ask, "beside a history")
    exported = written.with_name("exported")
    export_runs(workspace.source, [run.id], exported, report=lambda _: None)
    prefix = f"{run.experiment}/{run.name}/"
    for what, show, begin in (
        ("a folder", Show(log_folder=written), ""),
        ("a job", Show(workspace=workspace.folder.parents[1]), prefix),
        ("an export", Show(log_folder=exported), prefix),
    ):
        with ours(show, begin) as board:
            wait_for_the_same(board, wanted, ask, what)
    return wanted, page.answered
