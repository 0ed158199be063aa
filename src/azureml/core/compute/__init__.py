"""`azureml.core.compute`: where jobs run. A cluster is a number of slots on this machine."""

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.core.compute._amlcompute import AmlCompute
from azureml.core.compute._provisioning import AmlComputeProvisioningConfiguration
from azureml.core.compute._remote import (
    HDInsightCompute,
    RemoteCompute,
    RemoteComputeAttachConfiguration,
)
from azureml.core.compute._status import AmlComputeStatus, NodeStateCounts, ScaleSettings
from azureml.core.compute._target import ComputeTarget

__getattr__ = other_names(__name__)

__all__ = [
    "AmlCompute",
    "AmlComputeProvisioningConfiguration",
    "AmlComputeStatus",
    "ComputeTarget",
    "HDInsightCompute",
    "NodeStateCounts",
    "RemoteCompute",
    "RemoteComputeAttachConfiguration",
    "ScaleSettings",
]
