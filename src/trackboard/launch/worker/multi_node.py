"""A job whose nodes are machines of their own: its processes are started, and followed, by a part on each.

The parts are reached through whatever the cluster has for that (`Gang`). Who leads them has the run and
its console, and sees what they print in the folder that all of them share.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from trackboard.environments import Prepared, prepare_environment
from trackboard.errors import InternalError, Unavailable
from trackboard.launch.context.job_log import append_lines
from trackboard.launch.context.plan_file import load_plan
from trackboard.launch.processes.interpreter import make_command
from trackboard.launch.processes.ranks import Host, Rank, free_ports, make_ranks
from trackboard.launch.processes.supervisor import Failure, Processes, Supervisor
from trackboard.launch.worker.machines import Stage
from trackboard.launch.worker.node_adapter import NodeAdapter
from trackboard.layout import JobPaths, WorkspacePaths
from trackboard.layout.cancel_flag import is_cancel_requested
from trackboard.model import JobPlan, ResourceLimits, RunState

_STEP_S = 0.5
_REPORT_S = 10.0


class Gang(Protocol):
    """One `NodePart` on each node of a job."""

    def reserve(self, timeout_s: float) -> bool:
        """Whether all nodes are there; waits for so long at most. All or none are taken."""
        ...

    def ask(self, node: int, method: str, *words: Any) -> object:
        """Call a method of a part.

        Returns:
            What to give to `wait`.
        """
        ...

    def wait(self, asked: Sequence[object], timeout_s: float) -> Sequence[Any] | None:
        """The answers once all are there; None when the time is over before.

        Raises:
            Unavailable: A node is gone.
        """
        ...

    def close(self) -> None:
        """End the parts and give the nodes back. May be repeated."""
        ...


@dataclass(frozen=True)
class PartState:
    """How the processes of one node are."""

    has_ended: bool
    failed: Rank | None = None
    code: int = 0
    left: bool = False


class NodePart:
    """What one node of a job does; it lives in a process there.

    Args:
        workspace: The workspace's folder as this node sees it.
        run: The run of the job.
        address: Where the other nodes reach this one.
        variables: Those of this node.
    """

    def __init__(
        self, workspace: str, run: str, address: str, variables: Mapping[str, str]
    ) -> None:
        self._job = WorkspacePaths(Path(workspace)).job(run)
        self._address = address
        self._plan = NodeAdapter(Path(workspace), variables).adapt(load_plan(self._job))
        self._prepared: Prepared | None = None
        self._supervisor: Supervisor | None = None

    def report_host(self, ports: int) -> tuple[str, Host]:
        """Its name, and where the other nodes reach it."""
        return socket.gethostname(), Host(self._address, tuple(free_ports(ports)))

    def prepare(self) -> bool:
        """Find or build the environment; whether nobody wanted the job to end meanwhile."""
        self._prepared = prepare_environment(
            self._plan.environment,
            self._plan.variables,
            report=lambda line: append_lines(
                self._job.console(0), f"{socket.gethostname()}: {line}"
            ),
            is_canceled=lambda: is_cancel_requested(self._job),
        )
        return self._prepared is not None

    def start(self, ranks: Sequence[Rank], work: str) -> None:
        """Start the processes of this node."""
        if self._prepared is None:
            raise InternalError("processes are started before their environment is there")
        argv, variables = make_command(self._plan, self._prepared, self._job)
        whole = [
            rank._replace(argv=argv, variables={**variables, **rank.variables}) for rank in ranks
        ]
        self._supervisor = Supervisor(whole, Path(work), self._job.folder)

    def wait(self, timeout_s: float) -> PartState:
        """How they are after so long at most."""
        supervisor = self._supervisor
        if supervisor is None:
            return PartState(has_ended=True)
        has_ended = supervisor.wait(timeout_s)
        failure = supervisor.failure
        bare = None if failure is None else failure.rank._replace(argv=(), variables={})
        return PartState(has_ended, bare, 0 if failure is None else failure.code, supervisor.left)

    def end(self) -> None:
        """Ask them to end."""
        if self._supervisor is not None:
            self._supervisor.end()

    def kill(self) -> None:
        """End them by force."""
        if self._supervisor is not None:
            self._supervisor.kill()

    def close(self) -> None:
        """End what is left of them."""
        if self._supervisor is not None:
            self._supervisor.close()
        if self._prepared is not None:
            self._prepared.release()


class NodesSupervisor:
    """The processes of all nodes, as `Supervisor` is those of this machine.

    Args:
        gang: Their parts.
        ranks: What to start, each on its node.
        nodes: How many nodes there are.
        work: Where they run.
    """

    def __init__(self, gang: Gang, ranks: Sequence[Rank], nodes: int, work: Path) -> None:
        self.failure: Failure | None = None
        self.left = False
        self._gang = gang
        self._nodes = range(nodes)
        self._ended: set[int] = set()
        self._servers = {
            node for node in self._nodes if all(r.is_server for r in ranks if r.node == node)
        }
        self._is_told = False
        started = [
            gang.ask(node, "start", [rank for rank in ranks if rank.node == node], str(work))
            for node in self._nodes
        ]
        if gang.wait(started, 60.0) is None:
            raise Unavailable("the nodes did not start their processes within 60 s")

    @property
    def pids(self) -> set[int]:
        """None of them is on this machine for sure."""
        return set()

    def list_pids(self, *, orphans: bool) -> set[int]:
        """None of them is on this machine for sure."""
        del orphans
        return set()

    def wait(self, timeout_s: float) -> bool:
        """See `Supervisor.wait`; the first failure ends the processes of all nodes."""
        waiting = [node for node in self._nodes if node not in self._ended]
        asked = [self._gang.ask(node, "wait", timeout_s) for node in waiting]
        states = self._gang.wait(asked, timeout_s + 60.0)
        if states is None:
            raise Unavailable("a node of the job has not answered for 60 s")
        for node, state in zip(waiting, states, strict=True):
            self.left = self.left or state.left
            if state.failed is not None and self.failure is None and not self._is_told:
                self.failure = Failure(state.failed, state.code)
            if state.has_ended:
                self._ended.add(node)
        only_servers = set(self._nodes) - self._ended <= self._servers
        if (self.failure is not None or only_servers) and not self._is_told:
            self.end()
        return len(self._ended) == len(self._nodes)

    def end(self) -> None:
        """Ask all of them to end; each part ends its own by force after a while."""
        self._is_told = True
        self._broadcast("end")

    def kill(self) -> None:
        """End all of them by force."""
        self._broadcast("kill")

    def close(self) -> None:
        """End what is left, and give the nodes back."""
        try:
            self._broadcast("close")
        finally:
            self._gang.close()

    def _broadcast(self, method: str) -> None:
        try:
            self._gang.wait([self._gang.ask(node, method) for node in self._nodes], 30.0)
        except Unavailable:
            return  # whose node is gone needs to be told nothing


class SeveralNodes:
    """The nodes of a job, each with a part that starts its processes.

    Args:
        gang: The parts.
        job: The job's paths.
        node_limits: What each node may use.

    Attributes:
        limit_bytes: None: each node looks after itself.
    """

    limit_bytes: int | None = None

    def __init__(self, gang: Gang, job: JobPaths, node_limits: Sequence[ResourceLimits]) -> None:
        self._gang = gang
        self._job = job
        self._node_limits = node_limits
        self._hosts: list[Host] = []

    def prepare(self, stage: Stage) -> Prepared | None:
        """Wait for the nodes, and prepare the environment on each."""
        plan = stage.plan
        assert plan.distribution is not None
        append_lines(stage.console, f"waiting for {plan.nodes} nodes")
        began_s = next_report_s = time.monotonic()
        while not self._gang.reserve(_STEP_S):
            stage.follower.poll()
            stage.beat()
            if time.monotonic() >= next_report_s:
                next_report_s += _REPORT_S
                stage.live.set_state(RunState.PREPARING, f"waiting for {plan.nodes} nodes")
            if stage.is_ended():
                return None
        found = self._ask_all(stage, "report_host", plan.distribution.processes)
        self._hosts = [host for _, host in found]
        names = ", ".join(name for name, _ in found)
        append_lines(stage.console, f"nodes after {time.monotonic() - began_s:.0f} s: {names}")
        if not all(self._ask_all(stage, "prepare")):
            return None  # a node has seen the cancel flag
        return Prepared(plan.environment.interpreter)

    def start(self, plan: JobPlan, prepared: Prepared, work: Path) -> Processes:
        """Start the processes of all nodes."""
        del prepared  # each node has its own
        ranks = make_ranks(plan, (), {}, self._node_limits, self._job, self._hosts)
        return NodesSupervisor(self._gang, ranks, plan.nodes, work)

    def _ask_all(self, stage: Stage, method: str, *words: Any) -> Sequence[Any]:
        asked = [self._gang.ask(node, method, *words) for node in range(stage.plan.nodes)]
        while (answers := self._gang.wait(asked, _STEP_S)) is None:
            stage.follower.poll()
            stage.beat()
        return answers
