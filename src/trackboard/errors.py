"""Every error trackboard raises on purpose, as one small tree.

    TrackboardError
    ├── UsageError      wrong argument, name or file; nothing was changed      (ValueError)
    ├── NotFound        what was asked for does not exist                      (LookupError)
    ├── Conflict        it exists already, or somebody else changed it first   (RuntimeError)
    ├── Unavailable     a disk, lock, process or host did not answer; repeat   (ConnectionError)
    └── InternalError   our own mistake

A message says what happened and with which value; the hint says what would be right and what to type
next. The facade, the server and the command line translate these in one place each; the exit code and the
HTTP status of a family stand on it.
"""

from __future__ import annotations

_MOST = 4_000  # characters of a message: a screen or two, whatever the value in it


class TrackboardError(Exception):
    """Root of every error raised on purpose.

    Args:
        message: What happened, with the value that caused it; a long one is shortened in the middle.
        hint: What is allowed and what to type next; empty when there is nothing to add.
    """

    exit_code = 1
    http_status = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        if len(message) > _MOST:
            left_out = len(message) - _MOST
            half = _MOST // 2
            message = f"{message[:half]} ... {left_out:,} more characters ... {message[-half:]}"
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(TrackboardError, ValueError):
    """The caller passed something that is not allowed; nothing was changed."""

    exit_code = 2
    http_status = 400


class NotFound(TrackboardError, LookupError):
    """What was asked for by name or id does not exist."""

    exit_code = 3
    http_status = 404


class Conflict(TrackboardError, RuntimeError):
    """It exists already, or another process changed it first."""

    exit_code = 4
    http_status = 409


class Unavailable(TrackboardError, ConnectionError):
    """Something outside did not answer in time; the same call may be repeated."""

    exit_code = 5
    http_status = 503


class InternalError(TrackboardError):
    """A belief about our own code turned out wrong: please report it."""

    exit_code = 70
