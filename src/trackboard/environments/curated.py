"""Curated environments: names of the Azure ML SDK, and what they mean today.

The SDK's were images with fixed versions, retired every few years, which broke whatever named them.
Here a name stands for the packages of its family in their newest versions, so that old names stay good.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Curated:
    """A curated environment.

    Attributes:
        name: As the SDK spelled it.
        pip_packages: What it stands for; empty: the interpreter that submits, as it is.
        description: The same, as a sentence.
        tensorflow_v1: It was made for TensorFlow 1.
    """

    name: str
    pip_packages: tuple[str, ...]
    description: str
    tensorflow_v1: bool = False


_PREFIX = re.compile(r"azureml-", re.IGNORECASE)
_TENSORFLOW_1 = re.compile(r"tensorflow-1\b", re.IGNORECASE)
_TABULAR = ("scikit-learn", "pandas", "matplotlib")
_TORCH = ("torch", "torchvision")

# What follows the prefix begins with one of these words; the first that fits counts.
_FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("minimal", ()),
    ("tutorial", _TABULAR),
    ("tensorflow", ("tensorflow",)),
    ("acpt", _TORCH),
    ("pytorch", _TORCH),
    ("scikit-learn", _TABULAR),
    ("sklearn", _TABULAR),
    ("lightgbm", ("lightgbm", *_TABULAR)),
    ("xgboost", ("xgboost", *_TABULAR)),
    ("chainer", ("chainer",)),
    ("onnxruntime", ("onnxruntime",)),
    ("mlflow", ("mlflow",)),
    ("dask", ("dask[complete]",)),
    ("pyspark", ("pyspark",)),
    ("vowpalwabbit", ("vowpalwabbit",)),
)

_SPELLED = (  # what is listed; other names of these families are found, too
    "AzureML-Minimal",
    "AzureML-Tutorial",
    "AzureML-TensorFlow-1.15-GPU",
    "AzureML-TensorFlow-2.1-GPU",
    "AzureML-TensorFlow-2.2-GPU",
    "AzureML-TensorFlow-2.3-GPU",
    "AzureML-tensorflow-2.11-cuda11",
    "AzureML-tensorflow-2.16-cuda12",
    "AzureML-PyTorch-1.6-GPU",
    "AzureML-acpt-pytorch-1.11-cuda11.3",
    "AzureML-acpt-pytorch-2.2-cuda12.1",
    "AzureML-Scikit-learn-0.20.3",
    "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu",
    "AzureML-sklearn-1.5",
    "AzureML-lightgbm-3.3",
    "AzureML-Chainer-5.1.0-GPU",
)
_CANONICAL = {name.lower(): name for name in _SPELLED}


def find_curated(name: str) -> Curated | None:
    """Find a curated environment by its name in any case; any version of a known family will do."""
    prefix = _PREFIX.match(name)
    if prefix is None:
        return None
    rest = name[prefix.end() :].lower()
    for family, packages in _FAMILIES:
        if re.match(rf"{family}(?![a-z])", rest):
            spelled = _CANONICAL.get(name.lower(), name)
            is_old = bool(_TENSORFLOW_1.match(rest))
            return Curated(spelled, packages, _describe(spelled, packages), is_old)
    return None


def list_curated() -> tuple[Curated, ...]:
    """List the best known of them by name."""
    found = (find_curated(name) for name in sorted(_SPELLED, key=str.lower))
    return tuple(one for one in found if one is not None)


def _describe(name: str, packages: tuple[str, ...]) -> str:
    if not packages:
        return f"{name} stands for the Python that submits, with the packages it has"
    return f"{name} stands for {', '.join(packages)} in their newest versions"
