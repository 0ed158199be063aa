"""The contract of a target: something that can run a job's worker.

A target serves one compute. A handle is a string that only the target that made it can read.
Guarantees: `start` has started exactly one worker when it returns and none when it raises; the worker
does nothing before `find` knows it; `find`, `poll` and `cancel` may be repeated, from any process, for
jobs that ended long ago. `has_room` and `start` are called by one process at a time (the queue's lock).
Not promised: that a worker still runs when `start` returns, or how soon `poll` notices its end.

How a worker is started, for an engine whose machines see the workspace's folder:

1. `start` keeps the handle (`layout.handle.save_handle`) before it asks the engine for anything: what is
   not on the disk was never asked for. The queue has kept the engine's name beside it.
2. The engine runs `worker_command(plan.run, folder)` once, on one machine, in any folder, with
   trackboard installed there (Python 3.11 or newer). Standard error goes to `JobPaths.worker_log`, or
   nowhere. Exit code 0 means that the run says how it ended, also when the script failed.
3. The worker takes the start lock (`layout.start_lock`) before anything else: an engine may start it
   twice, or after it was canceled; who finds the lock taken does nothing. It reads the plan, prepares
   the environment, runs the script in `JobPaths.work`, and reports through a spool of its own.
4. It ends the script by itself when the cancel flag (`layout.cancel_flag`) appears, and when it receives
   SIGTERM. `cancel_if_not_started` sets the flag and, where the worker has not begun, takes the start lock:
   then it never will. `cancel` ends the worker by the means of the engine, and by force after half a minute.

Of the files of a job (`layout.paths.JobPaths`) the client writes `plan`, the queue `engine`, the target
`handle` and `worker_log`, the worker all others.
"""

from __future__ import annotations

import enum
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from trackboard.model import JobPlan, ResourceLimits, RunId


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


@dataclass(frozen=True)
class TargetMachine:
    """What is known of the machine that a job will run on, before anything is planned.

    Attributes:
        is_here: Whether workers run on this machine as this user, so that a job inherits the variables
            and the interpreter of the process that submits it.
    """

    is_here: bool


@dataclass(frozen=True)
class TargetSpec:
    """A compute target, as an engine is asked to serve it.

    Attributes:
        folder: The workspace's folder, absolute.
        compute: The name of the compute target.
        cpus: The processors of one node; None: the settings do not say.
        memory_bytes: The memory of one node; None: the settings do not say.
        gpus: The GPUs of one node; None: the settings do not say.
        max_nodes: How many nodes there are; None: nobody has said.
        address: The machine that was attached under this name; empty: none was.
        options: What `Engine.read_options` returned.
    """

    folder: Path
    compute: str
    cpus: int | None = None
    memory_bytes: int | None = None
    gpus: int | None = None
    max_nodes: int | None = None
    address: str = ""
    options: Hashable = None


class Engine(Protocol):
    """A kind of targets, registered by an entry point of the group `trackboard.targets`.

    The entry point's name is what `engine = "<name>"` means in `trackboard.toml`; it leads to an object
    with these methods.
    """

    def read_options(self, where: str, options: Mapping[str, Any]) -> Hashable:
        """Check what the settings say beside `cpus`, `memory_gb` and `gpus`.

        Args:
            where: The file and the table, for messages.
            options: The values by key, as TOML has them.

        Returns:
            What `open` finds in `TargetSpec.options`.

        Raises:
            UsageError: A key is not known, or a value cannot be; see `trackboard.config.check_options`.
        """
        ...

    def open(self, spec: TargetSpec) -> Target:
        """Open the target of a compute target; nothing is asked of the engine yet."""
        ...


class Target(Protocol):
    """Something that runs workers.

    Attributes:
        engine: The name under which its engine is registered.
    """

    engine: str

    def describe(self) -> TargetMachine:
        """Say what is known of the machine that jobs run on; asked before a job is planned."""
        ...

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

    def cancel_if_not_started(self, handle: str) -> bool:
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
class Slotted(Protocol):
    """A target that gives numbered slots of one machine."""

    def list_slot_limits(self) -> tuple[ResourceLimits, ...]:
        """Return what each slot would give to a job of this process; nothing where there are no slots."""
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


def worker_command(run: RunId, folder: str, python: str = "python") -> tuple[str, ...]:
    """Return the command line of a worker on a machine that sees the workspace's folder.

    Args:
        run: The run of the job.
        folder: The workspace's folder, as that machine sees it.
        python: The interpreter there, which has trackboard.
    """
    return (python, "-P", "-m", "trackboard", "node-worker", run, "--workspace", folder)
