from __future__ import annotations

import sys
from pathlib import Path

from trackboard.launch.worker.node_adapter import NodeAdapter
from trackboard.model import ANY_PYTHON, EnvironmentPlan, JobPlan, RunId
from trackboard.targets.ray.variables import driver_variables, part_variables

NODE = {"PATH": "/usr/bin", "HOME": "/home/ray", "COLOUR": "grey"}


def plan(**variables: str) -> JobPlan:
    environment = EnvironmentPlan(interpreter=ANY_PYTHON)
    return JobPlan(RunId("r"), "e", "/here/ws", "c", "s", ("x.py",), environment, variables, 0.0)


def test_a_plan_on_a_node() -> None:
    given = plan(
        COLOUR="blue",
        TRACKBOARD_WORKSPACE="/here/ws",
        AZUREML_OUTPUT_DIRECTORY="/here/ws/jobs/r/work/outputs",
        OTHER="/here/wsx/data",
    )
    there = NodeAdapter(Path("/mnt/w"), NODE).adapt(given)
    assert there.workspace == "/mnt/w"
    assert there.environment.interpreter == sys.executable
    assert dict(there.variables) == {
        "PATH": "/usr/bin",
        "HOME": "/home/ray",
        "COLOUR": "blue",
        "TRACKBOARD_WORKSPACE": "/mnt/w",
        "AZUREML_OUTPUT_DIRECTORY": "/mnt/w/jobs/r/work/outputs",
        "OTHER": "/here/wsx/data",
    }


def test_what_ray_tells_its_own_processes_stays_there() -> None:
    given = {"RAY_ADDRESS": "a", "RAY_JOB_ID": "1", "RAY_worker_niceness": "0", "HOME": "/h"}
    assert part_variables(given) == {"RAY_ADDRESS": "a", "HOME": "/h"}
    assert driver_variables(given) == {"RAY_ADDRESS": "a", "RAY_JOB_ID": "1", "HOME": "/h"}
