"""Who waits in a queue, and for what, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trackboard.errors import TrackboardError, UsageError
from trackboard.format.amounts import count
from trackboard.launch.context.launch_context import LaunchContext
from trackboard.launch.context.plan_file import load_own_plan
from trackboard.model import QueuedJob


@dataclass(frozen=True)
class WaitingJob:
    """A job in a queue.

    Attributes:
        job: The job.
        number: Its place among those that wait for the same compute target, 1 for the next; 0: it was
            started.
        reason: What it waits for; empty for one that was started.
    """

    job: QueuedJob
    number: int
    reason: str


def list_queue(context: LaunchContext, compute: str | None = None) -> tuple[WaitingJob, ...]:
    """List the jobs of queues, those of a compute target together, in the order in which they start.

    Args:
        context: The workspace.
        compute: Only what is queued for this one.
    """
    jobs = context.store.list_jobs(compute)
    names = dict.fromkeys(job.compute for job in jobs)
    return tuple(
        waiting
        for name in names
        for waiting in _explain(context, [job for job in jobs if job.compute == name])
    )


def _explain(context: LaunchContext, jobs: list[QueuedJob]) -> Iterator[WaitingJob]:
    """Explain the queue of one compute target, as `queue` starts it."""
    yield from (WaitingJob(job, 0, "") for job in jobs if job.claimed)
    holds_up = 0
    for number, job in enumerate((job for job in jobs if not job.claimed), 1):
        reason, is_in_turn = _why(context, job)
        if holds_up:
            reason = f"number {holds_up} comes first"
        elif is_in_turn:
            holds_up = number
        yield WaitingJob(job, number, reason)


def _why(context: LaunchContext, job: QueuedJob) -> tuple[str, bool]:
    """What a job would wait for if it were the next, and whether those behind it wait for it."""
    try:
        plan = load_own_plan(context.paths.job(job.run))
        if plan is None:
            return "another user's: a command of theirs starts it", False
        target = context.target_for(job.compute)
        nodes = count(plan.nodes, "node")
        if target.has_room(plan.nodes):
            return f"{nodes} free: it starts now", True
        cluster = context.store.find_compute(job.compute)
        if cluster is not None and cluster.max_nodes < plan.nodes:
            return f"{nodes}, and {job.compute} has {cluster.max_nodes}", not cluster.max_nodes
        try:
            target.check(plan)
        except UsageError as error:
            return error.message, False
        return f"{nodes} to become free", True
    except TrackboardError as error:
        return error.message, False
