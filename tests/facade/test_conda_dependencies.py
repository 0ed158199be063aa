from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from azureml.core import Environment
from azureml.core.conda_dependencies import PYTHON_DEFAULT_VERSION, CondaDependencies
from azureml.exceptions import UserErrorException
from trackboard.environments import plan_environment


def test_what_is_in_a_new_one() -> None:
    new = CondaDependencies()

    assert new.get_python_version() == "3.8.13"
    assert [*new.conda_channels] == ["anaconda", "conda-forge"]
    assert [*new.conda_packages] == ["python=3.8.13"]
    assert [*new.pip_packages] == ["azureml-defaults"]
    assert [*new.pip_options] == []


def test_create() -> None:
    made = CondaDependencies.create(
        conda_packages=["numpy", "scipy=1.14"], pip_packages=["torch>=2", "azureml-core"]
    )

    assert made.get_python_version() == PYTHON_DEFAULT_VERSION == "3.10.18"
    assert [*made.conda_packages] == ["python=3.10.18", "numpy", "scipy=1.14"]
    assert [*made.pip_packages] == ["torch>=2", "azureml-core~=1.61.0"]
    bare = CondaDependencies.create(pip_packages=["azureml-core"], pin_sdk_version=False)
    assert [*bare.pip_packages] == ["azureml-core"]
    assert [*CondaDependencies.create().pip_packages] == ["azureml-defaults~=1.61.0"]


def test_an_index_of_ones_own_comes_before_pypi() -> None:
    made = CondaDependencies.create(pip_indexurl="https://here/simple", pip_packages=["x"])

    assert [*made.pip_options] == [
        "--index-url https://here/simple",
        "--extra-index-url https://pypi.org/simple",
    ]


def test_what_is_listed_is_an_iterator_over_a_copy() -> None:
    one = CondaDependencies.create(pip_packages=["a", "b"])

    packages = one.pip_packages
    assert next(packages) == "a"
    one.remove_pip_package("b")
    assert [*packages] == ["b"]
    assert [*one.pip_packages] == ["a"]


@pytest.mark.parametrize(
    ("had", "given"),
    [
        ("numpy", "numpy==2.1"),
        ("NumPy>=1", "numpy"),
        ("scikit_learn", "Scikit-Learn[alldeps]~=1.5"),
        ("pkg @ https://host/pkg-1.0.tar.gz", "pkg"),
        ("https://host/my_pkg-1.0-py3-none-any.whl", "my-pkg==2"),
        ("git+https://host/x.git#egg=tool", "tool"),
        ("x", "x; python_version < '3.12'"),
    ],
)
def test_a_requirement_replaces_the_one_of_its_name(had: str, given: str) -> None:
    one = CondaDependencies.create(pip_packages=[had, "other"])
    one.add_pip_package(given)

    assert [*one.pip_packages] == ["other", given]


def test_packages_of_conda_are_replaced_and_removed_by_name() -> None:
    one = CondaDependencies.create(conda_packages=["numpy=1.2", "conda-forge::scipy"])
    one.add_conda_package("numpy")
    one.remove_conda_package("scipy=9")
    one.remove_conda_package("not-there")

    assert [*one.conda_packages] == ["python=3.10.18", "numpy"]


@pytest.mark.parametrize(
    ("given", "version"),
    [
        ("python=3.9", "3.9"),
        ("python==3.9.1", "3.9.1"),
        ("python>=3.9,<3.12", ">=3.9,<3.12"),
        ("python 3.11", "3.11"),
        ("conda-forge::python=3.11", "3.11"),
    ],
)
def test_python_among_the_packages_is_its_version(given: str, version: str) -> None:
    one = CondaDependencies()
    one.add_conda_package(given)

    assert one.get_python_version() == version
    assert len([*one.conda_packages]) == 1
    assert one._written_python == version


def test_packages_that_begin_like_python() -> None:
    one = CondaDependencies.create(conda_packages=["python-dateutil=2.8", "python_abi"])

    assert [*one.conda_packages] == ["python=3.10.18", "python-dateutil=2.8", "python_abi"]


@pytest.mark.parametrize("version", ["three", "", "3.x", 3.1, "3.9; rm", "-3"])
def test_versions_of_python_that_are_none(version: Any) -> None:
    with pytest.raises(UserErrorException, match=r"no version of Python.*'3\.11'"):
        CondaDependencies().set_python_version(version)


def test_a_version_that_nobody_wrote_is_not_insisted_on() -> None:
    assert CondaDependencies()._written_python == ""
    assert CondaDependencies.create()._written_python == ""
    written = CondaDependencies.create(python_version="3.10.18")
    assert written._written_python == "3.10.18", "the user wrote the very same version"
    written.set_python_version(None)
    assert (written.get_python_version(), written._written_python) == (None, "")


@pytest.mark.parametrize("new", [CondaDependencies, CondaDependencies.create])
def test_a_package_that_nobody_wrote_is_asked_for_with_others_only(
    new: Callable[[], CondaDependencies],
) -> None:
    one = new()
    assert [type(package) for package in one.pip_packages] == [str]
    asked = [one._written_pip]
    one.add_pip_package("numpy")
    asked.append(one._written_pip)

    shown = next(iter(one.pip_packages))
    assert asked == [(), (shown, "numpy")]
    written = CondaDependencies.create(pip_packages=["azureml-defaults"])
    assert written._written_pip == ("azureml-defaults~=1.61.0",)


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("python=3.11.4=h955ad1f_0", "3.11.4"),
        ("python=3.11.*", "3.11"),
        ("python 3.11 *_cpython", "3.11"),
        ("python >=3.10,<3.13", ">=3.10,<3.13"),
        ("python", ""),
    ],
)
def test_versions_of_python_as_conda_writes_them(tmp_path: Path, line: str, version: str) -> None:
    file = tmp_path / "conda.yml"
    file.write_text(f"dependencies: ['{line}']\n")

    assert CondaDependencies(str(file))._written_python == version


def test_what_a_file_asks_for_is_what_was_asked_for(tmp_path: Path) -> None:
    """Also what nobody wrote: `azureml-defaults`, and a version of Python that means any."""
    file = str(tmp_path / "conda.yml")
    written = CondaDependencies.create(conda_packages=["numpy"])
    written.save(file)
    read = CondaDependencies(file)
    assert read._written_pip == written._written_pip == ("azureml-defaults~=1.61.0",)
    assert (written._written_python, read._written_python) == ("", "3.10.18")
    for one in (written, read):
        environment = Environment("mine")
        environment.python.conda_dependencies = one
        assert plan_environment(environment._request()).python == ""


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    file = tmp_path / "conda.yml"
    file.write_text(
        "name: mine\nchannels: [conda-forge]\nvariables: {A: 1}\nprefix: /somewhere\n"
        "dependencies:\n- python=3.11\n- numpy=2.1\n- pip\n- pip:\n  - torch>=2\n  - --pre\n"
    )
    read = CondaDependencies(str(file))

    assert read.as_dict() == {
        "name": "mine",
        "channels": ["conda-forge"],
        "dependencies": ["python=3.11", "numpy=2.1", "pip", {"pip": ["torch>=2", "--pre"]}],
        "prefix": "/somewhere",
        "variables": {"A": 1},
    }
    assert yaml.safe_load(read.serialize_to_string()) == read.as_dict()
    assert read.serialize_to_string().startswith("name: mine\n")
    assert CondaDependencies(read.save(str(tmp_path / "copy.yml"))) == read
    assert [*read.pip_options] == ["--pre"]


def test_files_that_a_conda_file_names_are_read_beside_it(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("scipy # why\n\n./wheels/x-1-py3-none-any.whl\n")
    file = tmp_path / "conda.yml"
    file.write_text("dependencies:\n- pip:\n  - numpy\n  - -r more.txt\n")

    wheel = str(tmp_path / "wheels" / "x-1-py3-none-any.whl")
    assert [*CondaDependencies(str(file)).pip_packages] == ["numpy", "scipy", wheel]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- numpy\n", "no keys"),
        ("packages: [numpy]\n", "'packages', which conda files do not have.*dependencies"),
        ("dependencies: numpy\n", "'numpy' is no list"),
        ("dependencies: [3.9]\n", r"3\.9 is float, not text"),
        ("dependencies: [{npm: [x]}]\n", "dict, not text"),
        ("dependencies: [{pip: x}]\n", "'pip'.*'x' is no list"),
        ("dependencies: [", "not valid YAML: .*line 1, column 16"),
        ("", "no keys"),
        ("dependencies: []\nvariables: [x]", "'variables' of the conda file .* are no names"),
    ],
)
def test_files_that_are_no_conda_files(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "conda.yml"
    file.write_text(text)

    with pytest.raises(UserErrorException, match=f"(?s){reason}") as caught:
        CondaDependencies(str(file))
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserErrorException, match="there is no conda file"):
        CondaDependencies(str(tmp_path / "missing.yml"))


@pytest.mark.parametrize(
    "call",
    [
        lambda one: one.add_pip_package("--pre"),
        lambda one: one.remove_pip_package("-i https://x"),
        lambda one: one.add_conda_package("--no-deps"),
        lambda one: one.set_pip_option("numpy"),
        lambda one: one.add_pip_package(3),
        lambda one: one.add_pip_package(" "),
        lambda one: one.add_tensorflow_pip_package("tpu"),
        lambda _: CondaDependencies.create(pip_packages="numpy"),
        lambda one: one.set_pip_requirements(["numpy", "-r missing.txt"]),
    ],
)
def test_what_is_refused_changes_nothing(call: Callable[[CondaDependencies], None]) -> None:
    one = CondaDependencies.create(pip_packages=["numpy"])
    before = one.as_dict()

    with pytest.raises(UserErrorException):
        call(one)
    assert one.as_dict() == before


def test_options_are_replaced_by_name() -> None:
    one = CondaDependencies()
    one.set_pip_option("--extra-index-url https://a")
    one.set_pip_option("--extra-index-url=https://b")
    one.set_pip_option("--pre")
    one.remove_pip_option("--pre")
    one.set_pip_index_url("https://c")

    assert [*one.pip_options] == ["--extra-index-url=https://b", "--index-url https://c"]


def test_all_lines_of_pip_at_once() -> None:
    one = CondaDependencies()
    lines = ["numpy  # numbers", "", "# nothing", "--find-links https://x", "scipy"]
    one.set_pip_requirements(lines)

    assert [*one.pip_packages] == ["numpy", "scipy"]
    assert [*one.pip_options] == ["--find-links https://x"]
    assert lines[0] == "numpy  # numbers"


def test_channels() -> None:
    one = CondaDependencies()
    for _ in range(2):
        one.add_channel("pytorch")
    one.remove_channel("anaconda")

    assert [*one.conda_channels] == ["conda-forge", "pytorch"]


def test_tensorflow_and_cntk() -> None:
    one = CondaDependencies.create(pip_packages=["tensorflow"])
    one.add_tensorflow_pip_package("gpu", "1.15.0")
    one.add_tensorflow_conda_package()
    one.add_cntk_package()

    assert [*one.pip_packages] == ["tensorflow-gpu==1.15.0", "cntk==2.7"]
    assert [*one.conda_packages] == ["python=3.10.18", "tensorflow=2.2.0"]


def test_where_it_is_saved(empty_folder: Path) -> None:
    one = CondaDependencies()
    assert one.save_to_file(str(empty_folder)) == ".azureml/auto_conda_dependencies.yml"
    assert one.save_to_file(".", "conda.yml") == "conda.yml"
    for file in (".azureml/auto_conda_dependencies.yml", "conda.yml"):
        assert CondaDependencies(file) == one

    with pytest.raises(UserErrorException, match="is a folder"):
        one.save(str(empty_folder))
    with pytest.raises(UserErrorException, match="cannot be written"):
        one.save("missing/conda.yml")
    with pytest.raises(UserErrorException, match="cannot be written"):
        one.save_to_file("conda.yml/below")


def test_the_older_way_to_name_a_file(tmp_path: Path) -> None:
    file = tmp_path / "conda.yml"
    file.write_text("dependencies: [python=3.11, numpy]\n")
    environment = Environment("mine")
    environment.python.conda_dependencies_file = str(file)

    assert environment.python.conda_dependencies is not None
    assert [*environment.python.conda_dependencies.conda_packages] == ["python=3.11", "numpy"]
