"""A run and the life it leads: states, who may change them, and what a reader gets to see."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple, Optional

from trackboard.model.ids import RunId

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


@dataclass(frozen=True)
class Run:
    """One run as it is stored. Times are seconds since the Unix epoch (UTC)."""

    id: RunId
    experiment: str
    number: int  # counts up within the experiment, from 1; given when *created* is stored
    given_name: str  # what people called it, "" when nobody did
    parent: Optional[RunId]
    kind: RunKind
    state: RunState
    cause: str  # why it failed, or what it waits for; "" when there is nothing to say
    created_s: float
    started_s: Optional[float]
    ended_s: Optional[float]
    lost_points: int  # what the writer could not store (full disk), as it counted itself
    warnings: tuple[str, ...]  # oddities met while storing, oldest first
    description: str = ""

    @property
    def name(self) -> str:
        """What to call it: what people gave, else `run-<number>`, or its id where no more is known."""
        return self.given_name or (f"run-{self.number}" if self.number > 0 else self.id)
