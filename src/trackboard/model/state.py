"""The life that a run leads: its states, and who may change them."""

from __future__ import annotations

import enum
from typing import NamedTuple

LOST = "lost"  # no state of a run, but what a reader has to call it
REASON = (
    "trackboard.error"  # the property with the first reason of a process that may not end the run
)


class RunState(str, enum.Enum):
    """Where a run is in its life. The order is the usual one; only the last three are terminal."""

    NOT_STARTED = "not_started"  # announced, nothing runs yet
    QUEUED = "queued"  # waits for a slot of its compute
    PREPARING = "preparing"  # its environment and working copy are being made
    STARTING = "starting"  # its process is about to start
    RUNNING = "running"  # its own code runs
    FINALIZING = "finalizing"  # its code has ended, its files are being kept
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_terminal(self) -> bool:
        """Whether the run will never do anything again."""
        return self in _TERMINAL


_TERMINAL = frozenset((RunState.COMPLETED, RunState.FAILED, RunState.CANCELED))


class RunKind(str, enum.Enum):
    """What started a run."""

    INTERACTIVE = "interactive"  # a notebook or script logs for itself
    JOB = "job"  # submitted to a compute target


class StateStamp(NamedTuple):
    """Orders the state records of one run, wherever and whenever they arrive."""

    attempt: int  # 0 for the first try; a resumed or repeated run counts up
    terminal: bool
    sequence: int  # counts the owner's state records within one attempt

    def supersedes(self, other: StateStamp) -> bool:
        """Whether this record wins: higher attempt, then terminal over not, then the later one."""
        return tuple(self) > tuple(other)
