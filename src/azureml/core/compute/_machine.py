"""This machine in the words that the SDK has for sizes, use and quotas."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from azureml import _guard as _guard
from trackboard.model import ResourceLimits
from trackboard.service.contract.compute import ComputeTargets

_GIB = 2**30
_MIB = 2**20


def describe_sizes(targets: ComputeTargets) -> List[Dict[str, Any]]:
    """The machine and its equal shares."""
    return [
        {
            "name": offer.name,
            "vCPUs": offer.cpus,
            "gpus": offer.gpus,
            "memoryGB": round(offer.memory_bytes / _GIB, 1),
            "maxResourceVolumeMB": offer.disk_bytes // _MIB,
        }
        for offer in targets.list_sizes()
    ]


def describe_slot_limits(limits: Optional[ResourceLimits]) -> Dict[str, Any]:
    """What a slot gives to its job; what is not limited is left out."""
    if limits is None:
        return {}
    found: Dict[str, Any] = {
        "vCPUs": limits.cpus,
        "gpus": None if limits.gpus is None else list(limits.gpus),
        "memoryGB": None if limits.memory_bytes is None else round(limits.memory_bytes / _GIB, 1),
    }
    return {key: value for key, value in found.items() if value is not None}


def describe_use(targets: ComputeTargets) -> List[Dict[str, Any]]:
    """Nodes of each cluster: those that hold a job, and those it has."""
    return [
        _entry(
            f"nodes of {compute.name}",
            compute.max_nodes,
            sum(node.run is not None for node in targets.list_nodes(compute)),
        )
        for compute in targets.list()
    ]


def describe_limits(targets: ComputeTargets) -> List[Dict[str, Any]]:
    """What all clusters share."""
    machine = targets.get_machine()
    return [
        _entry("vCPUs of this machine", machine.cpus),
        _entry("GPUs of this machine", len(machine.gpus)),
    ]


def _entry(name: str, limit: int, current: Optional[int] = None) -> Dict[str, Any]:
    value = {} if current is None else {"currentValue": current}
    return {
        "name": {"value": name, "localizedValue": name},
        "unit": "Count",
        "limit": limit,
        **value,
    }
