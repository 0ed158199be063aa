"""The PyTorch estimator."""

from __future__ import annotations

from typing import List

from azureml import _guard as _guard
from azureml.train._environment import Framework
from azureml.train._estimator import MMLBaseEstimator
from azureml.train._parameters import Arguments, OfFramework, takes


def _packages(_version: str, _has_gpu: bool) -> List[str]:
    return ["torch", "torchvision", "tensorboard"]


class PyTorch(MMLBaseEstimator):
    """A PyTorch script and where it runs; the arguments are those of `MMLBaseEstimator`.

    Raises:
        TrainingException: An argument cannot be used.
    """

    FRAMEWORK_NAME = "PyTorch"
    DEFAULT_VERSION = "1.4"

    _backends = ("mpi", "gloo", "nccl")
    _framework = Framework(
        FRAMEWORK_NAME,
        versions=("1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6"),
        version=DEFAULT_VERSION,
        packages=_packages,
    )

    @takes(OfFramework)
    def __init__(self, arguments: Arguments) -> None:
        self._set_up(arguments)
