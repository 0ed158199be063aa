"""`azureml.train`: estimators, the older way to describe a job."""

from azureml import _guard as _guard
