"""`azureml.train.dnn`: the TensorFlow estimator."""

from azureml import _guard as _guard
from azureml.train.dnn._tensorflow import TensorFlow

__all__ = ["TensorFlow"]
