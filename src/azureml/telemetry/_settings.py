"""What notebooks say about diagnostics: there are none."""

from __future__ import annotations

import logging
from typing import Any, Optional, Tuple

from azureml._console import print_line

_said: Tuple[bool, int] = (False, logging.INFO)


class UserErrorException(Exception):
    """The package's own error of this name; it is none of `azureml.exceptions`."""


def set_diagnostics_collection(
    send_diagnostics: bool = True,
    verbosity: int = logging.INFO,
    reason: str = "",
    path: Optional[str] = None,
) -> None:
    """Remember what was said, for this process. Nothing is collected, written or sent.

    Args:
        send_diagnostics: What `get_diagnostics_collection_info` shall answer.
        verbosity: What `get_diagnostics_collection_info` shall answer, too.
        reason: Accepted.
        path: Accepted; no file is written.
    """
    global _said
    _said = (bool(send_diagnostics), verbosity)
    if send_diagnostics:
        print_line("Diagnostics: nothing is collected, and nothing is sent.")


def get_diagnostics_collection_info(
    component_name: Optional[str] = None, path: Optional[str] = None
) -> Tuple[bool, int]:
    """What `set_diagnostics_collection` was told last: whether, and the verbosity."""
    return _said


def get_telemetry_log_handler(*args: Any, **kwargs: Any) -> logging.Handler:
    """A handler that drops everything."""
    return logging.NullHandler()


class _EventLogger:
    """Takes events and drops them."""

    def log_event(self, *args: Any, **kwargs: Any) -> None:
        """Drop an event."""

    def flush(self) -> None:
        """There is nothing to send."""


def get_event_logger(**kwargs: Any) -> _EventLogger:
    """A logger that drops everything."""
    return _EventLogger()
