"""What training frameworks write is answered as the stock TensorBoard answers it.

Lightning and stable-baselines3 are those of `scripts/setup frameworks-test`. TensorFlow comes into an
environment of the job's own, built from PyPI: it is hidden from a TensorBoard of ours anyway, and the stock
one, beside it, would be another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.prerequisites import require
from tests.same_as_stock import compare
from tests.waiting import until
from tests.workspaces import api

from trackboard.launch.request import Request
from trackboard.model import EnvironmentRequest
from trackboard.workspace import Workspace

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("leaves_no_process")]

PROGRAMS = Path(__file__).parents[1] / "frameworks" / "programs"
OURS = EnvironmentRequest()
TENSORFLOW = EnvironmentRequest(pip_packages=("tensorflow>=2.16", "tensorboard>=2.20"))
INSTALLING_S = 900.0


@pytest.fixture
def workspace(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    workspace = Workspace.open(empty_folder)
    yield workspace
    workspace.recorder().close()
    workspace.close()


@pytest.mark.parametrize(
    ("program", "needs", "environment", "runs", "has"),
    [
        ("lightning", ["frameworks"], OURS, 2, "graphs/graph"),
        ("stable_baselines3", ["stable-baselines3"], OURS, 2, "images/individualImage"),
        ("tensorflow", [], TENSORFLOW, 9, "graphs/run_metadata"),
    ],
)
def test_all_answers_are_the_same(
    workspace: Workspace,
    tmp_path: Path,
    program: str,
    needs: list[str],
    environment: EnvironmentRequest,
    runs: int,
    has: str,
) -> None:
    for need in needs:
        require(need)
    written = tmp_path / "copies" / "written"
    run = api(workspace).submit(
        Request("same", PROGRAMS, f"write_with_{program}.py", [written], environment=environment)
    )
    until(
        lambda: (it := api(workspace).find_run(run)) and it.state.is_terminal,
        patience_s=INSTALLING_S,
        pause_s=0.2,
    )
    ended = api(workspace).find_run(run)
    assert ended is not None
    assert ended.cause == ""

    answers, answered = compare(workspace, ended, written, runs=runs)
    refused = {asked for asked, answer in answers.items() if str(answer).startswith("HTTP 4")}
    assert {asked.partition(" ")[0] for asked in refused} <= {"bookmarks", "sprite_image"}
    assert f"/data/plugin/{has}" in answered
