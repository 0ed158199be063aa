"""How a cluster is doing: its nodes are slots of this machine."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Dict, Iterable, Optional, Sequence

from azureml import _guard as _guard
from azureml.core._refused import RefusedCall
from azureml.core.compute._target import modified_s, utc
from trackboard.launch.queue.nodes import Node
from trackboard.model import Compute, RunState

_WORDS = {
    None: "idle",
    RunState.RUNNING: "running",
    RunState.FINALIZING: "running",
    RunState.COMPLETED: "leaving",
    RunState.FAILED: "leaving",
    RunState.CANCELED: "leaving",
}


def state_of(node: Node) -> str:
    """The SDK's word for what a node does."""
    return _WORDS.get(node.state, "preparing")


@dataclass(frozen=True)
class ScaleSettings:
    """How many nodes a cluster may have."""

    deserialize = RefusedCall("get_status() and provisioning_configuration(...) make them.")

    minimum_node_count: int
    maximum_node_count: int
    idle_seconds_before_scaledown: int

    @classmethod
    def _of(cls, compute: Compute) -> ScaleSettings:
        return cls(compute.min_nodes, compute.max_nodes, compute.idle_seconds_before_scaledown)

    def serialize(self) -> Dict[str, Any]:
        """The SDK's keys."""
        return {
            "minNodeCount": self.minimum_node_count,
            "maxNodeCount": self.maximum_node_count,
            "nodeIdleTimeBeforeScaleDown": f"PT{self.idle_seconds_before_scaledown}S",
        }


@dataclass(frozen=True)
class NodeStateCounts:
    """How many nodes are in which state."""

    preparing_node_count: int = 0
    running_node_count: int = 0
    idle_node_count: int = 0
    unusable_node_count: int = 0
    leaving_node_count: int = 0
    preempted_node_count: int = 0

    @classmethod
    def _of(cls, nodes: Iterable[Node]) -> NodeStateCounts:
        states = [state_of(node) for node in nodes]
        return cls(**{f"{state}_node_count": states.count(state) for state in set(states)})

    def serialize(self) -> Dict[str, int]:
        """The SDK's keys."""
        return {_camel(name): count for name, count in asdict(self).items()}


@dataclass(frozen=True)
class AmlComputeStatus:
    """How a cluster is doing. `serialize` gives all of it under the SDK's keys.

    While jobs run that were there before the cluster was made smaller, it has more nodes than its target.
    """

    deserialize = RefusedCall("get_status() makes them.")

    current_node_count: int
    target_node_count: int
    node_state_counts: NodeStateCounts
    allocation_state: str
    allocation_state_transition_time: str
    creation_time: str
    modified_time: str
    scale_settings: ScaleSettings
    vm_priority: str
    vm_size: str
    errors: Optional[Sequence[Any]] = None
    provisioning_state: str = "Succeeded"
    provisioning_state_transition_time: Optional[str] = None

    @classmethod
    def _of(cls, compute: Compute, nodes: Sequence[Node]) -> AmlComputeStatus:
        return cls(
            current_node_count=len(nodes),
            target_node_count=compute.max_nodes,
            node_state_counts=NodeStateCounts._of(nodes),
            allocation_state="Steady" if len(nodes) == compute.max_nodes else "Resizing",
            allocation_state_transition_time=utc(modified_s(compute)),
            creation_time=utc(compute.created_s),
            modified_time=utc(modified_s(compute)),
            scale_settings=ScaleSettings._of(compute),
            vm_priority=compute.vm_priority,
            vm_size=compute.vm_size.upper(),
        )

    def serialize(self) -> Dict[str, Any]:
        """The SDK's keys."""
        return {
            "currentNodeCount": self.current_node_count,
            "targetNodeCount": self.target_node_count,
            "nodeStateCounts": self.node_state_counts.serialize(),
            "allocationState": self.allocation_state,
            "allocationStateTransitionTime": self.allocation_state_transition_time,
            "errors": self.errors,
            "creationTime": self.creation_time,
            "modifiedTime": self.modified_time,
            "provisioningState": self.provisioning_state,
            "provisioningStateTransitionTime": self.provisioning_state_transition_time,
            "scaleSettings": self.scale_settings.serialize(),
            "vmPriority": self.vm_priority,
            "vmSize": self.vm_size,
        }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
