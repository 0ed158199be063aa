"""`AmlCompute`: a cluster, here a number of slots on this machine."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Union

from azureml import _guard as _guard
from azureml._console import say
from azureml.core.compute._target import ComputeTarget
from azureml.exceptions import ComputeTargetException
from azureml.exceptions._tree import sdk_errors
from trackboard.model import Compute, RunState


@dataclass(frozen=True)
class AmlComputeProvisioningConfiguration:
    """What a cluster shall be; made by `AmlCompute.provisioning_configuration`."""

    vm_size: str
    min_nodes: int
    max_nodes: int
    idle_seconds_before_scaledown: int
    tags: Dict[str, str] = field(default_factory=dict)
    description: str = ""

    def _compute(self, name: str, created_s: float) -> Compute:
        return Compute(
            name=name,
            kind="AmlCompute",
            vm_size=self.vm_size,
            min_nodes=self.min_nodes,
            max_nodes=self.max_nodes,
            idle_seconds_before_scaledown=self.idle_seconds_before_scaledown,
            created_s=created_s,
            tags=self.tags,
            description=self.description,
        )


@dataclass(frozen=True)
class AmlComputeStatus:
    """How a cluster is doing. Nodes are slots: running ones hold a job, the others are idle."""

    compute: Compute
    running: int

    def serialize(self) -> Dict[str, Any]:
        """The SDK's keys."""
        compute = self.compute
        created = _utc(compute.created_s)
        idle = compute.max_nodes - self.running
        return {
            "currentNodeCount": compute.max_nodes,
            "targetNodeCount": compute.max_nodes,
            "nodeStateCounts": {
                "preparingNodeCount": 0,
                "runningNodeCount": self.running,
                "idleNodeCount": idle,
                "unusableNodeCount": 0,
                "leavingNodeCount": 0,
                "preemptedNodeCount": 0,
            },
            "allocationState": "Steady",
            "allocationStateTransitionTime": created,
            "errors": None,
            "creationTime": created,
            "modifiedTime": created,
            "provisioningState": "Succeeded",
            "provisioningStateTransitionTime": None,
            "scaleSettings": {
                "minNodeCount": compute.min_nodes,
                "maxNodeCount": compute.max_nodes,
                "nodeIdleTimeBeforeScaleDown": f"PT{compute.idle_seconds_before_scaledown}S",
            },
            "vmPriority": "Dedicated",
            "vmSize": compute.vm_size.upper(),
        }


class AmlCompute(ComputeTarget):
    """A cluster: `max_nodes` jobs run at once on this machine, the others wait their turn.

    Source: article, "Create a cluster for your experiment".
    """

    @staticmethod
    def provisioning_configuration(
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: int = 0,
        max_nodes: Optional[int] = None,
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
        """Describe a cluster.

        Args:
            vm_size: Any text; it is shown, and changes nothing on this machine.
            min_nodes: 0 or more.
            max_nodes: How many jobs run at once; 4 when it is not given, as the SDK's documents said.
            idle_seconds_before_scaledown: A number, or text that is one.

        Raises:
            ComputeTargetException: The numbers do not fit together.
        """
        most = 4 if max_nodes is None else _number("max_nodes", max_nodes)
        least = _number("min_nodes", min_nodes)
        if most < 1:
            raise ComputeTargetException(f"max_nodes={most} is too small: use 1 or more.")
        if not 0 <= least <= most:
            raise ComputeTargetException(
                f"min_nodes={least} is not between 0 and max_nodes={most}."
            )
        return AmlComputeProvisioningConfiguration(
            vm_size=vm_size or "STANDARD_D2_V2",
            min_nodes=least,
            max_nodes=most,
            idle_seconds_before_scaledown=_number(
                "idle_seconds_before_scaledown", idle_seconds_before_scaledown
            ),
            tags={str(key): str(value) for key, value in (tags or {}).items()},
            description=description or "",
        )

    @property
    def vm_size(self) -> str:
        """What was asked for."""
        return self._compute.vm_size

    def get_status(self) -> AmlComputeStatus:
        """How many slots hold a job now."""
        workspace = self.workspace._workspace
        with sdk_errors(ComputeTargetException):
            workspace.kick()
            workspace.drain()
            jobs = workspace.store.list_jobs(self.name)
            runs = workspace.store.list_runs(ids=[job.run for job in jobs if job.claimed])
        running = sum(not run.state.is_terminal for run in runs if run.state != RunState.QUEUED)
        return AmlComputeStatus(self._compute, min(running, self._compute.max_nodes))

    def wait_for_completion(
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
        if min_node_count is not None and min_node_count > self._compute.max_nodes:
            raise ComputeTargetException(
                f"{self.name} cannot reach min_node_count={min_node_count}:"
                f" it has max_nodes={self._compute.max_nodes}."
            )
        if show_output:
            say(f"Succeeded: {self.name} has {self._compute.max_nodes} slots on this machine")


ComputeTarget.kinds["AmlCompute"] = AmlCompute


def _number(name: str, value: object) -> int:
    if isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"\d+", value)):
        return int(value)
    raise ComputeTargetException(f"{name}={value!r} is not a whole number.")


def _utc(time_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time_s))
