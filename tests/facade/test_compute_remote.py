"""Attached machines, and clusters of kinds that are not there."""

from __future__ import annotations

from typing import Any

import pytest

from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeTarget, HDInsightCompute, RemoteCompute
from azureml.exceptions import ComputeTargetException


def attach(ws: Workspace, name: str = "attached-vm", **given: Any) -> RemoteCompute:
    given = {"username": "me", "address": "gpu.example.org", **given}
    target = ComputeTarget.attach(ws, name, RemoteCompute.attach_configuration(**given))
    assert isinstance(target, RemoteCompute)
    return target


def test_the_notebooks_way(ws: Workspace) -> None:
    attach(ws, ssh_port=22, password="Secret-123456", private_key_file="~/.ssh/id_rsa")
    target = ws.compute_targets["attached-vm"]

    assert type(target) is RemoteCompute
    assert (target.type, target.is_attached) == ("VirtualMachine", True)
    assert (target.address, target.username, target.ssh_port) == ("gpu.example.org", "me", 22)
    assert target.get_status() == target.provisioning_state == "Succeeded"
    assert target.serialize()["properties"]["properties"]["address"] == "gpu.example.org"


def test_a_password_is_kept_nowhere(ws: Workspace) -> None:
    attach(ws, password="Secret-123456", private_key_passphrase="Secret-123456")

    for file in ws._service.folder.rglob("*"):
        assert not file.is_file() or b"Secret-123456" not in file.read_bytes()


@pytest.mark.parametrize("address", ["::1", "[::1]", "fe80::1"])
def test_ipv6(ws: Workspace, address: str) -> None:
    target = attach(ws, address=address, ssh_port="2222")
    assert (target.address, target.ssh_port) == (address.strip("[]"), 2222)


def test_attaching_again_takes_the_new_address(ws: Workspace) -> None:
    attach(ws)
    attach(ws, address="other.example.org")

    (target,) = ComputeTarget.list(ws)
    assert isinstance(target, RemoteCompute)
    assert target.address == "other.example.org"


def test_it_is_detached_not_deleted(ws: Workspace) -> None:
    target = attach(ws)
    with pytest.raises(ComputeTargetException, match=r"attached, not created: detach\(\)"):
        target.delete()
    target.detach()

    assert ws.compute_targets == {}
    with pytest.raises(ComputeTargetException, match="no compute target 'attached-vm'"):
        target.detach()


def test_each_kind_has_its_class(ws: Workspace) -> None:
    attach(ws)
    configuration = AmlCompute.provisioning_configuration(max_nodes=1)
    ComputeTarget.create(ws, "cpu-cluster", configuration)

    with pytest.raises(ComputeTargetException, match=r"of type VirtualMachine, .*not AmlCompute"):
        AmlCompute(ws, "attached-vm")
    with pytest.raises(ComputeTargetException, match=r"of type AmlCompute, .*not RemoteCompute"):
        RemoteCompute(ws, "cpu-cluster")
    with pytest.raises(ComputeTargetException, match=r"belongs to .* type VirtualMachine"):
        ComputeTarget.create(ws, "attached-vm", configuration)
    with pytest.raises(ComputeTargetException, match=r"belongs to .* type AmlCompute"):
        attach(ws, "cpu-cluster")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"address": None}, "needs address. It is missing"),
        ({"address": None, "resource_id": "/vm/1"}, "'/vm/1' names a machine in Azure"),
        ({"address": "me@there"}, "'me@there' is no host name"),
        ({"address": "a b"}, "'a b' is no host name"),
        ({"address": "host\n"}, "is no host name"),
        ({"address": "host:22"}, "the port as ssh_port"),
        ({"username": "a b"}, "username='a b' is no name"),
        ({"username": ""}, "username='' is no name"),
        ({"ssh_port": 0}, "ssh_port=0 is not between 1 and 65535"),
        ({"ssh_port": "ssh"}, "ssh_port='ssh' is not a whole number"),
    ],
)
def test_what_cannot_be_attached(ws: Workspace, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ComputeTargetException, match=said):
        attach(ws, **given)

    assert ws.compute_targets == {}


def test_what_is_no_configuration_is_said(ws: Workspace) -> None:
    configuration = AmlCompute.provisioning_configuration(max_nodes=1)
    with pytest.raises(ComputeTargetException, match="is no attach configuration"):
        ComputeTarget.attach(ws, "attached-vm", configuration)
    with pytest.raises(ComputeTargetException, match="is no provisioning configuration"):
        ComputeTarget.create(
            ws, "attached-vm", RemoteCompute.attach_configuration("me", address="there")
        )


def test_spark_clusters_are_not_there() -> None:
    with pytest.raises(ComputeTargetException, match="there is no Spark service here"):
        HDInsightCompute.attach_configuration(resource_id="x", username="u", password="p")
