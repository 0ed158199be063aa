"""`azureml.core.resource_configuration`: what a deployed model should have; nothing is deployed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional

from azureml import _guard as _guard
from azureml._finder import other_names

__getattr__ = other_names(__name__)


@dataclass
class ResourceConfiguration:
    """*Accepted*: models can be registered with it.

    Args:
        cpu: Processors; kept and shown.
        memory_in_gb: Gigabytes of memory; kept and shown.
        gpu: GPUs; kept and shown.
    """

    cpu: Optional[float] = None
    memory_in_gb: Optional[float] = None
    gpu: Optional[int] = None

    def serialize(self) -> Dict[str, Any]:
        """Return it under the SDK's keys."""
        return {"cpu": self.cpu, "memoryInGB": self.memory_in_gb, "gpu": self.gpu}

    @staticmethod
    def deserialize(payload_obj: Optional[Mapping[str, Any]]) -> Optional[ResourceConfiguration]:
        """Make one of what `serialize` returned."""
        if payload_obj is None:
            return None
        given = payload_obj
        return ResourceConfiguration(given.get("cpu"), given.get("memoryInGB"), given.get("gpu"))
