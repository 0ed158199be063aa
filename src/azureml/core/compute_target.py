"""`azureml.core.compute_target`: the exception is imported from here by most notebooks."""

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.core.compute import ComputeTarget
from azureml.exceptions import ComputeTargetException

__getattr__ = other_names(__name__)

__all__ = ["ComputeTarget", "ComputeTargetException"]
