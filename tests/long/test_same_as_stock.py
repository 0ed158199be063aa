"""What TensorFlow writes is answered as the stock TensorBoard answers it.

TensorFlow comes into an environment of the job's own, built from PyPI: it is hidden from a TensorBoard of
ours anyway, and the stock one, beside it, would be another one. Other frameworks: tests/frameworks.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.imported_logs import import_twice
from tests.same_as_stock import compare
from tests.waiting import until
from tests.workspaces import api

from trackboard.launch.request import Request
from trackboard.model import EnvironmentRequest
from trackboard.workspace import Workspace

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("leaves_no_process")]

PROGRAMS = Path(__file__).parents[1] / "frameworks" / "programs"
TENSORFLOW = EnvironmentRequest(pip_packages=("tensorflow>=2.16", "tensorboard>=2.20"))
INSTALLING_S = 900.0


@pytest.fixture
def workspace(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    workspace = Workspace.open(empty_folder)
    yield workspace
    workspace.recorder().close()
    workspace.close()


def test_all_answers_are_the_same(workspace: Workspace, tmp_path: Path) -> None:
    written = tmp_path / "copies" / "written"
    run = api(workspace).submit(
        Request("same", PROGRAMS, "write_with_tensorflow.py", [written], environment=TENSORFLOW)
    )
    until(
        lambda: (it := api(workspace).find_run(run)) and it.state.is_terminal,
        patience_s=INSTALLING_S,
        pause_s=0.2,
    )
    ended = api(workspace).find_run(run)
    assert ended is not None
    assert ended.cause == ""

    answers, answered = compare(workspace, ended, written, runs=9)
    refused = {asked for asked, answer in answers.items() if str(answer).startswith("HTTP 4")}
    assert {asked.partition(" ")[0] for asked in refused} <= {"bookmarks", "sprite_image"}
    assert "/data/plugin/graphs/run_metadata" in answered
    assert import_twice(written, tmp_path / "imported") == []
