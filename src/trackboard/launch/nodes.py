"""The nodes of a cluster as they are now: which of its slots hold which job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trackboard.errors import InternalError, NotFound
from trackboard.launch.plan_file import load_plan
from trackboard.launch.site import Site
from trackboard.model import Compute, RunId, RunState


@dataclass(frozen=True)
class Node:
    """One slot."""

    number: int  # from 0
    run: RunId | None = None  # whose job it holds
    state: RunState | None = None  # of that run


def list_nodes(site: Site, compute: Compute) -> tuple[Node, ...]:
    """Every slot of a cluster, those that hold a job first.

    There are more than `max_nodes` while jobs run that were there before it was made smaller.
    """
    site.drain()
    held = list(_list_held(site, compute.name))
    idle = compute.max_nodes - len(held)
    slots = [*held, *[(None, None)] * idle]
    return tuple(Node(number, run, state) for number, (run, state) in enumerate(slots))


def _list_held(site: Site, compute: str) -> Iterator[tuple[RunId, RunState]]:
    jobs = [job.run for job in site.store.list_jobs(compute) if job.claimed]
    states = {run.id: run.state for run in site.store.list_runs(ids=jobs)} if jobs else {}
    for run in jobs:
        yield from [(run, states.get(run, RunState.QUEUED))] * _count_nodes(site, run)


def _count_nodes(site: Site, run: RunId) -> int:
    try:
        return load_plan(site.job_folder(run)).nodes
    except (NotFound, InternalError):  # the queue says so when it comes to it
        return 1
