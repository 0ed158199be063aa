"""`azureml.tensorboard`: runs in the real TensorBoard."""

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.tensorboard._tensorboard import Tensorboard

__getattr__ = other_names(__name__)

__all__ = ["Tensorboard"]
