"""`azureml.core.resource_configuration`: what a deployed model should have; nothing is deployed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from azureml import _guard as _guard
from azureml._finder import other_names

__getattr__ = other_names(__name__)


@dataclass
class ResourceConfiguration:
    """*Accepted*: models can be registered with it.

    Args:
        cpu: Kept and shown.
        memory_in_gb: The same.
        gpu: The same.
    """

    cpu: Optional[float] = None
    memory_in_gb: Optional[float] = None
    gpu: Optional[int] = None
