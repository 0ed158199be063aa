"""torch.distributed (gloo) on two nodes of a Ray cluster, recorded into one run."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.waiting import until
from tests.workspaces import api

from trackboard.launch.request import Request
from trackboard.model import Distribution, Launcher, Run, RunState
from trackboard.workspace import Workspace

pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("ray"),
    pytest.mark.requires("frameworks"),
]

_SCRIPT = """
import torch
import torch.distributed as distributed
from azureml.core import Run

distributed.init_process_group("gloo")
total = torch.tensor([distributed.get_rank() + 1.0])
distributed.all_reduce(total)
Run.get_context().log("total", total.item())
distributed.destroy_process_group()
"""


def test_two_nodes_reduce_together(ray_workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(_SCRIPT)
    together = Distribution(Launcher.PYTORCH, 2, nodes=2)
    run = api(ray_workspace).submit(
        Request("gloo", tmp_path, "train.py", compute="cluster", distribution=together)
    )

    def ended() -> Run | None:
        api(ray_workspace).advance_queue()
        found = api(ray_workspace).find_run(run)
        return found if found and found.state.is_terminal else None

    found = until(ended, lambda: f"it did not end: {api(ray_workspace).find_run(run)}", pause_s=0.2)
    assert found.state is RunState.COMPLETED, found.cause
    assert api(ray_workspace).history(run, "total").values.tolist() == [3.0]
    assert api(ray_workspace).history(run, "rank1/total").values.tolist() == [3.0]
