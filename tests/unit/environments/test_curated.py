from __future__ import annotations

import pytest

from trackboard.environments import find_curated, list_curated


@pytest.mark.parametrize(
    ("name", "package", "spelled"),
    [
        ("azureml-tensorflow-2.2-GPU", "tensorflow", "AzureML-TensorFlow-2.2-GPU"),
        ("AZUREML-SKLEARN-1.5", "scikit-learn", "AzureML-sklearn-1.5"),
        ("AzureML-Scikit-learn0.24-Cuda11-py36", "scikit-learn", None),
        ("azureml-acpt-pytorch-9.9-cuda99", "torch", None),
        ("AzureML-PyTorch-1.7-Cuda11-OpenMpi4.1.0-py36", "torch", None),
        ("AzureML-Chainer-5.1.0-CPU", "chainer", None),
    ],
)
def test_names_of_any_case_and_version(name: str, package: str, spelled: str | None) -> None:
    found = find_curated(name)

    assert found is not None
    assert package in found.pip_packages
    assert found.name == (spelled or name)
    assert f"{found.name} stands for" in found.description
    assert package in found.description


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
