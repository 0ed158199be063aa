"""The nodes of a cluster as they are now: which of its slots hold which job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trackboard.errors import InternalError, NotFound
from trackboard.launch.context.launch_context import Site
from trackboard.launch.context.plan_file import load_plan
from trackboard.model import Compute, RunId, RunState, Share
from trackboard.ports import Cluster, Slotted
from trackboard.targets.slot_assignment import read_slots


@dataclass(frozen=True)
class Node:
    """One slot."""

    number: int  # from 0
    run: RunId | None = None  # whose job it holds
    state: RunState | None = None  # of that run
    share: Share | None = None  # what it gives to that job, or would give to the next
    id: str = ""  # as its engine names it; empty: a slot of this machine
    address: str = "127.0.0.1"


def list_nodes(site: Site, compute: Compute) -> tuple[Node, ...]:
    """Every slot of a cluster, by number; or every machine, where the engine has some of its own.

    There are more than `max_nodes` while jobs run that were there before it was made smaller.
    """
    target = site.target_for(compute.name)
    site.drain()
    if isinstance(target, Cluster):
        return tuple(_list_machines(site, target))
    jobs = [job.run for job in site.store.list_jobs(compute.name) if job.claimed]
    states = {run.id: run.state for run in site.store.list_runs(ids=jobs)} if jobs else {}
    nodes: dict[int, Node] = {}
    unnumbered: list[RunId] = []
    for run in jobs:
        state = states.get(run, RunState.QUEUED)
        held = read_slots(site.paths.job(run))
        nodes |= {slot.number: Node(slot.number, run, state, slot.share) for slot in held}
        unnumbered += [run] * (0 if held else _count_nodes(site, run))
    for run, number in zip(unnumbered, _free(nodes), strict=False):
        nodes[number] = Node(number, run, states.get(run, RunState.QUEUED))
    idle = compute.max_nodes - len(nodes)
    if idle > 0:
        shares = _shares(site, compute)
        for _, number in zip(range(idle), _free(nodes), strict=False):
            nodes[number] = Node(number, share=shares.get(number))
    return tuple(nodes[number] for number in sorted(nodes))


def _list_machines(site: Site, target: Cluster) -> Iterator[Node]:
    for number, each in enumerate(target.list_nodes()):
        found = site.store.list_runs(ids=each.runs[:1]) if each.runs else ()
        yield Node(
            number,
            each.runs[0] if each.runs else None,
            found[0].state if found else (RunState.QUEUED if each.runs else None),
            Share(cpus=int(each.cpus), memory_bytes=each.memory_bytes),
            each.id,
            each.address,
        )


def _shares(site: Site, compute: Compute) -> dict[int, Share]:
    target = site.target_for(compute.name)
    return dict(enumerate(target.list_shares())) if isinstance(target, Slotted) else {}


def _free(nodes: dict[int, Node]) -> Iterator[int]:
    """Numbers that no node has, as far as asked."""
    number = 0
    while True:
        if number not in nodes:
            yield number
        number += 1


def _count_nodes(site: Site, run: RunId) -> int:
    try:
        return load_plan(site.paths.job(run)).nodes
    except (NotFound, InternalError):  # the queue says so when it comes to it
        return 1
