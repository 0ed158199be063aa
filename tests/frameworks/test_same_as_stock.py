"""What frameworks write is answered as the stock TensorBoard answers it; see `tests.same_as_stock`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.imported_logs import import_twice
from tests.prerequisites import require
from tests.same_as_stock import compare
from tests.waiting import until
from tests.workspaces import parts

from trackboard.launch.request import Request

pytestmark = pytest.mark.long

if TYPE_CHECKING:
    import trackboard

PROGRAMS = Path(__file__).parent / "programs"


@pytest.mark.usefixtures("leaves_no_process")
@pytest.mark.parametrize(
    ("program", "needs", "runs", "has"),
    [
        ("write_everything", "frameworks", 7, "scalars/scalars"),
        ("write_with_lightning", "frameworks", 2, "graphs/graph"),
        ("write_with_stable_baselines3", "stable-baselines3", 2, "images/individualImage"),
    ],
)
def test_all_answers_are_the_same(
    workspace: trackboard.Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    needs: str,
    runs: int,
    has: str,
) -> None:
    require(needs)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    written = tmp_path / "copies" / "written"
    run = workspace.submit(Request("same", PROGRAMS, f"{program}.py", [written]))
    until(lambda: (it := workspace.find_run(run)) and it.state.is_terminal, pause_s=0.1)
    ended = workspace.find_run(run)
    assert ended is not None
    assert ended.cause == ""

    answers, answered = compare(parts(workspace), ended, written, runs=runs)
    refused = {asked for asked, answer in answers.items() if str(answer).startswith("HTTP 4")}
    assert {asked.partition(" ")[0] for asked in refused} <= {"bookmarks", "sprite_image"}
    assert f"/data/plugin/{has}" in answered
    assert import_twice(written, tmp_path / "imported") == []
