"""Clusters while jobs run on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import until

from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget, RemoteCompute
from azureml.exceptions import AzureMLException, ComputeTargetException
from trackboard.launch.request import Request
from trackboard.model import Distribution, Launcher

Describe = Callable[..., ScriptRunConfig]
WAITS = """
import pathlib, time
for _ in range(600):
    if pathlib.Path({go!r}).exists():
        break
    time.sleep(0.05)
"""


@pytest.fixture
def go(tmp_path: Path) -> Path:
    """The file whose being there ends the jobs."""
    return tmp_path / "go"


@pytest.fixture
def waits(script: Describe, go: Path) -> ScriptRunConfig:
    return script(WAITS.format(go=str(go)), compute_target="cpu-cluster")


def cluster(ws: Workspace, max_nodes: int) -> AmlCompute:
    configuration = AmlCompute.provisioning_configuration(max_nodes=max_nodes)
    target = ComputeTarget.create(ws, "cpu-cluster", configuration)
    assert isinstance(target, AmlCompute)
    return target


def until_it_is(counts: Callable[[], Any], wanted: Any) -> None:
    until(lambda: counts() == wanted, lambda: f"it is {counts()}, not {wanted}", pause_s=0.05)


def nodes(target: AmlCompute) -> dict[str, int]:
    """How many nodes there are in each state that any is in."""
    status = target.get_status()
    assert status is not None
    counts = status.serialize()["nodeStateCounts"]
    return {state.removesuffix("NodeCount"): count for state, count in counts.items() if count}


def test_nodes_that_hold_a_job(
    ws: Workspace, exp: Experiment, waits: ScriptRunConfig, go: Path
) -> None:
    target = cluster(ws, 2)
    runs = [exp.submit(waits) for _ in range(3)]
    until_it_is(lambda: nodes(target), {"running": 2})

    assert [node["nodeState"] for node in target.list_nodes()] == ["running", "running"]
    assert [node["runId"] for node in target.list_nodes()] == [run.id for run in runs[:2]]
    assert {run.id for run in target.get_active_runs()} == {run.id for run in runs}
    assert [run.id for run in target.get_active_runs(status="Queued")] == [runs[2].id]
    assert AmlCompute.list_usages(ws)[0]["currentValue"] == 2
    assert all(node["share"]["vCPUs"] >= 1 for node in target.list_nodes())
    go.touch()
    for run in runs:
        run.wait_for_completion()
    until_it_is(lambda: nodes(target), {"idle": 2})
    assert [node["runId"] for node in target.list_nodes()] == [None, None]
    assert not list(target.get_active_runs())


def test_a_job_of_two_nodes_counts_two(ws: Workspace, waits: ScriptRunConfig, go: Path) -> None:
    target = cluster(ws, 3)
    request = Request(
        "trial",
        Path(waits.source_directory),
        str(waits.script),
        compute="cpu-cluster",
        distribution=Distribution(Launcher.PYTORCH, processes=2, nodes=2, backend="gloo"),
    )
    run = ws.get_run(ws._service.jobs.submit(request))
    until_it_is(lambda: nodes(target), {"running": 2, "idle": 1})

    assert [node["runId"] for node in target.list_nodes()] == [run.id, run.id, None]
    go.touch()
    run.wait_for_completion()


def test_the_settings_say_what_a_slot_gives(ws: Workspace) -> None:
    with (ws._service.folder / "trackboard.toml").open("a") as settings:
        settings.write("[compute.cpu-cluster]\ncpus = 3\nmemory_gb = 1.5\n")
    (node,) = cluster(Workspace.from_config(), 1).list_nodes()

    assert (node["share"]["vCPUs"], node["share"]["memoryGB"]) == (3, 1.5)
    assert (node["nodeId"], node["privateIpAddress"]) == ("cpu-cluster-0", "127.0.0.1")


def test_more_nodes_are_for_jobs_that_wait(
    ws: Workspace, exp: Experiment, waits: ScriptRunConfig, go: Path
) -> None:
    target = cluster(ws, 0)
    run = exp.submit(waits)
    assert run.get_status() == "Queued"
    target.update(max_nodes=1)

    until_it_is(run.get_status, "Running")
    go.touch()
    run.wait_for_completion()


def test_fewer_nodes_end_no_job(
    ws: Workspace, exp: Experiment, waits: ScriptRunConfig, go: Path
) -> None:
    target = cluster(ws, 2)
    runs = [exp.submit(waits) for _ in range(2)]
    until_it_is(lambda: nodes(target), {"running": 2})
    target.update(max_nodes=1)

    status = target.get_status()
    assert status is not None
    assert (status.current_node_count, status.target_node_count) == (2, 1)
    assert status.allocation_state == "Resizing"
    go.touch()
    for run in runs:
        run.wait_for_completion()
    until_it_is(lambda: nodes(target), {"idle": 1})


def test_one_with_jobs_is_not_deleted(
    ws: Workspace, exp: Experiment, waits: ScriptRunConfig, go: Path
) -> None:
    target = cluster(ws, 1)
    run = exp.submit(waits)
    with pytest.raises(ComputeTargetException, match="1 job") as caught:
        target.delete()

    assert "cancel" in caught.value.message
    go.touch()
    run.wait_for_completion()
    until_it_is(lambda: nodes(target), {"idle": 1})
    target.delete()


def attach(ws: Workspace, address: str) -> RemoteCompute:
    configuration = RemoteCompute.attach_configuration(
        address=address, ssh_port=22, username="me", password="Secret-123456"
    )
    target = ComputeTarget.attach(ws, "attached-vm", configuration)
    assert isinstance(target, RemoteCompute)
    return target


def test_an_attached_machine_that_is_this_one_runs_a_job(
    ws: Workspace, exp: Experiment, script: Describe
) -> None:
    attach(ws, "localhost").wait_for_completion(show_output=True)
    run = exp.submit(script("print(1)", compute_target="attached-vm"))
    run.wait_for_completion()

    assert run.get_status() == "Completed"


def test_a_machine_with_jobs_keeps_its_address(
    ws: Workspace, exp: Experiment, script: Describe, go: Path
) -> None:
    attach(ws, "localhost")
    run = exp.submit(script(WAITS.format(go=str(go)), compute_target="attached-vm"))
    with pytest.raises(ComputeTargetException, match="is me@localhost:22, and jobs run"):
        attach(ws, "gpu.example.org")

    attach(ws, "localhost")
    go.touch()
    run.wait_for_completion()


def test_another_machine_refuses_jobs(
    ws: Workspace, exp: Experiment, script: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    attach(ws, "gpu.example.org").wait_for_completion(show_output=True)
    assert "SSH hosts cannot run jobs yet" in capsys.readouterr().out
    with pytest.raises(
        AzureMLException, match=r"is me@gpu\.example\.org:22, which is not this machine"
    ):
        exp.submit(script("print(1)", compute_target="attached-vm"))

    assert not list(exp.get_runs())
