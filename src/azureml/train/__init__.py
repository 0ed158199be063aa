"""`azureml.train`: estimators, the older way to describe a job."""

from azureml import _guard as _guard
from azureml._finder import other_names

__getattr__ = other_names(__name__)
