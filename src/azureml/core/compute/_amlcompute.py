"""`AmlCompute`: a cluster, here a number of slots on this machine."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Dict, List, NoReturn, Optional, Union

from azureml import _guard as _guard
from azureml._console import print_line
from azureml.core.compute._machine import (
    describe_limits,
    describe_sizes,
    describe_slot_limits,
    describe_use,
)
from azureml.core.compute._provisioning import (
    AmlComputeProvisioningConfiguration,
    check_nodes,
    configure,
    idle_seconds,
    number,
)
from azureml.core.compute._status import AmlComputeStatus, ScaleSettings, state_of
from azureml.core.compute._target import ComputeTarget
from azureml.exceptions import ComputeTargetException
from azureml.exceptions._tree import sdk_errors
from trackboard.launch.queue.nodes import Node

if TYPE_CHECKING:
    from azureml.core.workspace import Workspace


class AmlCompute(ComputeTarget):
    """A cluster: `max_nodes` jobs run at once on this machine, the others wait their turn.

    Source: article, "Create a cluster for your experiment".
    """

    # What only Azure has a use for is checked where it is given, and not kept.
    admin_username: ClassVar[None] = None
    remote_login_port_public_access: ClassVar[str] = "NotSpecified"
    admin_user_password: ClassVar[None] = None
    admin_user_ssh_key: ClassVar[None] = None
    identity_type: ClassVar[None] = None
    identity_id: ClassVar[None] = None
    vnet_resourcegroup_name: ClassVar[None] = None
    vnet_name: ClassVar[None] = None
    subnet_name: ClassVar[None] = None

    @staticmethod
    def provisioning_configuration(
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: Union[int, str] = 0,
        max_nodes: Union[int, str, None] = None,
        idle_seconds_before_scaledown: Union[int, str] = 1800,
        admin_username: Optional[str] = None,
        admin_user_password: Optional[str] = None,
        admin_user_ssh_key: Optional[str] = None,
        vnet_resourcegroup_name: Optional[str] = None,
        vnet_name: Optional[str] = None,
        subnet_name: Optional[str] = None,
        tags: Optional[Dict[str, str]] = None,
        description: Optional[str] = None,
        remote_login_port_public_access: str = "NotSpecified",
        identity_type: Optional[str] = None,
        identity_id: Optional[List[str]] = None,
        location: Optional[str] = None,
        enable_node_public_ip: bool = True,
    ) -> AmlComputeProvisioningConfiguration:
        """Describe a cluster. Logins, networks and identities are checked as the SDK did, and not used.

        Args:
            vm_size: Any text; it is shown, and changes nothing on this machine.
            vm_priority: `dedicated` or `lowpriority`; shown.
            min_nodes: 0 or more; shown.
            max_nodes: How many jobs run at once; 4 when it is not given, as the SDK's documents said.
                0 lets all jobs wait.
            idle_seconds_before_scaledown: A number, or text that is one; shown.
            tags: What to tag it with.
            description: What it is for.

        Raises:
            ComputeTargetException: Something is wrong, or does not fit together.
        """
        return configure(locals())

    @property
    def vm_size(self) -> str:
        """What was asked for."""
        return self._compute.vm_size

    @property
    def vm_priority(self) -> str:
        """What was asked for: `Dedicated` or `LowPriority`."""
        return self._compute.vm_priority

    @property
    def scale_settings(self) -> ScaleSettings:
        """How many nodes it may have."""
        return ScaleSettings._of(self._compute)

    @property
    def status(self) -> Optional[AmlComputeStatus]:
        """The same as `get_status()`."""
        return self.get_status()

    def get_status(self) -> Optional[AmlComputeStatus]:
        """How many nodes do what now; None, and a word why, when it was deleted."""
        with sdk_errors(ComputeTargetException):
            compute = self.workspace._service.compute.find(self.name)
        if compute is None:
            print_line(f"{self.name} has no status: it was deleted")
            return None
        self._compute = compute
        return AmlComputeStatus._of(compute, self._nodes())

    def list_nodes(self) -> List[Dict[str, Any]]:
        """Its nodes: a dict for each slot of this machine, or for each machine of a Ray cluster.

        `share` is what a slot gives to its job, or would to the next: a part of the machine, unless
        `[compute.<name>]` in `trackboard.toml` says something else.
        """
        return [
            {
                "nodeId": node.id or f"{self.name}-{node.number}",
                "nodeState": state_of(node),
                "privateIpAddress": node.address,
                "publicIpAddress": node.address,
                "port": None,
                "runId": node.run,
                "share": describe_slot_limits(node.limits),
            }
            for node in self._nodes()
        ]

    def _nodes(self) -> tuple[Node, ...]:
        self._advance_queue()
        with sdk_errors(ComputeTargetException):
            return self.workspace._service.compute.list_nodes(self._compute)

    def update(
        self,
        min_nodes: Union[int, str, None] = None,
        max_nodes: Union[int, str, None] = None,
        idle_seconds_before_scaledown: Union[int, str, None] = None,
    ) -> None:
        """Change what is given, also for jobs that wait already; those that run go on.

        Args:
            min_nodes: 0 or more; shown.
            max_nodes: How many jobs run at once.
            idle_seconds_before_scaledown: A number, or text that is one; shown.

        Raises:
            ComputeTargetException: The numbers do not fit together, or it was deleted.
        """
        self.refresh_state()
        old, idle = self._compute, idle_seconds_before_scaledown
        changed = replace(
            old,
            min_nodes=old.min_nodes if min_nodes is None else number("min_nodes", min_nodes),
            max_nodes=old.max_nodes if max_nodes is None else number("max_nodes", max_nodes),
            idle_seconds_before_scaledown=(
                old.idle_seconds_before_scaledown if idle is None else idle_seconds(idle)
            ),
        )
        check_nodes(changed.min_nodes, changed.max_nodes)
        if changed == old:
            return
        self._compute = replace(changed, modified_s=time.time())
        with sdk_errors(ComputeTargetException):
            self.workspace._service.compute.set(self._compute)
        self._advance_queue()

    def wait_for_completion(  # type: ignore[override]  # the SDK's two differ
        self,
        show_output: bool = False,
        min_node_count: Optional[int] = None,
        timeout_in_minutes: float = 25,
        is_delete_operation: bool = False,
    ) -> None:
        """Return when so many nodes are there, which is at once: they are slots of this machine.

        Raises:
            ComputeTargetException: More nodes were asked for than the cluster can have.
        """
        if is_delete_operation:
            super().wait_for_completion(show_output, is_delete_operation)
            return
        if min_node_count is not None and min_node_count > self._compute.max_nodes:
            raise ComputeTargetException(
                f"{self.name} cannot reach min_node_count={min_node_count}:"
                f" it has max_nodes={self._compute.max_nodes}."
            )
        if show_output:
            is_here = self.workspace._service.compute.is_here(self.name)
            where = "slots on this machine" if is_here else "nodes of a Ray cluster at most"
            print_line(f"Succeeded: {self.name} has {self._compute.max_nodes} {where}")

    @staticmethod
    def supported_vmsizes(
        workspace: Workspace, location: Optional[str] = None
    ) -> List[Dict[str, Any]]:
        """What this machine can give to a node: all of it, or an equal share.

        `LOCAL_1_OF_4` is what each node of a cluster of 4 gets. Any other text may be asked for as
        well, and changes nothing.
        """
        with sdk_errors(ComputeTargetException):
            return describe_sizes(workspace._service.compute)

    @staticmethod
    def list_usages(
        workspace: Workspace, show_all: bool = False, location: Optional[str] = None
    ) -> List[Dict[str, Any]]:
        """How many nodes of each cluster hold a job, and how many it has."""
        with sdk_errors(ComputeTargetException):
            workspace._service.jobs.advance_queue()
            return describe_use(workspace._service.compute)

    @staticmethod
    def list_quotas(workspace: Workspace, location: Optional[str] = None) -> List[Dict[str, Any]]:
        """How many CPUs and GPUs this machine has for all clusters together."""
        return describe_limits(workspace._service.compute)

    @staticmethod
    def update_quotas(
        workspace: Workspace,
        vm_family: Any,
        limit: Optional[int] = None,
        location: Optional[str] = None,
        **kwargs: Any,
    ) -> NoReturn:
        """Refused: the quota is the machine.

        Raises:
            ComputeTargetException: Always; it says what to do instead.
        """
        raise ComputeTargetException(
            f"The quota of {vm_family!r} cannot be changed: it is this machine."
            " update(max_nodes=...) says how many jobs of a cluster run at once."
        )

    def add_identity(self, identity_type: str, identity_id: Optional[List[str]] = None) -> NoReturn:
        """Refused: jobs run as the user who submits them.

        Raises:
            ComputeTargetException: Always.
        """
        _refuse_identity(self.name)

    def remove_identity(self, identity_id: Optional[List[str]] = None) -> NoReturn:
        """Refused, like `add_identity`."""
        _refuse_identity(self.name)

    def _own_properties(self) -> Dict[str, Any]:
        return {
            "vmSize": self.vm_size,
            "vmPriority": self.vm_priority,
            "scaleSettings": self.scale_settings.serialize(),
        }


ComputeTarget.kinds["AmlCompute"] = AmlCompute


def _refuse_identity(name: str) -> NoReturn:
    raise ComputeTargetException(
        f"{name} has no identity: its jobs run on this machine as the user who submits them."
        " Give secrets to jobs as environment variables."
    )
