"""The SDK's exceptions, under the names and with the attributes that user code catches and prints."""

from azureml import _guard as _guard
from azureml.exceptions._tree import (
    ActivityFailedException,
    AzureMLException,
    ComputeTargetException,
    ExperimentExecutionException,
    RunEnvironmentException,
    ServiceException,
    TrainingException,
    UserErrorException,
)

__all__ = [
    "ActivityFailedException",
    "AzureMLException",
    "ComputeTargetException",
    "ExperimentExecutionException",
    "RunEnvironmentException",
    "ServiceException",
    "TrainingException",
    "UserErrorException",
]
