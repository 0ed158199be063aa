"""The TensorFlow estimator."""

from __future__ import annotations

from typing import List

from azureml import _guard as _guard
from azureml.train._environment import Framework
from azureml.train._estimator import MMLBaseEstimator
from azureml.train._parameters import Arguments, takes


def _packages(version: str, has_gpu: bool) -> List[str]:
    if version.startswith("1."):
        return [f"tensorflow-gpu=={version}.*" if has_gpu else f"tensorflow=={version}.*"]
    return ["tensorflow[and-cuda]" if has_gpu else "tensorflow"]


class TensorFlow(MMLBaseEstimator):
    """A TensorFlow script and where it runs; the arguments are those of `MMLBaseEstimator`.

    What was written for TensorFlow 1 runs on today's, by the interface of version 1.

    Raises:
        TrainingException: An argument cannot be used.

    Source: article, "Submit run with TensorFlow estimator".
    """

    FRAMEWORK_NAME = "TensorFlow"
    DEFAULT_VERSION = "1.13"

    _backends = ("mpi", "ps")
    _framework = Framework(
        FRAMEWORK_NAME,
        versions=("1.10", "1.12", "1.13", "2.0", "2.1", "2.2", "2.3"),
        version=DEFAULT_VERSION,
        packages=_packages,
    )

    @takes(Arguments)
    def __init__(self, arguments: Arguments) -> None:
        self._set_up(arguments)
