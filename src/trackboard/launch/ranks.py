"""What runs: the processes of a job, each with its command, its variables and its log.

All nodes of a job are on this machine. One process alone is called the script, and its log is where the
SDK has it. Of several each has a log of its own; what the first one prints is in both places.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from trackboard.launch.mpi import mpi_command, mpi_variables
from trackboard.launch.share import merge_shares, share_variables
from trackboard.model import CONSOLE, Distribution, JobPlan, Launcher, Share, console_of_rank

CONSOLE_FILE = "console.txt"  # while the script runs, beside the plan
_HOST = "127.0.0.1"
_PORTS = range(20_000, 32_000)  # below those that systems give to whoever does not care


@dataclass(frozen=True)
class Rank:
    """One process of a job."""

    name: str  # for people
    argv: tuple[str, ...]
    variables: Mapping[str, str]
    console: str  # name of the file that takes what it prints, beside the plan
    is_server: bool = False  # serves the others, and is ended when they are done


def make_ranks(
    plan: JobPlan,
    argv: Sequence[str],
    variables: Mapping[str, str],
    shares: Sequence[Share],
    folder: Path,
) -> tuple[Rank, ...]:
    """Decide what is to be started.

    Args:
        plan: The job.
        argv: What each process runs.
        variables: Those of all processes.
        shares: What each node may use; none: nothing was decided.
        folder: Where the plan is, and the consoles will be.

    Raises:
        UsageError: It needs mpirun, and there is none.
    """
    together = plan.distribution
    if together is None:
        own = share_variables(merge_shares(shares), 1, variables)
        return (Rank("the script", tuple(argv), {**variables, **own}, CONSOLE_FILE),)
    if together.launcher is Launcher.MPI:
        own = share_variables(merge_shares(shares), together.processes, variables)
        given = {**mpi_variables(_free_ports(1)[0]), **variables, **own}
        started = mpi_command(together.processes, argv, folder, given)
        return (Rank("mpirun", started, given, CONSOLE_FILE),)
    make = _tensorflow if together.launcher is Launcher.TENSORFLOW else _pytorch
    ranks = make(together)
    nodes = [int(rank.variables["NODE_RANK"]) for rank in ranks]
    whole: list[Rank] = []
    for number, (rank, node) in enumerate(zip(ranks, nodes, strict=True)):
        share = shares[node] if node < len(shares) else Share()
        own = share_variables(share, nodes.count(node), variables)
        said = {**variables, **own, **rank.variables}
        whole.append(replace(rank, argv=tuple(argv), variables=said, console=console_file(number)))
    return tuple(whole)


def list_logs(plan: JobPlan) -> dict[str, str]:
    """Where the run keeps what was printed: the name of the file by path within the run."""
    logs = {CONSOLE: CONSOLE_FILE}
    if plan.distribution is not None:
        numbers = range(plan.distribution.processes)
        logs.update((console_of_rank(n), console_file(n)) for n in numbers)
    return logs


def console_file(number: int) -> str:
    """The name of the file that takes what one of the processes prints."""
    return f"console-{number}.txt" if number else CONSOLE_FILE


def _pytorch(together: Distribution) -> list[Rank]:
    (port,) = _free_ports(1)
    ranks: list[Rank] = []
    nodes = [_node(number, together) for number in range(together.processes)]
    for number, node in enumerate(nodes):
        variables = {
            "MASTER_ADDR": _HOST,
            "MASTER_PORT": str(port),
            "WORLD_SIZE": str(together.processes),
            "RANK": str(number),
            "LOCAL_RANK": str(number - nodes.index(node)),
            "LOCAL_WORLD_SIZE": str(nodes.count(node)),
            "NODE_RANK": str(node),
        }
        ranks.append(Rank(f"rank {number}", (), variables, ""))
    return ranks


def _tensorflow(together: Distribution) -> list[Rank]:
    servers = together.parameter_servers
    workers = together.processes - servers
    addresses = [f"{_HOST}:{port}" for port in _free_ports(together.processes)]
    cluster = {"worker": addresses[:workers]}
    if servers:
        cluster["ps"] = addresses[workers:]
    tasks = [("worker", n) for n in range(workers)] + [("ps", n) for n in range(servers)]
    ranks: list[Rank] = []
    for kind, index in tasks:
        config = {"cluster": cluster, "task": {"type": kind, "index": index}}
        is_server = kind == "ps"
        node = index % together.nodes if is_server else index * together.nodes // workers
        variables = {"TF_CONFIG": json.dumps(config), "NODE_RANK": str(node)}
        name = f"parameter server {index}" if is_server else f"worker {index}"
        ranks.append(Rank(name, (), variables, "", is_server))
    return ranks


def _node(number: int, together: Distribution) -> int:
    return number * together.nodes // together.processes


def _free_ports(count: int) -> list[int]:
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
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
