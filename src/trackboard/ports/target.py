"""The contract of a target: something that can run a job's worker.

A target serves one compute. A handle is a string that only the target that made it can read.
Guarantees: `start` has started exactly one worker when it returns and none when it raises; the worker
does nothing before `find` knows it; `find`, `poll` and `cancel` may be repeated, from any process, for
jobs that ended long ago. `has_room` and `start` are called by one process at a time (the queue's lock).
Not promised: that a worker still runs when `start` returns, or how soon `poll` notices its end.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from trackboard.model import JobPlan, RunId


class WorkerState(enum.Enum):
    """What an engine can say about a worker; what the job did is told by the job's own stream."""

    WAITING = "waiting"  # accepted, not started yet
    ALIVE = "alive"  # also: not provably gone
    GONE = "gone"  # proof: it ended, or the machine restarted


@dataclass(frozen=True)
class WorkerStatus:
    """What became of a worker, with the engine's own words on why where it has any."""

    state: WorkerState
    cause: str = ""
    is_settled: bool = True  # False: what it said last may still be on its way here


@dataclass(frozen=True)
class ComputeNode:
    """A machine of a cluster, as its engine describes it."""

    id: str
    address: str
    is_alive: bool
    cpus: float
    gpus: float
    memory_bytes: int
    runs: tuple[RunId, ...] = ()  # whose workers run there


class Target(Protocol):
    """Something that runs workers.

    Attributes:
        is_here: Whether its workers run on this machine as this user, so that a job inherits the
            variables and the interpreter of the process that submits it.
    """

    is_here: bool

    def check(self, plan: JobPlan) -> None:
        """Refuse, before anything is stored, what could never run here.

        Raises:
            UsageError: It asks for more than there is, or for what this engine cannot do.
            Unavailable: The engine does not answer, or cannot reach the workspace's folder.
        """
        ...

    def has_room(self, nodes: int = 1) -> bool:
        """Whether a job of so many nodes would be taken now; engines with a queue of their own say yes."""
        ...

    def start(self, plan: JobPlan) -> str:
        """Start the worker that carries out `plan`.

        Returns:
            The handle.

        Raises:
            Unavailable: It could not be started now; nothing is left behind.
        """
        ...

    def find(self, run: RunId) -> str | None:
        """The handle of the worker started for a run; None is proof that none ever did anything."""
        ...

    def poll(self, handles: Sequence[str]) -> Mapping[str, WorkerStatus]:
        """Say what became of many workers, in one question to the engine."""
        ...

    def withdraw(self, handle: str) -> bool:
        """Pass on that a job is to end, which its worker does by itself. May be repeated.

        Returns:
            Whether the worker had not begun, and now never will: nobody but the caller will say what
            became of the run.

        Raises:
            Unavailable: The engine did not answer, where it has to.
        """
        ...

    def cancel(self, handle: str) -> None:
        """End a worker and everything it started: politely first, then by force. May be repeated."""
        ...


@runtime_checkable
class Cluster(Protocol):
    """A target whose machines can be looked at."""

    def list_nodes(self) -> tuple[ComputeNode, ...]:
        """The machines there are now.

        Raises:
            UsageError: The engine cannot be asked as the settings say.
            Unavailable: It does not answer.
        """
        ...
