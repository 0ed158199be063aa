"""The nodes of a cluster as they are now: which of its slots hold which job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trackboard.errors import InternalError, NotFound
from trackboard.launch.context.launch_context import LaunchContext
from trackboard.launch.context.plan_file import load_plan
from trackboard.model import Compute, ResourceLimits, RunId, RunState
from trackboard.ports import Cluster, Slotted
from trackboard.targets.slot_assignment import read_slots


@dataclass(frozen=True)
class Node:
    """One slot."""

    number: int  # from 0
    run: RunId | None = None  # whose job it holds
    state: RunState | None = None  # of that run
    limits: ResourceLimits | None = None  # of that job, or of the next one
    id: str = ""  # as its engine names it; empty: a slot of this machine
    address: str = "127.0.0.1"


def list_nodes(context: LaunchContext, compute: Compute) -> tuple[Node, ...]:
    """Every slot of a cluster, by number; or every machine, where the engine has some of its own.

    There are more than `max_nodes` while jobs run that were there before it was made smaller.
    """
    target = context.target_for(compute.name)
    context.drain()
    if isinstance(target, Cluster):
        return tuple(_list_machines(context, target))
    jobs = [job.run for job in context.store.list_jobs(compute.name) if job.claimed]
    states = (
        {run.id: run.state for run in context.store.list_runs(ids=jobs, deleted=None)}
        if jobs
        else {}
    )
    nodes: dict[int, Node] = {}
    unnumbered: list[RunId] = []
    for run in jobs:
        state = states.get(run, RunState.QUEUED)
        held = read_slots(context.paths.job(run))
        nodes |= {slot.number: Node(slot.number, run, state, slot.share) for slot in held}
        unnumbered += [run] * (0 if held else _count_nodes(context, run))
    for run, number in zip(unnumbered, _free(nodes), strict=False):
        nodes[number] = Node(number, run, states.get(run, RunState.QUEUED))
    idle = compute.max_nodes - len(nodes)
    if idle > 0:
        slot_limits = _slot_limits(context, compute)
        for _, number in zip(range(idle), _free(nodes), strict=False):
            nodes[number] = Node(number, limits=slot_limits.get(number))
    return tuple(nodes[number] for number in sorted(nodes))


def _list_machines(context: LaunchContext, target: Cluster) -> Iterator[Node]:
    for number, each in enumerate(target.list_nodes()):
        found = context.store.list_runs(ids=each.runs[:1], deleted=None) if each.runs else ()
        yield Node(
            number,
            each.runs[0] if each.runs else None,
            found[0].state if found else (RunState.QUEUED if each.runs else None),
            ResourceLimits(cpus=int(each.cpus), memory_bytes=each.memory_bytes),
            each.id,
            each.address,
        )


def _slot_limits(context: LaunchContext, compute: Compute) -> dict[int, ResourceLimits]:
    target = context.target_for(compute.name)
    return dict(enumerate(target.list_slot_limits())) if isinstance(target, Slotted) else {}


def _free(nodes: dict[int, Node]) -> Iterator[int]:
    """Numbers that no node has, as far as asked."""
    number = 0
    while True:
        if number not in nodes:
            yield number
        number += 1


def _count_nodes(context: LaunchContext, run: RunId) -> int:
    try:
        return load_plan(context.paths.job(run)).nodes
    except (NotFound, InternalError):  # the queue says so when it comes to it
        return 1
