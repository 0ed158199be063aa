"""The client's side of a job: everything is decided and kept before anything starts."""

from __future__ import annotations

import os
import time

from trackboard.errors import Conflict, NotFound
from trackboard.launch.parameters import read_parameters
from trackboard.launch.place import SNAPSHOTS
from trackboard.launch.plan import LOCAL, Request, find_script, make_plan
from trackboard.launch.plan_file import save_plan
from trackboard.launch.queue import kick
from trackboard.launch.site import Site
from trackboard.launch.snapshot import take_snapshot
from trackboard.model import (
    JobPlan,
    QueuedJob,
    RunId,
    RunKind,
    check_experiment_name,
    check_run_id,
    new_job_run_id,
)
from trackboard.record.value import check_tag


def prepare(site: Site, request: Request) -> JobPlan:
    """Take the snapshot and make the plan that `submit` would start; nothing is queued.

    Raises:
        UsageError: Something asked for is not possible.
        NotFound: The compute target does not exist.
        Conflict: The run id that it shall have is taken.
    """
    check_experiment_name(request.experiment)
    for key, value in request.tags.items():
        check_tag(key, value)
    if not request.command:
        find_script(request.source, request.script)  # before a large folder is read
    _check_compute(site, request.compute)
    now_s = time.time()
    run = _free_id(site, request.run) if request.run else new_job_run_id(request.experiment, now_s)
    snapshot = take_snapshot(request.source, site.folder / SNAPSHOTS, site.blobs)
    target = site.target_for(request.compute)
    client = os.environ if target.is_here else None
    plan = make_plan(request, site, run, snapshot, client=client, now_s=now_s)
    target.check(plan)
    return plan


def submit(site: Site, request: Request) -> RunId:
    """Queue a job, and start it if there is room.

    Killed before the last step, this leaves a folder without a run, or a run that says that it waits;
    never a job that runs unseen.

    Raises:
        UsageError: Something asked for is not possible; nothing was kept.
        NotFound: The compute target does not exist.
        Unavailable: It is queued, but a worker could not be started now.
    """
    plan = prepare(site, request)
    save_plan(site.job_folder(plan.run), plan)
    live = site.recorder.create_run(
        request.experiment,
        name=request.name,
        parent=request.parent,
        kind=RunKind.JOB,
        run_id=plan.run,
    )
    live.add_property("ContentSnapshotId", plan.snapshot)
    live.add_property("trackboard.compute", plan.compute)
    for key, value in request.tags.items():
        live.set_tag(key, value)
    for name, setting in read_parameters(plan.script[1:]).items():
        live.set_parameter(name, setting)
    site.store.add_job(QueuedJob(plan.run, plan.compute, plan.submitted_s, claimed=False))
    kick(site)
    return plan.run


def _free_id(site: Site, given: str) -> RunId:
    """An id that the user chose, if no run has it nor ever had it."""
    run = check_run_id(given)
    site.drain()
    if site.store.find_run(run) is not None or site.store.list_deleted([run]):
        raise Conflict(
            f"the run id {given!r} is taken", hint="Choose another, or none: then it is a new one."
        )
    return run


def _check_compute(site: Site, name: str) -> None:
    if name in (LOCAL, *site.engines) or site.store.find_compute(name) is not None:
        return
    names = sorted(
        {LOCAL, *site.engines, *(compute.name for compute in site.store.list_computes())}
    )
    raise NotFound(
        f"there is no compute target {name!r} in workspace {site.name!r}",
        hint=f"There is: {', '.join(names)}. ComputeTarget.create(...) makes a new one.",
    )
