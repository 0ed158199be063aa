from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from trackboard.config import ComputeSettings
from trackboard.errors import UsageError
from trackboard.model import Compute, EnvironmentPlan, JobPlan, RunId
from trackboard.targets import open_target

CLUSTER = Compute("c", "AmlCompute", "", 0, 2, 0, 1.0, {})
PLAN = JobPlan(RunId("r"), "e", "/w", "c", "s", ("x.py",), EnvironmentPlan(), {}, 1.0)


def test_local_has_room_for_any_number(tmp_path: Path) -> None:
    assert open_target(tmp_path, None, ComputeSettings()).has_room(1000)


def test_a_cluster_has_its_slots(tmp_path: Path) -> None:
    target = open_target(tmp_path, CLUSTER, ComputeSettings())
    assert (target.has_room(2), target.has_room(3)) == (True, False)


def test_this_machine_has_one_slot(tmp_path: Path) -> None:
    here = replace(CLUSTER, max_nodes=1, address="me@localhost:22")
    target = open_target(tmp_path, here, ComputeSettings())
    target.check(PLAN)
    assert (target.has_room(1), target.has_room(2)) == (True, False)


def test_another_machine_takes_no_job_and_has_no_room(tmp_path: Path) -> None:
    there = replace(CLUSTER, max_nodes=1, address="me@192.0.2.1:22")
    target = open_target(tmp_path, there, ComputeSettings())
    assert not target.has_room(1)
    with pytest.raises(UsageError, match=r"me@192\.0\.2\.1:22, which is not this machine"):
        target.check(PLAN)
    assert target.find(RunId("r")) is None
