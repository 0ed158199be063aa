"""`azureml.widgets`: a run in a notebook, without widgets to install."""

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.widgets._run_details import RunDetails

__getattr__ = other_names(__name__)

__all__ = ["RunDetails"]
