"""`azureml.train.dnn`: the estimators of deep learning, and how their processes find each other."""

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.core._jobs.run_sections import MpiConfiguration, TensorflowConfiguration
from azureml.train._distributed import Gloo, Mpi, Nccl, ParameterServer
from azureml.train.dnn._chainer import Chainer
from azureml.train.dnn._pytorch import PyTorch
from azureml.train.dnn._tensorflow import TensorFlow

__getattr__ = other_names(__name__)

__all__ = [
    "Chainer",
    "Gloo",
    "Mpi",
    "MpiConfiguration",
    "Nccl",
    "ParameterServer",
    "PyTorch",
    "TensorFlow",
    "TensorflowConfiguration",
]
