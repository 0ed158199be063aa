import pytest

from trackboard.environments.packages.sdk_packages import is_installed_here, replace_sdk

_PANDAS = ("pandas~=1.5.0", "numpy~=1.26.0", "pyarrow~=20.0.0")


@pytest.mark.parametrize(
    ("asked", "brought"),
    [
        (["azureml-defaults"], ("numpy", "pyarrow")),
        (["AzureML_Core~=1.61.0"], ()),
        (["azureml-sdk==1.20"], ("numpy", "pyarrow")),
        (["azureml-mlflow"], ("mlflow-skinny",)),
        (["azureml-dataset-runtime"], ("numpy", "pyarrow")),
        (["azureml-dataprep"], ()),
        (["azureml-interpret"], ("interpret-community~=0.31.0", "numpy~=1.23.0")),
        (["azureml-sdk[notebooks,explain]"], None),
        (["azureml-of-tomorrow"], ()),
    ],
)
def test_what_came_with_them_is_installed(
    asked: list[str], brought: tuple[str, ...] | None
) -> None:
    replaced = replace_sdk([*asked, "six"])

    assert replaced.others == ("six",)
    if brought is not None:
        assert replaced.brought == brought
    else:
        assert "interpret-community~=0.31.0" in replaced.brought


@pytest.mark.parametrize("extras", ["[pandas]", "[fuse, Pandas]", "[pandas,fuse]~=1.61.0"])
@pytest.mark.parametrize("package", ["azureml-dataset-runtime", "azureml-dataprep"])
def test_pandas_comes_with_an_extra(package: str, extras: str) -> None:
    assert {*replace_sdk([f"{package}{extras}"]).brought} == {*_PANDAS}


@pytest.mark.parametrize(
    ("asked", "others", "brought"),
    [
        ("numpy==1.26.4", ("numpy==1.26.4",), ("pyarrow~=20.0.0",)),
        ("numpy<2", ("numpy<2",), ("pyarrow~=20.0.0",)),
        ("numpy>=2", ("numpy>=2",), ("pyarrow",)),
        ("numpy", ("numpy",), ("pyarrow",)),
        ("pyarrow==14", ("pyarrow==14",), ("numpy",)),
    ],
)
def test_what_the_user_says_counts(
    asked: str, others: tuple[str, ...], brought: tuple[str, ...]
) -> None:
    replaced = replace_sdk([asked, "azureml-defaults"])

    assert (replaced.others, replaced.brought) == (others, brought)


def test_a_version_that_they_need_holds_for_a_package_that_was_asked_for_in_any() -> None:
    replaced = replace_sdk(["NumPy", "pandas", "azureml-dataset-runtime[pandas]"])

    assert (replaced.others, {*replaced.brought}) == ((), {*_PANDAS})


def test_mlflow_holds_its_own_smaller_part() -> None:
    assert replace_sdk(["mlflow", "azureml-mlflow"]).brought == ()


def test_what_answers_here_and_what_does_not_are_told_apart() -> None:
    replaced = replace_sdk(["azureml-core", "azureml-interpret", "azureml-widgets"])

    assert replaced.sentences == (
        "not installed, as this trackboard answers to their names: azureml-core, azureml-widgets",
        "not installed, and nothing here answers to their names: azureml-interpret",
    )
    assert replace_sdk(["six"]).sentences == ()


@pytest.mark.parametrize(
    ("line", "is_here"),
    [
        ("azureml-defaults", True),
        ("azureml-core", True),
        ("azureml-interpret", False),
        ("azureml-responsibleai", False),
    ],
)
def test_whether_this_python_has_it(line: str, is_here: bool) -> None:
    assert is_installed_here(line) is is_here
