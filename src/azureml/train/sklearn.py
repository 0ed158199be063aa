"""`azureml.train.sklearn`: the scikit-learn estimator."""

from __future__ import annotations

from typing import List

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.train._environment import Framework
from azureml.train._estimator import MMLBaseEstimator
from azureml.train._parameters import Arguments, OfOneProcess, takes

__getattr__ = other_names(__name__)

__all__ = ["SKLearn"]


def _packages(_version: str, _has_gpu: bool) -> List[str]:
    return ["scikit-learn"]


class SKLearn(MMLBaseEstimator):
    """A scikit-learn script and where it runs; the arguments are those of `MMLBaseEstimator`.

    Raises:
        TrainingException: An argument cannot be used.
    """

    FRAMEWORK_NAME = "SKLearn"
    DEFAULT_VERSION = "0.20.3"

    _backends = ()
    _framework = Framework(
        "scikit-learn", versions=(DEFAULT_VERSION,), version=DEFAULT_VERSION, packages=_packages
    )

    @takes(OfOneProcess)
    def __init__(self, arguments: Arguments) -> None:
        self._set_up(arguments)
