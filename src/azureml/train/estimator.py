"""`azureml.train.estimator`: the estimator of any script."""

from __future__ import annotations

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.train._distributed import Mpi
from azureml.train._estimator import MMLBaseEstimator
from azureml.train._parameters import Arguments, OfScript, takes

__getattr__ = other_names(__name__)

__all__ = ["Estimator", "MMLBaseEstimator", "Mpi"]


class Estimator(MMLBaseEstimator):
    """A script, its packages and where it runs; the arguments are those of `MMLBaseEstimator`.

    Without packages it means the Python that submits, as it is.

    Raises:
        TrainingException: An argument cannot be used.
    """

    @takes(OfScript)
    def __init__(self, arguments: Arguments) -> None:
        self._set_up(arguments)
