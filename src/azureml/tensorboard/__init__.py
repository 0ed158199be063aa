"""`azureml.tensorboard`: runs in the real TensorBoard."""

from azureml import _guard as _guard
from azureml.tensorboard._tensorboard import Tensorboard

__all__ = ["Tensorboard"]
