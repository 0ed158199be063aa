"""The exception classes themselves, and the one translation from trackboard's errors into them.

Part of the recording path: standard library only, also on Python 3.9.
"""

from __future__ import annotations

import contextlib
from typing import Iterator, Optional, Sequence, Type

from trackboard.errors import Conflict, NotFound, TrackboardError, Unavailable, UsageError


class AzureMLException(Exception):
    """Root of the SDK's exceptions.

    Args:
        exception_message: What happened.
        inner_exception: What caused it.
        target: What it happened to.
        details: More about it.
    """

    def __init__(
        self,
        exception_message: str,
        inner_exception: Optional[BaseException] = None,
        target: Optional[object] = None,
        details: Optional[object] = None,
    ) -> None:
        super().__init__(exception_message)
        self.message = exception_message
        self.inner_exception = inner_exception
        self.target = target
        self.details = details

    def __str__(self) -> str:
        return self.message

    def print_stacktrace(self) -> None:
        """Print where it came from."""
        import traceback  # a third of what importing these classes would cost

        traceback.print_exception(type(self), self, self.__traceback__)


class UserErrorException(AzureMLException):
    """A wrong name, argument or file."""

    _error_code = "UserError"


class AuthenticationException(UserErrorException):
    """Never raised: there is nothing to sign in to."""


class ServiceException(AzureMLException):
    """The history could not take or give something.

    The SDK's was no `AzureMLException`, so that `except AzureMLException` missed it; ours is one.

    Args:
        status_code: What a web service would have answered: 404 not there, 409 conflict, 503 busy.
    """

    response = None

    def __init__(
        self,
        exception_message: str,
        inner_exception: Optional[BaseException] = None,
        target: Optional[object] = None,
        details: Optional[object] = None,
        status_code: int = 500,
    ) -> None:
        super().__init__(exception_message, inner_exception, target, details)
        self.status_code = status_code


class MissingException(ServiceException, UserErrorException):
    """What was asked for by name is not there.

    The SDK raised the one for some things and the other for others; this is caught as either.
    """


class AbsentException(UserErrorException, AttributeError):
    """Something of the SDK was used that there is not here; `hasattr` says that it is not there."""


class ComputeTargetException(AzureMLException):
    """A compute target is missing, or was configured wrongly."""


class ExperimentExecutionException(AzureMLException):
    """A job could not be submitted."""


class ActivityFailedException(AzureMLException):
    """A run that was waited for has failed."""


class ActivityCanceledException(AzureMLException):
    """Never raised: waiting for a run that is canceled returns."""


class RunConfigurationException(AzureMLException):
    """A job's configuration does not fit together."""


class TrainingException(AzureMLException):
    """An estimator was configured wrongly."""


class SnapshotException(AzureMLException):
    """A snapshot could not be taken or given back."""


class ProjectSystemException(AzureMLException):
    """A workspace is not there."""


class WorkspaceException(AzureMLException):
    """A workspace could not be made or found.

    Args:
        found_multiple: Whether there were several.
    """

    def __init__(
        self,
        exception_message: str,
        inner_exception: Optional[BaseException] = None,
        target: Optional[object] = None,
        details: Optional[object] = None,
        found_multiple: bool = False,
    ) -> None:
        super().__init__(exception_message, inner_exception, target, details)
        self.found_multiple = found_multiple


class ModelPathNotFoundException(AzureMLException):
    """The files of a model to be registered are not there."""


class ModelNotFoundException(AzureMLException):
    """A model is not on this machine."""


class WebserviceException(AzureMLException):
    """Something about models is wrong or missing.

    Args:
        status_code: What a web service would have answered.
    """

    def __init__(
        self,
        exception_message: str,
        inner_exception: Optional[BaseException] = None,
        target: Optional[object] = None,
        details: Optional[object] = None,
        status_code: Optional[int] = None,
    ) -> None:
        super().__init__(exception_message, inner_exception, target, details)
        self.status_code = status_code


class AzureMLAggregatedException(AzureMLException):
    """Several errors at once.

    Args:
        exceptions_list: The errors, in the order of the message's lines.
    """

    def __init__(self, exceptions_list: Sequence[BaseException]) -> None:
        super().__init__("\n".join(str(error) for error in exceptions_list))
        self.exceptions = list(exceptions_list)


class DatasetTimestampMissingError(UserErrorException):
    """Never raised: there are no datasets yet."""


class DiscoveryUrlNotFoundException(AzureMLException):
    """Never raised: there is no service to discover."""


class ParallelRunException(AzureMLException):
    """Never raised: there are no pipelines yet."""


class WorkspacePrivateEndpointException(AzureMLException):
    """Never raised: there is no network."""


class RunEnvironmentException(AzureMLException):
    """There is no job around this process."""

    def __init__(self) -> None:
        super().__init__(
            "This process was not started as a job, so it has no run of its own."
            " Call Run.get_context() without allow_offline=False, or submit the script."
        )


def translated(
    error: TrackboardError, usage: Type[AzureMLException] = UserErrorException
) -> AzureMLException:
    """The SDK's exception for one of trackboard's errors.

    Args:
        error: What was raised below.
        usage: The class for what the user got wrong here.
    """
    if isinstance(error, Conflict):
        return ServiceException(str(error), inner_exception=error, status_code=409)
    if isinstance(error, Unavailable):
        return ServiceException(str(error), inner_exception=error, status_code=503)
    if isinstance(error, NotFound) and usage is UserErrorException:
        return MissingException(str(error), inner_exception=error, status_code=404)
    if isinstance(error, (UsageError, LookupError)):
        return usage(str(error), inner_exception=error)
    return AzureMLException(str(error), inner_exception=error)


@contextlib.contextmanager
def sdk_errors(usage: Type[AzureMLException] = UserErrorException) -> Iterator[None]:
    """Raise the SDK's exceptions for trackboard's errors from the block."""
    try:
        yield
    except TrackboardError as error:
        raise translated(error, usage) from error
