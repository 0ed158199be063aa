"""`azureml.widgets`: a run in a notebook, without widgets to install."""

from azureml import _guard as _guard
from azureml.widgets._run_details import RunDetails

__all__ = ["RunDetails"]
