from pathlib import Path

import pytest

from trackboard.environments import read_conda_file
from trackboard.environments.conda import join_pythons, parse_spec
from trackboard.errors import NotFound, UsageError


@pytest.mark.parametrize(
    ("spec", "requirement"),
    [
        ("numpy", "numpy"),
        ("numpy=1.24", "numpy==1.24.*"),
        ("numpy=1.24.*", "numpy==1.24.*"),
        ("numpy 1.24.*", "numpy==1.24.*"),
        ("numpy==1.24.3", "numpy==1.24.3"),
        ("numpy 1.24.3", "numpy==1.24.3"),
        ("numpy=1.*", "numpy==1.*"),
        ("numpy=*", "numpy"),
        ("scikit-learn>=1.0", "scikit-learn>=1.0"),
        ("scikit-learn >= 1.0, <2", "scikit-learn>=1.0,<2"),
        ("scipy >=1.10.*", "scipy>=1.10"),
        ("scipy!=1.11", "scipy!=1.11"),
        ("pytorch::pytorch", "torch"),
        ("pytorch::pytorch==2.1", "torch==2.1"),
        ("conda-forge/linux-64::py-xgboost=2", "xgboost==2.*"),
        ("foo[version='>=1']", "foo>=1"),
        ("foo[version='>=1', build=py39]", "foo>=1"),
        ("Pillow", "pillow"),
        ("opencv=4", "opencv-python-headless==4.*"),
        ("msgpack-python", "msgpack"),
        ("tensorflow=2.0rc1", "tensorflow==2.0rc1"),
    ],
)
def test_conda_in_the_words_of_pip(spec: str, requirement: str) -> None:
    found = parse_spec(spec)
    assert (found.requirement, found.unclear) == (requirement, "")


@pytest.mark.parametrize(
    "spec", ["cudatoolkit=11.3", "nvidia::cudnn", "libgcc-ng", "mkl=2023", "gcc"]
)
def test_what_is_no_package_of_python(spec: str) -> None:
    assert parse_spec(spec).requirement == ""


@pytest.mark.parametrize(
    ("spec", "requirement", "unclear"),
    [
        ("numpy=1.24.3=py39h_0", "numpy==1.24.3.*", "py39h_0"),
        ("numpy 1.24.3 py39h_0", "numpy==1.24.3", "py39h_0"),
        ("numpy 1.24|1.25", "numpy", "1.24|1.25"),
        ("numpy=x y", "numpy", "=x"),
    ],
)
def test_what_pip_has_no_words_for(spec: str, requirement: str, unclear: str) -> None:
    found = parse_spec(spec)
    assert (found.requirement, found.unclear) == (requirement, unclear)


def test_no_spec() -> None:
    with pytest.raises(UsageError, match=r"'=1\.0' is no package"):
        parse_spec("=1.0")


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("wheel\n")
    file = tmp_path / "conda.yml"
    file.write_text(
        """
name: project
channels: [conda-forge]
dependencies:
  - python=3.9
  - pip=20.2.4
  - numpy=1.24
  - pip:
      - azureml-defaults
      - -r more.txt
      - --extra-index-url https://host/simple
"""
    )
    found = read_conda_file(file)
    assert (found.name, found.python) == ("project", "3.9")
    assert found.conda_packages == ("pip=20.2.4", "numpy=1.24")
    assert found.pip_packages == ("azureml-defaults", "wheel")
    assert found.pip_options == ("--extra-index-url", "https://host/simple")


def test_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "conda.yml").write_text("dependencies:\n  - python\n  - pip:\n")
    assert read_conda_file(tmp_path / "conda.yml").python == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a", "has no list 'dependencies'"),
        ("dependencies: numpy", "has no list 'dependencies'"),
        ("dependencies: [{npm: [x]}]", "neither a package nor the list 'pip'"),
        ("dependencies: [{pip: x}]", "neither a package nor the list 'pip'"),
        ("a: [", "not valid YAML"),
        ("? [a]\n: b", "line 1, column 3"),
    ],
)
def test_no_file_of_conda(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "conda.yml").write_text(text)
    with pytest.raises(UsageError, match=said):
        read_conda_file(tmp_path / "conda.yml")


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"gone\.yml"):
        read_conda_file(tmp_path / "gone.yml")


def test_one_python() -> None:
    assert join_pythons(["", "==3.9.*", "3.9"]) == "3.9"
    assert join_pythons([">=3.8,<3.11"]) == ">=3.8,<3.11"
    with pytest.raises(UsageError, match=r"3\.10 and 3\.9"):
        join_pythons(["3.9", "==3.10.*"])
