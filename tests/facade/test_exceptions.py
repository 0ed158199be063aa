from __future__ import annotations

import pytest

from azureml import exceptions
from azureml.exceptions import AzureMLException, RunEnvironmentException, ServiceException
from azureml.exceptions._tree import MissingException, sdk_errors, translated
from trackboard import errors


@pytest.mark.parametrize("name", exceptions.__all__)
def test_they_are_one_family(name: str) -> None:
    assert issubclass(getattr(exceptions, name), AzureMLException)


def test_attributes_that_user_code_reads() -> None:
    inner = ValueError("inside")
    error = AzureMLException("outside", inner_exception=inner, target="it", details="more")

    assert (error.message, str(error)) == ("outside", "outside")
    assert (error.inner_exception, error.target, error.details) == (inner, "it", "more")
    assert ServiceException("no answer").status_code == 500
    assert "submit the script" in RunEnvironmentException().message


@pytest.mark.parametrize(
    ("raised", "becomes"),
    [
        (errors.UsageError, exceptions.UserErrorException),
        (errors.NotFound, MissingException),  # a UserErrorException and a ServiceException
        (errors.Conflict, exceptions.ServiceException),
        (errors.Unavailable, exceptions.ServiceException),
        (errors.InternalError, exceptions.AzureMLException),
    ],
)
def test_every_family_of_ours_has_its_counterpart(
    raised: type[errors.TrackboardError], becomes: type[AzureMLException]
) -> None:
    error = raised("what happened", hint="What to type.")

    assert type(translated(error)) is becomes
    with pytest.raises(becomes) as caught, sdk_errors():
        raise error
    assert caught.value.message == "what happened\nWhat to type."
    assert caught.value.inner_exception is caught.value.__cause__ is error


def test_where_a_call_has_an_exception_of_its_own_wrong_usage_raises_that() -> None:
    with (
        pytest.raises(exceptions.ComputeTargetException),
        sdk_errors(exceptions.ComputeTargetException),
    ):
        raise errors.UsageError("wrong")


def test_other_exceptions_pass() -> None:
    with pytest.raises(ZeroDivisionError), sdk_errors():
        raise ZeroDivisionError
