"""Curated environments: names of the Azure ML SDK, and the packages in the versions that they mean.

The SDK's were images, retired every few years, which broke whatever named them. Here a name stands for
the packages of its family. Where a version that it means has no wheels any more, the next newer one that
has some will do, so that old names stay good for old scripts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from trackboard.environments.packages.requirements import without_versions


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


@dataclass(frozen=True)
class _Family:
    """What a family of names stands for.

    Attributes:
        words: A pattern of how it begins, behind the prefix.
        main: The package whose version is in the name.
        more: What is installed beside it.
        since: From this version on the other packages are those of 2022, else those of 2021.
    """

    words: str
    main: str = ""
    more: tuple[str, ...] = ()
    since: tuple[int, int] = (0, 0)


_PREFIX = re.compile(r"azureml-", re.IGNORECASE)
_VERSION = re.compile(r"[-v]*(\d+\.\d+(?:\.\d+)?)(?![\w.])")
_OF_THE_SDK = ("azureml-defaults", "azureml-mlflow")
_SCIENCE = ("numpy", "pandas", "scipy", "matplotlib")
_OF_2021 = {
    "numpy": "numpy~=1.19.0",
    "pandas": "pandas~=1.1.0",
    "scipy": "scipy~=1.5.0",
    "matplotlib": "matplotlib~=3.3.0",
    "scikit-learn": "scikit-learn~=0.24.0",
}
_OF_2022 = {
    "numpy": "numpy~=1.22.0",
    "pandas": "pandas~=1.5.0",
    "scipy": "scipy~=1.10.0",
    "matplotlib": "matplotlib~=3.5.0",
    "scikit-learn": "scikit-learn~=1.5.0",
}
_TORCH = ("torchvision", *_SCIENCE, "tensorboard", "tqdm")

# What follows the prefix begins with one of these; the first that fits counts.
_FAMILIES = (
    _Family("minimal"),
    _Family("tutorial", "scikit-learn", _SCIENCE),
    _Family("tensorflow", "tensorflow", _SCIENCE, since=(2, 5)),
    _Family("acpt(?:-?pytorch)?", "torch", _TORCH, since=(1, 10)),
    _Family("pytorch", "torch", _TORCH, since=(1, 10)),
    _Family("scikit-?learn|sklearn", "scikit-learn", _SCIENCE, since=(1, 0)),
    _Family("lightgbm", "lightgbm", ("scikit-learn", "xgboost", *_SCIENCE), since=(3, 3)),
    _Family("xgboost", "xgboost", ("scikit-learn", *_SCIENCE), since=(1, 5)),
    _Family("chainer", "chainer"),
    _Family("onnxruntime", "onnxruntime", ("numpy", "pandas"), since=(1, 10)),
    _Family("responsibleai", "responsibleai", ("raiwidgets",)),
    _Family("mlflow", "mlflow"),
    _Family("dask", "dask[complete]", ("pandas",)),
    _Family("pyspark", "pyspark"),
    _Family("vowpalwabbit", "vowpalwabbit"),
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
    for family in _FAMILIES:
        begins = re.match(rf"(?:{family.words})(?![a-z])", rest)
        if begins:
            spelled = _CANONICAL.get(name.lower(), name)
            found = _VERSION.match(rest, begins.end())
            version = found[1] if found else ""
            packages = tuple(_packages(family, version))
            is_old = family.main == "tensorflow" and version.startswith("1.")
            return Curated(spelled, packages, _describe(spelled, packages), is_old)
    return None


def list_curated() -> tuple[Curated, ...]:
    """List the best known of them by name."""
    found = (find_curated(name) for name in sorted(_SPELLED, key=str.lower))
    return tuple(one for one in found if one is not None)


def _packages(family: _Family, version: str) -> Iterator[str]:
    if not family.main:
        return
    is_tensorflow_1 = family.main == "tensorflow" and version.startswith("1.")
    if version and not is_tensorflow_1:
        numbers = (*map(int, version.split(".")), 0)
        yield f"{family.main}~={'.'.join(map(str, numbers[:3]))}"
        of_then = _OF_2022 if numbers[:2] >= family.since else _OF_2021
    else:  # TensorFlow 1 becomes the newest 2, which needs packages of its own age
        yield f"{family.main}<2" if is_tensorflow_1 else family.main
        of_then = {}
    yield from (of_then.get(name, name) for name in family.more)
    yield from _OF_THE_SDK


def _describe(name: str, packages: tuple[str, ...]) -> str:
    if not packages:
        return f"{name} stands for the Python that submits, with the packages it has"
    what = f"{name} stands for {', '.join(one for one in packages if one not in _OF_THE_SDK)}"
    if all(without_versions(one) == one for one in packages):
        return f"{what} in their newest versions"
    return f"{what}: in these versions as far as there are wheels of them, else in the next newer"
