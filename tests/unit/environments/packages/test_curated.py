from __future__ import annotations

import pytest

from trackboard.environments import find_curated, list_curated


@pytest.mark.parametrize(
    ("name", "package", "spelled"),
    [
        ("azureml-tensorflow-2.2-GPU", "tensorflow~=2.2.0", "AzureML-TensorFlow-2.2-GPU"),
        ("AZUREML-SKLEARN-1.5", "scikit-learn~=1.5.0", "AzureML-sklearn-1.5"),
        ("AzureML-Scikit-learn0.24-Cuda11-py36", "scikit-learn~=0.24.0", None),
        ("AzureML-Scikit-learn-0.20.3", "scikit-learn~=0.20.3", None),
        ("azureml-acpt-pytorch-9.9-cuda99", "torch~=9.9.0", None),
        ("AzureML-PyTorch-1.7-Cuda11-OpenMpi4.1.0-py36", "torch~=1.7.0", None),
        ("AzureML-pytorch-1.9-ubuntu18.04-py37-cuda11-gpu", "torch~=1.9.0", None),
        ("AzureML-tensorflow-2.4-ubuntu18.04-py37-cpu-inference", "tensorflow~=2.4.0", None),
        ("AzureML-Chainer-5.1.0-CPU", "chainer~=5.1.0", None),
        ("AzureML-Dask-CPU", "dask[complete]", None),
        ("AzureML-PyTorch", "torch", None),
        ("AzureML-lightgbm-3.2-ubuntu18.04-py37-cpu", "lightgbm~=3.2.0", None),
        ("AzureML-onnxruntime-1.6-ubuntu18.04-py37-cpu-inference", "onnxruntime~=1.6.0", None),
        ("AzureML-TensorFlow-1.15-GPU", "tensorflow<2", None),
    ],
)
def test_names_of_any_case_and_version(name: str, package: str, spelled: str | None) -> None:
    found = find_curated(name)

    assert found is not None
    assert package in found.pip_packages
    assert found.name == (spelled or name)
    assert f"{found.name} stands for" in found.description
    assert package in found.description


@pytest.mark.parametrize(
    ("name", "numpy"),
    [
        ("AzureML-sklearn-1.5", "numpy~=1.22.0"),
        ("AzureML-sklearn-0.24-ubuntu18.04-py37-cuda11-gpu", "numpy~=1.19.0"),
        ("AzureML-TensorFlow-2.3-GPU", "numpy~=1.19.0"),
        ("AzureML-acpt-pytorch-2.2-cuda12.1", "numpy~=1.22.0"),
        ("AzureML-Tutorial", "numpy"),
        ("AzureML-TensorFlow-1.15-GPU", "numpy"),
    ],
)
def test_the_packages_beside_it_are_of_its_age(name: str, numpy: str) -> None:
    found = find_curated(name)

    assert found is not None
    assert numpy in found.pip_packages
    assert "azureml-mlflow" in found.pip_packages
    is_of_today = "~=" not in "".join(found.pip_packages)
    assert ("newest versions" in found.description) is (
        is_of_today and "<" not in found.description
    )


def test_minimal_is_this_python() -> None:
    found = find_curated("azureml-minimal")

    assert found is not None
    assert (found.name, found.pip_packages) == ("AzureML-Minimal", ())
    assert "Python that submits" in found.description


@pytest.mark.parametrize(
    "name", ["", "mine", "tensorflow", "AzureML", "AzureML-Tensorflowing", "my-AzureML-Minimal"]
)
def test_names_that_are_none(name: str) -> None:
    assert find_curated(name) is None


@pytest.mark.parametrize(
    ("name", "is_old"),
    [
        ("AzureML-TensorFlow-1.15-GPU", True),
        ("azureml-tensorflow-1.13-CPU", True),
        ("AzureML-TensorFlow-2.1-GPU", False),
        ("AzureML-TensorFlow-12.1", False),
    ],
)
def test_those_made_for_tensorflow_1(name: str, is_old: bool) -> None:
    found = find_curated(name)

    assert found is not None
    assert found.tensorflow_v1 is is_old


def test_the_best_known_are_listed_by_name() -> None:
    names = [one.name for one in list_curated()]

    assert "AzureML-TensorFlow-2.2-GPU" in names
    assert names == sorted(names, key=str.lower)
    assert len({*names}) == len(names)
