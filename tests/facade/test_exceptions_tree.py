"""The exceptions that user code catches, and the modules it takes them from."""

from __future__ import annotations

import pytest

import azureml.core.compute_target
import azureml.exceptions as tree
from azureml.exceptions._tree import translated
from trackboard.errors import Conflict, InternalError, NotFound, Unavailable, UsageError

BASES = {
    "UserErrorException": "AzureMLException",
    "AuthenticationException": "UserErrorException",
    "ComputeTargetException": "AzureMLException",
    "ExperimentExecutionException": "AzureMLException",
    "ActivityFailedException": "AzureMLException",
    "RunConfigurationException": "AzureMLException",
    "TrainingException": "AzureMLException",
    "SnapshotException": "AzureMLException",
    "ProjectSystemException": "AzureMLException",
    "WorkspaceException": "AzureMLException",
    "RunEnvironmentException": "AzureMLException",
    "ModelPathNotFoundException": "AzureMLException",
    "ModelNotFoundException": "AzureMLException",
    "WebserviceException": "AzureMLException",
    "AzureMLAggregatedException": "AzureMLException",
    "DatasetTimestampMissingError": "AzureMLException",
    "DiscoveryUrlNotFoundException": "AzureMLException",
    "ParallelRunException": "AzureMLException",
    "WorkspacePrivateEndpointException": "AzureMLException",
    "ServiceException": "AzureMLException",
}


@pytest.mark.parametrize(("name", "base"), BASES.items())
def test_names_and_bases(name: str, base: str) -> None:
    assert issubclass(getattr(tree, name), getattr(tree, base))
    assert name in tree.__all__


def test_what_they_carry(capsys: pytest.CaptureFixture[str]) -> None:
    inner = ValueError("x")
    error = tree.UserErrorException("wrong", inner_exception=inner, target="t", details={"a": 1})

    assert (error.message, str(error), error.inner_exception) == ("wrong", "wrong", inner)
    error.print_stacktrace()
    assert "wrong" in capsys.readouterr().err
    assert tree.WebserviceException("gone", status_code=404).status_code == 404
    assert tree.WorkspaceException("two", found_multiple=True).found_multiple
    assert tree.AzureMLAggregatedException([inner, error]).message == "x\nwrong"
    assert tree.RunEnvironmentException().message


def test_the_one_of_compute_targets_is_the_same() -> None:
    assert azureml.core.compute_target.ComputeTargetException is tree.ComputeTargetException


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (Conflict("c"), tree.ServiceException, 409),
        (Unavailable("u"), tree.ServiceException, 503),
        (NotFound("n"), tree.ServiceException, 404),
        (NotFound("n"), tree.UserErrorException, 404),
        (UsageError("u"), tree.UserErrorException, None),
        (InternalError("i"), tree.AzureMLException, None),
    ],
    ids=repr,
)
def test_ours_become_theirs(error: Exception, kind: type[Exception], code: int | None) -> None:
    found = translated(error)  # type: ignore[arg-type]

    assert isinstance(found, kind)
    assert getattr(found, "status_code", None) == code
    assert found.inner_exception is error
