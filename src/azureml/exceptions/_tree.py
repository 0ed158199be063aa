"""The exception classes themselves, and the one translation from trackboard's errors into them.

Part of the recording path: standard library only, also on Python 3.9.
"""

from __future__ import annotations

import contextlib
from typing import Iterator, Optional, Type

from trackboard.errors import Conflict, TrackboardError, Unavailable, UsageError


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


class UserErrorException(AzureMLException):
    """A wrong name, argument or file."""


class ServiceException(AzureMLException):
    """The history could not take or give something.

    The SDK's was no `AzureMLException`, so that `except AzureMLException` missed it; ours is one.
    """

    status_code = 500


class ComputeTargetException(AzureMLException):
    """A compute target is missing, or was configured wrongly."""


class ExperimentExecutionException(AzureMLException):
    """A job could not be submitted."""


class ActivityFailedException(AzureMLException):
    """A run that was waited for has failed."""


class TrainingException(AzureMLException):
    """An estimator was configured wrongly."""


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
    if isinstance(error, (Unavailable, Conflict)):
        return ServiceException(str(error), inner_exception=error)
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
