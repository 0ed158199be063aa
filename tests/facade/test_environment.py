from __future__ import annotations

import pytest

from azureml.core import Environment, Workspace
from azureml.exceptions import UserErrorException


@pytest.mark.parametrize("name", ["AzureML-TensorFlow-2.2-GPU", "azureml-sklearn-1.5"])
def test_curated_names_mean_this_python_which_is_said(
    ws: Workspace, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = Environment.get(ws, name)

    assert isinstance(environment, Environment)
    assert environment.name == name
    said = capsys.readouterr().err
    assert (
        said == f"trackboard: environment {name} stands for this Python, with the packages it has\n"
    )
    Environment.get(workspace=ws, name=name, version="9")
    assert capsys.readouterr().err == "", "once is enough"


def test_another_name_is_an_error_that_says_how_to_make_one(ws: Workspace) -> None:
    with pytest.raises(UserErrorException, match=r"Environment\('mine'\) makes one"):
        Environment.get(ws, "mine")


def test_version_and_label_exclude_each_other(ws: Workspace) -> None:
    with pytest.raises(UserErrorException, match="not both"):
        Environment.get(ws, "AzureML-Minimal", version="1", label="Latest")


def test_a_name_is_text() -> None:
    with pytest.raises(TypeError, match="3 is int, not text"):
        Environment(3)  # type: ignore[arg-type]


def test_variables_belong_to_one_environment() -> None:
    Environment("a").environment_variables["X"] = "1"

    assert Environment("a").environment_variables == {}
