from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from trackboard.config import ComputeSettings
from trackboard.errors import NotFound, UsageError
from trackboard.model import Compute, EnvironmentPlan, JobPlan, RunId
from trackboard.targets import LocalTarget, Targets
from trackboard.targets.ray.target import RayTarget

CLUSTER = Compute("c", "AmlCompute", "", 0, 2, 0, 1.0, {})
PLAN = JobPlan(RunId("r"), "e", "/w", "c", "s", ("x.py",), EnvironmentPlan(), {}, 1.0)
RAY = ComputeSettings(engine="ray", options={"address": "http://127.0.0.1:9"})
PROCESS = {"host": "h", "boot": "b", "pid": 1, "started": 2}
RAY_JOB = {"address": "http://127.0.0.1:9", "session": "s", "job": "j", "run": "r"}


def _targets(folder: Path, *computes: Compute, **settings: ComputeSettings) -> Targets:
    return Targets(folder, settings, {each.name: each for each in computes}.get)


def _hand_over(folder: Path, handle: Mapping[str, object]) -> None:
    (folder / "jobs" / "r").mkdir(parents=True)
    (folder / "jobs" / "r" / "handle").write_text(json.dumps(handle))


def test_local_has_room_for_any_number(tmp_path: Path) -> None:
    assert _targets(tmp_path).open("local").has_room(1000)


def test_a_cluster_has_its_slots(tmp_path: Path) -> None:
    target = _targets(tmp_path, CLUSTER).open("c")
    assert (target.has_room(2), target.has_room(3)) == (True, False)


def test_one_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no compute target 'c'"):
        _targets(tmp_path).open("c")


def test_ray_is_there_as_it_is_said_or_not(tmp_path: Path) -> None:
    targets = _targets(tmp_path, CLUSTER, c=RAY, d=RAY)
    assert targets.engines == {"ray", "c", "d"}
    assert all(isinstance(targets.open(name), RayTarget) for name in ("ray", "c", "d"))


def test_a_job_stays_with_the_process_that_it_was_handed_to(tmp_path: Path) -> None:
    _hand_over(tmp_path, PROCESS)
    for targets in (_targets(tmp_path, CLUSTER, c=RAY), _targets(tmp_path)):
        assert isinstance(targets.open_engine(RunId("r"), "c"), LocalTarget)


def test_a_job_stays_with_the_ray_cluster_that_it_was_handed_to(tmp_path: Path) -> None:
    _hand_over(tmp_path, RAY_JOB)
    for targets in (_targets(tmp_path, CLUSTER), _targets(tmp_path), _targets(tmp_path, c=RAY)):
        assert isinstance(targets.open_engine(RunId("r"), "c"), RayTarget)
    assert _targets(tmp_path, c=RAY).open_engine(RunId("r"), "c") is (
        _targets(tmp_path, c=RAY).open("c")
    )


def test_a_job_that_was_handed_to_nobody(tmp_path: Path) -> None:
    assert isinstance(_targets(tmp_path, CLUSTER).open_engine(RunId("r"), "c"), LocalTarget)
    assert isinstance(_targets(tmp_path, c=RAY).open_engine(RunId("r"), "c"), RayTarget)
    with pytest.raises(NotFound):
        _targets(tmp_path).open_engine(RunId("r"), "c")


def test_this_machine_has_one_slot(tmp_path: Path) -> None:
    target = _targets(tmp_path, replace(CLUSTER, max_nodes=1, address="me@localhost:22")).open("c")
    target.check(PLAN)
    assert (target.has_room(1), target.has_room(2)) == (True, False)


def test_another_machine_takes_no_job_and_has_no_room(tmp_path: Path) -> None:
    there = replace(CLUSTER, max_nodes=1, address="me@192.0.2.1:22")
    target = _targets(tmp_path, there).open("c")
    assert not target.has_room(1)
    with pytest.raises(UsageError, match=r"me@192\.0\.2\.1:22, which is not this machine"):
        target.check(PLAN)
    assert target.find(RunId("r")) is None
