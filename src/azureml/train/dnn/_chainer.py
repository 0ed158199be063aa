"""The Chainer estimator."""

from __future__ import annotations

from typing import List

from azureml import _guard as _guard
from azureml.train._environment import Framework
from azureml.train._estimator import MMLBaseEstimator
from azureml.train._parameters import Arguments, OfFramework, takes


def _packages(_version: str, has_gpu: bool) -> List[str]:
    # Chainer is not developed any more: it needs what numpy and setuptools dropped since.
    return ["chainer", "numpy<1.24", "setuptools<72", *(["cupy"] if has_gpu else [])]


class Chainer(MMLBaseEstimator):
    """A Chainer script and where it runs; the arguments are those of `MMLBaseEstimator`.

    Raises:
        TrainingException: An argument cannot be used.
    """

    FRAMEWORK_NAME = "Chainer"
    DEFAULT_VERSION = "5.1.0"

    _framework = Framework(
        FRAMEWORK_NAME,
        versions=("5.1.0", "7.0.0"),
        version=DEFAULT_VERSION,
        packages=_packages,
    )

    @takes(OfFramework)
    def __init__(self, arguments: Arguments) -> None:
        self._set_up(arguments)
