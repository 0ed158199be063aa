"""The queue: who runs next is decided by whoever comes along, one at a time.

There is no daemon. Every submit, every status call and every worker that ends advances the queue; a lock
makes them take turns, so that the order is kept and a slot is never given twice. One that is killed
halfway leaves a claimed job without a handle: the next one puts it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from trackboard.errors import InternalError, NotFound, Unavailable, UsageError
from trackboard.launch.context.job_log import tail
from trackboard.launch.context.launch_context import LaunchContext
from trackboard.launch.context.plan_file import load_own_plan
from trackboard.launch.context.working_copy import remove_work
from trackboard.launch.queue.recovery import recover_submissions
from trackboard.layout.cancel_flag import request_cancel
from trackboard.layout.handle import save_engine
from trackboard.layout.locks import hold
from trackboard.model import JobPlan, QueuedJob, RunId
from trackboard.notice import say_once
from trackboard.ports import Target, WorkerState, WorkerStatus

_LOCK_TIMEOUT_S = 10.0


def advance_queue(
    context: LaunchContext,
    planned: JobPlan | None = None,
    *,
    lock_timeout_s: float = _LOCK_TIMEOUT_S,
) -> tuple[RunId, ...]:
    """Start what waits and has room, and clear away what ended without saying so.

    Args:
        context: The workspace.
        planned: A plan that this process has just made and kept, and need not read.
        lock_timeout_s: How long another process that holds the queue is waited for.

    Returns:
        The runs whose workers were started.

    Raises:
        Unavailable: A worker could not be started, or another process holds the queue; what waits
            goes on waiting.
    """
    recover_submissions(context)
    jobs = context.store.list_jobs()
    if not jobs:
        return ()
    computes = dict.fromkeys(job.compute for job in jobs)
    started: list[RunId] = []
    gone: list[tuple[QueuedJob, WorkerStatus]] = []
    refused: list[Unavailable] = []
    with _hold_queue(context, lock_timeout_s):
        for compute in computes:
            try:
                gone += _find_dead(context, compute)
                started += _start_waiting(context, compute, planned)
            except Unavailable as exc:
                refused.append(exc)
            except (NotFound, UsageError, InternalError) as exc:  # the others are not to blame
                say_once(f"jobs for the compute target {compute!r} wait: {exc}")
    for job, status in gone:
        _finish_dead(context, job, status)
    if refused:
        raise refused[0]
    return tuple(started)


def cancel(context: LaunchContext, run: RunId) -> None:
    """End a job: at once while it waits, through its worker when it runs. May be repeated.

    Raises:
        NotFound: There is no such run.
    """
    context.drain()
    context.store.request_cancel(run)
    with _hold_queue(context):
        jobs = [job for job in context.store.list_jobs() if job.run == run]
        if any(job.claimed for job in jobs):
            with suppress(
                FileNotFoundError
            ):  # its script removed the folder: the store has it, too
                request_cancel(context.paths.job(run))  # the worker looks before it starts anything
        waits = all(_cancel_if_not_started(context, job) for job in jobs if job.claimed)
        if not jobs or not waits or not context.store.remove_job(run):
            return
    context.recorder.attach(run, owner=True).cancel("it was canceled while it waited")


def _cancel_if_not_started(context: LaunchContext, job: QueuedJob) -> bool:
    """Whether a job that was handed to its engine had not begun, and now never will."""
    target = context.engine_of(job.run, job.compute)
    handle = target.find(job.run)
    return handle is not None and target.cancel_if_not_started(handle)


def _find_dead(context: LaunchContext, compute: str) -> list[tuple[QueuedJob, WorkerStatus]]:
    """Jobs whose worker is provably gone, each with the engine's words on why."""
    handles: dict[Target, dict[str, QueuedJob]] = {}
    for job in context.store.list_jobs(compute):
        if not job.claimed:
            continue
        target = context.engine_of(job.run, compute)
        handle = target.find(job.run)
        if handle is None:
            context.store.release_job(job.run)  # whoever claimed it was killed before it started
        else:
            handles.setdefault(target, {})[handle] = job
    return [
        (jobs[handle], status)
        for target, jobs in handles.items()
        for handle, status in target.poll(list(jobs)).items()
        if status.state is WorkerState.GONE
    ]


def _start_waiting(
    context: LaunchContext, compute: str, planned: JobPlan | None
) -> Iterator[RunId]:
    """Start jobs in their order: one that needs more slots than are free holds up those behind it.

    One that needs more than there are, as they have become fewer, waits and holds up nobody; so does
    another user's, whose own processes start it.
    """
    waiting = [job.run for job in context.store.list_jobs(compute) if not job.claimed]
    if not waiting:
        return
    target = context.target_for(compute)
    passed: list[RunId] = []
    for run in waiting:
        try:
            is_planned = planned is not None and planned.run == run
            plan = planned if is_planned else load_own_plan(context.paths.job(run))
            if plan is None:
                passed.append(run)
                continue
            if not target.has_room(plan.nodes):
                if _is_possible(target, plan):
                    return
                passed.append(run)
                continue
            job = context.store.claim_job(compute, without=passed)
            if job is None or job.run != run:
                raise InternalError(f"the queue of {compute!r} changed while it was locked")
            save_engine(context.paths.job(run), target.engine)
            target.start(plan)
        except Unavailable:
            context.store.release_job(run)
            raise
        except (NotFound, InternalError) as exc:
            context.store.remove_job(run)
            context.recorder.attach(run, owner=True).fail(f"it cannot be started: {exc}")
            continue
        yield run


def _is_possible(target: Target, plan: JobPlan) -> bool:
    """Whether there will be room once others have ended."""
    try:
        target.check(plan)
    except UsageError:
        return False
    return True


def _finish_dead(context: LaunchContext, job: QueuedJob, status: WorkerStatus) -> None:
    """Let go of a job whose worker is gone; whoever removes it from the queue does the rest."""
    if not status.is_settled and not _has_ended(context, job.run):
        return  # its last words are on their way: the next advance looks again
    if not context.store.remove_job(job.run):
        return
    paths = context.paths.job(job.run)
    remove_work(paths.work)
    if not _has_ended(context, job.run):
        said = tail(paths.worker_log)
        why = status.cause or "its worker ended without a word"
        context.recorder.attach(job.run, owner=True).fail(
            why + (f"; the end of its log:\n{said}" if said else "")
        )


def _has_ended(context: LaunchContext, run: RunId) -> bool:
    context.drain()
    found = context.store.find_run(run)
    return found is not None and found.state.is_terminal


@contextmanager
def _hold_queue(context: LaunchContext, timeout_s: float = _LOCK_TIMEOUT_S) -> Iterator[None]:
    """Hold the queue's lock."""
    with hold(context.paths.queue_lock, timeout_s) as is_held:
        if not is_held:
            raise Unavailable(
                f"another process has held {context.paths.queue_lock} for {timeout_s:.0f} s",
                hint="What is queued stays queued; ask again.",
            )
        yield
