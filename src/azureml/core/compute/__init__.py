"""`azureml.core.compute`: where jobs run. A cluster is a number of slots on this machine."""

from azureml import _guard as _guard
from azureml.core.compute._amlcompute import (
    AmlCompute,
    AmlComputeProvisioningConfiguration,
    AmlComputeStatus,
)
from azureml.core.compute._target import ComputeTarget

__all__ = [
    "AmlCompute",
    "AmlComputeProvisioningConfiguration",
    "AmlComputeStatus",
    "ComputeTarget",
]
