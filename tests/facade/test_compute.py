from __future__ import annotations

import json
import os
from typing import Any

import pytest
from tests.workspaces import parts

from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException as FromCore
from azureml.exceptions import ComputeTargetException, UserErrorException


def create(ws: Workspace, name: str = "cpu-cluster", **given: Any) -> AmlCompute:
    given = {"vm_size": "STANDARD_D2_V2", "max_nodes": 4, **given}
    target = ComputeTarget.create(ws, name, AmlCompute.provisioning_configuration(**given))
    assert isinstance(target, AmlCompute)
    return target


def status_of(target: AmlCompute) -> dict[str, Any]:
    status = target.get_status()
    assert status is not None
    return status.serialize()


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
    status = status_of(create(ws, min_nodes=1, idle_seconds_before_scaledown="300"))

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
    assert status_of(create(ws, max_nodes=None))["targetNodeCount"] == 4


def test_creating_it_again_takes_the_new_numbers(ws: Workspace) -> None:
    create(ws)
    create(ws, max_nodes=2)

    assert len(ComputeTarget.list(ws)) == 1
    assert status_of(AmlCompute(ws, "cpu-cluster"))["currentNodeCount"] == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"max_nodes": -1}, "max_nodes=-1 is too small"),
        ({"max_nodes": "many"}, "max_nodes='many' is not a whole number"),
        ({"max_nodes": 2.5}, "max_nodes=2.5 is not a whole number"),
        ({"min_nodes": 5}, "min_nodes=5 is not between 0 and max_nodes=4"),
        ({"min_nodes": -1}, "min_nodes=-1 is not between"),
        ({"max_nodes": True}, "max_nodes=True is not a whole number"),
        ({"min_nodes": 1, "max_nodes": 0}, "min_nodes=1 is not between 0 and max_nodes=0"),
        ({"idle_seconds_before_scaledown": "soon"}, "'soon' is not a whole number"),
        ({"idle_seconds_before_scaledown": -1}, "-1 is less than 0"),
        ({"vm_size": 7}, "vm_size=7 is not text"),
        ({"vm_priority": "high"}, "vm_priority='high' is not one of Dedicated, LowPriority"),
        (
            {"remote_login_port_public_access": "maybe"},
            "not one of Enabled, Disabled, NotSpecified",
        ),
        ({"admin_username": "me"}, "needs admin_user_password or admin_user_ssh_key"),
        (
            {"admin_username": "me", "admin_user_password": "secret1"},
            "no upper-case letter, no sign",
        ),
        ({"vnet_name": "n"}, "vnet_resourcegroup_name and subnet_name are missing"),
        ({"vnet_name": "n", "subnet_name": "s"}, "vnet_resourcegroup_name is missing"),
        ({"identity_id": ["x"]}, "goes with identity_type='UserAssigned' only, not with None"),
        ({"identity_id": ["x"], "identity_type": "SystemAssigned"}, "not with 'SystemAssigned'"),
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


@pytest.mark.parametrize(
    "given",
    [
        {"vm_priority": "LowPriority", "remote_login_port_public_access": "enabled"},
        {"admin_username": "me", "admin_user_password": "Secret-1"},
        {"admin_username": "me", "admin_user_ssh_key": "ssh-rsa AAAA"},
        {"vnet_name": "n", "subnet_name": "s", "vnet_resourcegroup_name": "g"},
        {"identity_type": "UserAssigned", "identity_id": ["x"]},
        {"identity_type": "SystemAssigned"},
        {"max_nodes": "3", "min_nodes": "1", "location": "westeurope"},
        {"max_nodes": 0, "enable_node_public_ip": False},
    ],
)
def test_what_the_service_took_is_taken(ws: Workspace, given: dict[str, Any]) -> None:
    assert create(ws, **given).provisioning_state == "Succeeded"


def test_what_was_asked_for_is_shown(ws: Workspace) -> None:
    create(ws, vm_priority="lowpriority", tags={"team": "a"}, description="for us", min_nodes=1)
    target = AmlCompute(ws, "cpu-cluster")

    assert (target.vm_size, target.vm_priority) == ("STANDARD_D2_V2", "LowPriority")
    assert (target.tags, target.description) == ({"team": "a"}, "for us")
    assert target.scale_settings.maximum_node_count == 4
    assert target.id.endswith("/workspaces/default/computes/cpu-cluster")
    assert target.created_on == target.modified_on


def test_a_password_is_kept_nowhere(ws: Workspace) -> None:
    create(ws, admin_username="me", admin_user_password="Secret-123456")

    for file in ws._service.folder.rglob("*"):
        assert not file.is_file() or b"Secret-123456" not in file.read_bytes()


def test_status_in_snake_case(ws: Workspace) -> None:
    status = create(ws, vm_size="standard_d2_v2").get_status()

    assert status is not None
    assert (status.current_node_count, status.target_node_count) == (4, 4)
    assert status.node_state_counts.idle_node_count == 4
    assert (status.vm_size, status.vm_priority) == ("STANDARD_D2_V2", "Dedicated")
    assert (status.allocation_state, status.errors) == ("Steady", None)
    assert set(status.serialize()) == {
        "allocationState",
        "allocationStateTransitionTime",
        "creationTime",
        "currentNodeCount",
        "errors",
        "modifiedTime",
        "nodeStateCounts",
        "provisioningState",
        "provisioningStateTransitionTime",
        "scaleSettings",
        "targetNodeCount",
        "vmPriority",
        "vmSize",
    }
    assert set(status.serialize()["nodeStateCounts"]) == {
        f"{state}NodeCount"
        for state in ("idle", "leaving", "preempted", "preparing", "running", "unusable")
    }


def test_changing_some_of_it(ws: Workspace) -> None:
    target = create(ws, min_nodes=1)
    target.update(max_nodes=6)
    target.update(idle_seconds_before_scaledown="60")

    again = AmlCompute(ws, "cpu-cluster")
    assert again.scale_settings.serialize() == {
        "minNodeCount": 1,
        "maxNodeCount": 6,
        "nodeIdleTimeBeforeScaleDown": "PT60S",
    }
    assert target.scale_settings == again.scale_settings


def test_changing_nothing_is_no_change(ws: Workspace) -> None:
    target = create(ws)
    version = parts(ws._service).store.version()
    target.update()
    target.update(max_nodes=4)

    assert parts(ws._service).store.version() == version


def test_changes_that_do_not_fit(ws: Workspace) -> None:
    target = create(ws, min_nodes=2)
    with pytest.raises(
        ComputeTargetException, match="min_nodes=2 is not between 0 and max_nodes=1"
    ):
        target.update(max_nodes=1)
    with pytest.raises(ComputeTargetException, match="'x' is not a whole number"):
        target.update(min_nodes="x")

    assert AmlCompute(ws, "cpu-cluster").scale_settings.maximum_node_count == 4


def test_deleting_it(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    target = create(ws)
    target.delete()
    target.wait_for_completion(show_output=True, is_delete_operation=True)
    assert capsys.readouterr().out == "Succeeded: cpu-cluster is deleted\n"

    assert ws.compute_targets == {}
    assert target.get_status() is None
    assert "it was deleted" in capsys.readouterr().out
    for ask in (
        target.delete,
        target.refresh_state,
        target.get,
        lambda: target.update(max_nodes=1),
    ):
        with pytest.raises(ComputeTargetException, match="no compute target 'cpu-cluster'"):
            ask()


def test_what_was_created_is_not_detached(ws: Workspace) -> None:
    with pytest.raises(ComputeTargetException, match=r"created, not attached: delete\(\)"):
        create(ws).detach()


def test_serialized_and_back(ws: Workspace) -> None:
    found = create(ws, tags={"a": "b"}).serialize()
    assert json.loads(json.dumps(found)) == found
    assert found["properties"]["computeType"] == "AmlCompute"
    assert found["properties"]["properties"]["scaleSettings"]["maxNodeCount"] == 4

    again = ComputeTarget.deserialize(ws, found)
    assert type(again) is AmlCompute
    assert again.serialize() == found
    with pytest.raises(ComputeTargetException, match="it has no name"):
        ComputeTarget.deserialize(ws, {})


def test_an_object_says_what_it_was_until_refreshed(ws: Workspace) -> None:
    old = create(ws)
    AmlCompute(ws, "cpu-cluster").update(max_nodes=9)

    assert old.scale_settings.maximum_node_count == 4
    assert old.get().scale_settings.maximum_node_count == 9
    old.refresh_state()
    assert old.scale_settings.maximum_node_count == 9


def test_what_this_machine_can_give(ws: Workspace) -> None:
    sizes = AmlCompute.supported_vmsizes(workspace=ws, location="anywhere")

    assert sizes[0]["name"] == "LOCAL_1_OF_1"
    assert 1 <= sizes[0]["vCPUs"] <= (os.cpu_count() or 1)
    assert all(set(size) == set(sizes[0]) for size in sizes)
    assert {"name", "vCPUs", "gpus", "memoryGB", "maxResourceVolumeMB"} == set(sizes[0])
    assert sizes[-1]["vCPUs"] == 1
    assert 0 < sizes[-1]["memoryGB"] <= sizes[0]["memoryGB"]


def test_quotas_are_the_machine_and_use_is_by_cluster(ws: Workspace) -> None:
    create(ws, max_nodes=3)

    (use,) = AmlCompute.list_usages(ws)
    assert use["name"]["value"] == "nodes of cpu-cluster"
    assert (use["currentValue"], use["limit"]) == (0, 3)
    assert AmlCompute.list_quotas(ws)[0]["limit"] == AmlCompute.supported_vmsizes(ws)[0]["vCPUs"]
    with pytest.raises(ComputeTargetException, match="it is this machine"):
        AmlCompute.update_quotas(ws, "standardDSv2Family", 5)


def test_identities_are_refused(ws: Workspace) -> None:
    target = create(ws)
    with pytest.raises(ComputeTargetException, match="as the user who submits"):
        target.add_identity("SystemAssigned")
    with pytest.raises(ComputeTargetException, match="as the user who submits"):
        target.remove_identity()


def test_default_targets_are_found_by_the_sdks_names(ws: Workspace) -> None:
    assert ws.get_default_compute_target("CPU") is None
    create(ws, "cpu-cluster")
    found = ws.get_default_compute_target("cpu")

    assert found is not None
    assert found.name == "cpu-cluster"
    assert ws.get_default_compute_target(type="GPU") is None
    with pytest.raises(UserErrorException, match="'TPU'"):
        ws.get_default_compute_target("TPU")


def test_a_new_workspace_may_have_them_at_once(ws: Workspace) -> None:
    new = Workspace.create(
        "second", default_cpu_compute_target=ws.DEFAULT_CPU_CLUSTER_CONFIGURATION
    )
    found = new.get_default_compute_target("CPU")
    assert isinstance(found, AmlCompute)
    assert (found.vm_size, found.scale_settings.maximum_node_count) == ("STANDARD_DS2_V2", 2)
    found.update(max_nodes=5)

    Workspace.create(
        "second", exist_ok=True, default_cpu_compute_target=ws.DEFAULT_CPU_CLUSTER_CONFIGURATION
    )
    found.refresh_state()
    assert found.scale_settings.maximum_node_count == 5
    assert [*new.compute_targets] == ["cpu-cluster"]
