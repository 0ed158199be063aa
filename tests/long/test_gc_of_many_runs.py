"""After half of 2,000 runs with files is deleted, gc beside writers and a board frees what they took."""

from __future__ import annotations

import io
import json
import os
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.e2e.test_gc_beside_writers import check, writer
from tests.workspaces import parts

from trackboard import Workspace
from trackboard.board.process.launcher import BoardProcess
from trackboard.board.process.options import Show
from trackboard.gc.sizes import measure
from trackboard.gc.usage import measure_usage
from trackboard.record import Recorder

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]
RUNS, FILE_BYTES = 2_000, 50_000


def fill(workspace: Workspace) -> None:
    recorder = Recorder(parts(workspace).paths.spool)
    for number in range(RUNS):
        run = recorder.create_run("many", name=f"n{number}")
        key, size_bytes = run.put_file(io.BytesIO(os.urandom(FILE_BYTES)))
        run.add_file("model.bin", key, size_bytes)
        for step in range(100):
            run.log("loss", os.urandom(1)[0] / (step + 1), step)
        run.append_bytes("logs/log.txt", 0, os.urandom(5_000))
        run.complete()
    recorder.close()
    parts(workspace).drain()


@contextmanager
def board_that_is_asked(workspace: Workspace) -> Iterator[tuple[Callable[[], set[str]], list[int]]]:
    """A board, somebody who asks it all the time, and how often it answered."""
    board = BoardProcess.start(Show(workspace=workspace.folder), port=0)
    answered, done = [0], threading.Event()

    def ask() -> set[str]:
        with urllib.request.urlopen(f"{board.url}data/runs", timeout=60) as answer:
            return {*json.load(answer)}

    def ask_on() -> None:
        while not done.wait(0.05):
            ask()
            answered[0] += 1

    asking = threading.Thread(target=ask_on)
    try:
        ask()
        asking.start()
        yield ask, answered
    finally:
        done.set()
        asking.join()
        board.stop()


def test_gc_frees_what_was_deleted(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    workspace = Workspace.open(tmp_path / "history")
    fill(workspace)
    now = parts(workspace)
    runs = workspace.runs(experiment="many")
    assert len(runs) == RUNS
    gone = [run.id for run in runs[::2]]
    files_bytes = len(gone) * (FILE_BYTES + 5_000)
    database_bytes = measure_usage(workspace.folder, now.paths.database).database
    workspace.delete(gone)
    before = measure(workspace.folder)
    foreseen = workspace.service.trash.collect(older_than_s=-1.0, dry_run=True)
    with ExitStack() as stack:
        for number in range(4):
            stack.enter_context(writer(workspace, f"w{number}"))
        shown, answered = stack.enter_context(board_that_is_asked(workspace))
        report = workspace.service.trash.collect(older_than_s=-1.0)
        record_property("answers of the board meanwhile", answered[0])
        names = {name for name in shown() if name.startswith("many/")}
    freed = report.runs.size_bytes + report.files.size_bytes
    said = f"{before:,} bytes, freed {report.size_bytes:,}, database {report.database_bytes:,}"
    record_property("gc", f"{said} of {database_bytes:,}")
    assert freed >= 0.95 * files_bytes
    assert (report.runs, report.files) == (foreseen.runs, foreseen.files)
    check(workspace)
    assert len(workspace.runs(experiment="many")) == len(names) == RUNS - len(gone)
    assert answered[0] > 0
    workspace.close()
