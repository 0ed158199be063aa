"""Every target that we ship, held against the contract."""

from pathlib import Path

import pytest

from trackboard.model import Compute
from trackboard.testing.target_contract import TargetContract
from trackboard.workspace import Workspace


class TestLocalSlots(TargetContract):
    @pytest.fixture
    def workspace(self, tmp_path: Path, leaves_no_process: None) -> Workspace:  # noqa: ARG002
        workspace = Workspace.open(tmp_path / "workspace")
        workspace.store.add_compute(Compute(self.compute, "AmlCompute", "", 0, 3, 0, 1.0, {}))
        return workspace


@pytest.mark.xdist_group("ray")
class TestRay(TargetContract):
    @pytest.fixture
    def workspace(self, ray_workspace: Workspace) -> Workspace:
        return ray_workspace
