"""What runs: the processes of a job, each with its command, its variables and its log.

All nodes of a job are on this machine, unless it is said where they are. One process alone is called the
script, and its log is where the SDK has it. Of several each has a log of its own; what the first one
prints is in both places.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from trackboard.launch.processes.azure_nodes import node_variables
from trackboard.launch.processes.limits import limit_variables, merge_limits
from trackboard.launch.processes.mpi import mpi_command, mpi_variables
from trackboard.layout import JobPaths
from trackboard.model import (
    CONSOLE,
    Distribution,
    JobPlan,
    Launcher,
    ResourceLimits,
    console_of_rank,
)

_HOST = "127.0.0.1"
_PORTS = range(20_000, 32_000)  # below those that systems give to whoever does not care


class Host(NamedTuple):
    """A machine that one node of a job is on."""

    address: str  # for the other nodes
    ports: tuple[int, ...]  # that nobody listens at


class Rank(NamedTuple):
    """One process of a job."""

    name: str  # for people
    argv: tuple[str, ...]
    variables: Mapping[str, str]
    console: str  # name of the file that takes what it prints, beside the plan
    is_server: bool = False  # serves the others, and is ended when they are done

    @property
    def node(self) -> int:
        """Which node of the job it belongs to."""
        return int(self.variables.get("NODE_RANK", "0"))


def make_ranks(
    plan: JobPlan,
    argv: Sequence[str],
    variables: Mapping[str, str],
    node_limits: Sequence[ResourceLimits],
    job: JobPaths,
    hosts: Sequence[Host] = (),
) -> tuple[Rank, ...]:
    """Decide what is to be started.

    Args:
        plan: The job.
        argv: What each process runs.
        variables: Those of all processes.
        node_limits: What each node may use; none: nothing was decided.
        job: The paths of the job, for what the processes print.
        hosts: One for each node, when they are machines of their own: mpirun is not used then, and
            its variables are set.

    Raises:
        UsageError: It needs mpirun, and there is none.
    """
    together = plan.distribution
    if together is None:
        own = limit_variables(merge_limits(node_limits), 1, variables)
        return (Rank("the script", tuple(argv), {**variables, **own}, job.console(0).name),)
    if together.launcher is Launcher.MPI and not hosts:
        own = limit_variables(merge_limits(node_limits), together.processes, variables)
        azure = node_variables([_HOST] * together.nodes, free_ports(1)[0], 0)  # to mpirun it is one
        given = {**mpi_variables(), **azure, **variables, **own}
        started = mpi_command(together.processes, argv, job, given)
        return (Rank("mpirun", started, given, job.console(0).name),)
    locations = hosts or [Host(_HOST, tuple(free_ports(together.processes)))] * together.nodes
    ranks = _MAKERS[together.launcher](together, locations)
    addresses = [location.address for location in locations]
    nodes = [rank.node for rank in ranks]
    whole: list[Rank] = []
    for number, (rank, node) in enumerate(zip(ranks, nodes, strict=True)):
        limits = node_limits[node] if node < len(node_limits) else ResourceLimits()
        own = limit_variables(limits, nodes.count(node), variables)
        azure = node_variables(addresses, locations[0].ports[0], node)
        said = {**azure, **variables, **own, **rank.variables}
        whole.append(
            rank._replace(argv=tuple(argv), variables=said, console=job.console(number).name)
        )
    return tuple(whole)


def list_logs(plan: JobPlan, job: JobPaths) -> dict[str, Path]:
    """List the files that take what is printed, by the path within the run where that is kept."""
    logs = {CONSOLE: job.console(0)}
    if plan.distribution is not None:
        numbers = range(plan.distribution.processes)
        logs.update((console_of_rank(n), job.console(n)) for n in numbers)
    return logs


def _pytorch(together: Distribution, hosts: Sequence[Host]) -> list[Rank]:
    ranks: list[Rank] = []
    nodes = [_node(number, together) for number in range(together.processes)]
    for number, node in enumerate(nodes):
        variables = {
            "MASTER_ADDR": hosts[0].address,
            "MASTER_PORT": str(hosts[0].ports[0]),
            "WORLD_SIZE": str(together.processes),
            "RANK": str(number),
            "LOCAL_RANK": str(number - nodes.index(node)),
            "LOCAL_WORLD_SIZE": str(nodes.count(node)),
            "NODE_RANK": str(node),
        }
        ranks.append(Rank(f"rank {number}", (), variables, ""))
    return ranks


def _mpi(together: Distribution, hosts: Sequence[Host]) -> list[Rank]:
    """What mpirun would tell each process, whichever it is, and where the first one is."""
    ranks: list[Rank] = []
    for rank in _pytorch(together, hosts):
        said = rank.variables
        variables = {
            "OMPI_COMM_WORLD_RANK": said["RANK"],
            "OMPI_COMM_WORLD_SIZE": said["WORLD_SIZE"],
            "OMPI_COMM_WORLD_LOCAL_RANK": said["LOCAL_RANK"],
            "OMPI_COMM_WORLD_LOCAL_SIZE": said["LOCAL_WORLD_SIZE"],
            "PMI_RANK": said["RANK"],
            "PMI_SIZE": said["WORLD_SIZE"],
            "MASTER_ADDR": said["MASTER_ADDR"],
            "MASTER_PORT": said["MASTER_PORT"],
            "NODE_RANK": said["NODE_RANK"],
        }
        ranks.append(rank._replace(variables=variables))
    return ranks


def _tensorflow(together: Distribution, hosts: Sequence[Host]) -> list[Rank]:
    servers = together.parameter_servers
    workers = together.processes - servers
    tasks = [("worker", n) for n in range(workers)] + [("ps", n) for n in range(servers)]
    locations = [
        index % together.nodes if kind == "ps" else index * together.nodes // workers
        for kind, index in tasks
    ]
    addresses = [
        f"{hosts[node].address}:{hosts[node].ports[number]}"
        for number, node in enumerate(locations)
    ]
    cluster = {"worker": addresses[:workers]}
    if servers:
        cluster["ps"] = addresses[workers:]
    ranks: list[Rank] = []
    for (kind, index), node in zip(tasks, locations, strict=True):
        config = {"cluster": cluster, "task": {"type": kind, "index": index}}
        is_server = kind == "ps"
        variables = {"TF_CONFIG": json.dumps(config), "NODE_RANK": str(node)}
        name = f"parameter server {index}" if is_server else f"worker {index}"
        ranks.append(Rank(name, (), variables, "", is_server))
    return ranks


_MAKERS = {
    Launcher.PYTORCH: _pytorch,
    Launcher.TENSORFLOW: _tensorflow,
    Launcher.MPI: _mpi,
}


def _node(number: int, together: Distribution) -> int:
    return number * together.nodes // together.processes


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens at now; all different."""
    ports: list[int] = []
    start = int.from_bytes(os.urandom(4), "big")  # jobs that start at once shall not meet
    for step in range(len(_PORTS)):
        port = _PORTS[(start + step) % len(_PORTS)]
        if _is_free(port):
            ports.append(port)
            if len(ports) == count:
                return ports
    raise OSError(f"no {count} ports are free from {_PORTS.start} to {_PORTS.stop - 1}")


def _is_free(port: int) -> bool:
    import socket  # few jobs are distributed

    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
