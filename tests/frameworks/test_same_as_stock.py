"""What PyTorch writes is answered as the stock TensorBoard answers it; see `tests.same_as_stock`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
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
def test_all_answers_about_files_of_torch(
    workspace: trackboard.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("frameworks")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    written = tmp_path / "copies" / "written"
    run = workspace.submit(Request("torch", PROGRAMS, "write_everything.py", [written]))
    until(lambda: (it := workspace.find_run(run)) and it.state.is_terminal, pause_s=0.1)
    ended = workspace.find_run(run)
    assert ended is not None
    assert ended.cause == ""

    answers, _ = compare(parts(workspace), ended, written, runs=7)
    refused = {asked for asked, answer in answers.items() if str(answer).startswith("HTTP 4")}
    assert {asked.partition(" ")[0] for asked in refused} == {"bookmarks", "sprite_image"}
