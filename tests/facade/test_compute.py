from __future__ import annotations

from typing import Any

import pytest

from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException as FromCore
from azureml.exceptions import ComputeTargetException, UserErrorException


def create(ws: Workspace, name: str = "cpu-cluster", **given: Any) -> AmlCompute:
    given = {"vm_size": "STANDARD_D2_V2", "max_nodes": 4, **given}
    target = ComputeTarget.create(ws, name, AmlCompute.provisioning_configuration(**given))
    assert isinstance(target, AmlCompute)
    return target


def test_the_articles_way(ws: Workspace) -> None:
    cts = ws.compute_targets
    assert "cpu-cluster" not in cts
    create(ws)

    assert "cpu-cluster" not in cts, "what was listed stays as it was"
    assert ws.compute_targets["cpu-cluster"].type == "AmlCompute"


def test_the_notebooks_way(ws: Workspace) -> None:
    try:
        target = ComputeTarget(workspace=ws, name="cpucluster")
    except ComputeTargetException:
        target = create(ws, "cpucluster")
    assert ComputeTarget(ws, "cpucluster").name == target.name
    assert type(ComputeTarget(ws, "cpucluster")) is AmlCompute
    assert type(AmlCompute(ws, "cpucluster")) is AmlCompute


def test_a_missing_one_lists_what_there_is(ws: Workspace) -> None:
    create(ws, "one")
    create(ws, "two")

    with pytest.raises(ComputeTargetException, match=r"there is: one, two"):
        ComputeTarget(ws, "three")


def test_the_exception_has_two_homes() -> None:
    assert FromCore is ComputeTargetException


def test_waiting_returns_at_once_and_says_so(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    target = create(ws)
    target.wait_for_completion(show_output=True, min_node_count=None)
    assert capsys.readouterr().out == "Succeeded: cpu-cluster has 4 slots on this machine\n"

    target.wait_for_completion(show_output=False, min_node_count=4, timeout_in_minutes=20)
    assert capsys.readouterr().out == ""


def test_more_nodes_than_there_can_be_is_an_error_not_a_wait(ws: Workspace) -> None:
    with pytest.raises(ComputeTargetException, match="min_node_count=5: it has max_nodes=4"):
        create(ws).wait_for_completion(min_node_count=5)


def test_status_has_the_sdks_keys(ws: Workspace) -> None:
    status = create(ws, min_nodes=1, idle_seconds_before_scaledown="300").get_status().serialize()

    assert status["provisioningState"] == "Succeeded"
    assert status["scaleSettings"] == {
        "minNodeCount": 1,
        "maxNodeCount": 4,
        "nodeIdleTimeBeforeScaleDown": "PT300S",
    }
    assert status["nodeStateCounts"]["idleNodeCount"] == status["currentNodeCount"] == 4
    assert status["nodeStateCounts"]["runningNodeCount"] == 0
    assert (status["vmSize"], status["errors"]) == ("STANDARD_D2_V2", None)


def test_max_nodes_need_not_be_given(ws: Workspace) -> None:
    assert create(ws, max_nodes=None).get_status().serialize()["targetNodeCount"] == 4


def test_creating_it_again_takes_the_new_numbers(ws: Workspace) -> None:
    create(ws)
    create(ws, max_nodes=2)

    assert len(ComputeTarget.list(ws)) == 1
    assert AmlCompute(ws, "cpu-cluster").get_status().serialize()["currentNodeCount"] == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"max_nodes": 0}, "max_nodes=0 is too small"),
        ({"max_nodes": -1}, "max_nodes=-1 is too small"),
        ({"max_nodes": "many"}, "max_nodes='many' is not a whole number"),
        ({"max_nodes": 2.5}, "max_nodes=2.5 is not a whole number"),
        ({"min_nodes": 5}, "min_nodes=5 is not between 0 and max_nodes=4"),
        ({"min_nodes": -1}, "min_nodes=-1 is not between"),
        ({"idle_seconds_before_scaledown": "soon"}, "'soon' is not a whole number"),
    ],
)
def test_numbers_that_do_not_fit(ws: Workspace, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ComputeTargetException, match=said):
        create(ws, **given)

    assert ws.compute_targets == {}


@pytest.mark.parametrize("name", ["local", "AmlCompute", "containerinstance"])
def test_reserved_names(ws: Workspace, name: str) -> None:
    with pytest.raises(UserErrorException, match=f"{name!r} is reserved"):
        create(ws, name)


@pytest.mark.parametrize("name", ["", "a", "1-x", "a b", "../x", "x-", "x" * 33, "a_b"])
def test_names_that_are_not_allowed(ws: Workspace, name: str) -> None:
    with pytest.raises(ComputeTargetException, match="for example 'cpu-cluster'"):
        create(ws, name)


def test_what_is_no_configuration_is_said(ws: Workspace) -> None:
    with pytest.raises(ComputeTargetException, match="dict is no provisioning configuration"):
        ComputeTarget.create(ws, "cpu-cluster", {"max_nodes": 4})
