"""The client's side of a job: everything is decided and kept before anything starts."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from trackboard.config import LOCAL
from trackboard.errors import Conflict, NotFound
from trackboard.launch.context.launch_context import Site
from trackboard.launch.context.plan_file import describe, describe_environment, save_plan
from trackboard.launch.plan import Request, find_script, make_plan
from trackboard.launch.queue.queue import kick
from trackboard.launch.queue.recovery import halfway
from trackboard.launch.script_parameters import read_parameters
from trackboard.launch.snapshot.size_warning import say_if_large
from trackboard.launch.snapshot.take import Snapshot, take_snapshot
from trackboard.model import (
    JobPlan,
    QueuedJob,
    RunId,
    RunKind,
    check_experiment_name,
    check_run_id,
    new_job_run_id,
)
from trackboard.record import LiveRun
from trackboard.record.capture import DIFF_PATH, look_around
from trackboard.record.value import check_tag

_ABOUT_CODE = ("azureml.git.", "mlflow.source.git.")
_ABOUT_CLIENT = ("trackboard.host", "trackboard.user")


def prepare(site: Site, request: Request) -> JobPlan:
    """Take the snapshot and make the plan that `submit` would start; nothing is queued.

    Raises:
        UsageError: Something asked for is not possible.
        NotFound: The compute target does not exist.
        Conflict: The run id that it shall have is taken.
    """
    return _prepare(site, request)[0]


def preview(site: Site, request: Request) -> str:
    """Say what `submit` would start and take with it; nothing is kept, and nothing starts.

    Raises:
        UsageError: Something asked for is not possible.
        NotFound: The compute target does not exist.
        Conflict: The run id that it shall have is taken.
    """
    plan, snapshot = _prepare(site, request, keep=False)
    return describe(plan, [file.path for file in snapshot.manifest.files])


def submit(site: Site, request: Request) -> RunId:
    """Queue a job, and start it if there is room.

    Killed at any moment, this leaves a job that is queued, or nothing that anybody sees (`halfway`).

    Raises:
        UsageError: Something asked for is not possible; nothing was kept.
        NotFound: The compute target does not exist.
        Conflict: The run id that it shall have is taken.
        Unavailable: It is queued, but a worker could not be started now.
    """
    plan, snapshot = _prepare(site, request)
    properties = {
        "trackboard.source": os.path.abspath(request.source),
        "trackboard.snapshot_files": str(len(snapshot.manifest.files)),
        "trackboard.snapshot_bytes": str(snapshot.manifest.size_bytes),
    }
    live = enqueue(site, plan, request.name, request.parent, request.tags, properties)
    try:
        kick(site)
    finally:  # the script starts meanwhile: git takes as long as a part of that
        _add_code(live, request.source)
    return plan.run


def enqueue(
    site: Site,
    plan: JobPlan,
    name: str,
    parent: RunId | None,
    tags: Mapping[str, str | None],
    properties: Mapping[str, str],
) -> LiveRun:
    """Keep a plan, make its run, and queue it; whoever kicks the queue next starts it.

    Args:
        site: The workspace.
        plan: What is to run.
        name: What people call the run.
        parent: The run that it is a child of.
        tags: Tags of the run.
        properties: Properties of the run, beside those that follow from the plan.
    """
    with halfway(site.paths, plan.run):
        save_plan(site.paths.job(plan.run), plan)
        live = site.recorder.create_run(
            plan.experiment, name=name, parent=parent, kind=RunKind.JOB, run_id=plan.run
        )
        try:
            _describe(live, plan, tags, properties)
            site.store.add_job(QueuedJob(plan.run, plan.compute, plan.submitted_s, claimed=False))
        except BaseException as exc:
            site.recorder.attach(plan.run, owner=True).fail(f"it could not be queued: {exc}")
            raise
    return live


def _describe(
    live: LiveRun, plan: JobPlan, tags: Mapping[str, str | None], properties: Mapping[str, str]
) -> None:
    known = {
        "ContentSnapshotId": plan.snapshot,
        "trackboard.compute": plan.compute,
        "trackboard.environment": describe_environment(plan.environment),
        **properties,
    }
    for key, value in known.items():
        live.add_property(key, value)
    for key, tag in tags.items():
        live.set_tag(key, tag)
    for setting, given in read_parameters(plan.script[1:]).items():
        live.set_parameter(setting, given)


def _prepare(site: Site, request: Request, *, keep: bool = True) -> tuple[JobPlan, Snapshot]:
    check_experiment_name(request.experiment)
    for key, value in request.tags.items():
        check_tag(key, value)
    if not request.command:
        find_script(request.source, request.script)  # before a large folder is read
    check_compute(site, request.compute)
    now_s = time.time()
    run = _free_id(site, request.run) if request.run else new_job_run_id(request.experiment, now_s)
    snapshot = take_snapshot(request.source, site.paths.snapshots, site.blobs, keep=keep)
    say_if_large(os.path.abspath(request.source), snapshot.manifest)
    target = site.target_for(request.compute)
    client = os.environ if target.describe().is_here else None
    plan = make_plan(request, site, run, snapshot, client=client, now_s=now_s)
    target.check(plan)
    return plan, snapshot


def _add_code(live: LiveRun, source: Path) -> None:
    """Say which commit the source folder is at, what differs from it, and who submitted."""
    found = look_around(source)
    for key, value in found.properties.items():
        if key.startswith(_ABOUT_CODE) or key in _ABOUT_CLIENT:
            live.add_property(key, value)
    if found.diff:
        live.append_bytes(DIFF_PATH, 0, found.diff.encode("utf-8", "replace"))


def _free_id(site: Site, given: str) -> RunId:
    """An id that the user chose, if no run has it nor ever had it."""
    run = check_run_id(given)
    site.drain()
    if site.store.find_run(run) is not None or site.store.list_deleted([run]):
        raise Conflict(
            f"the run id {given!r} is taken", hint="Choose another, or none: then it is a new one."
        )
    return run


def check_compute(site: Site, name: str) -> None:
    """Refuse a compute target that does not exist.

    Raises:
        NotFound: Those that exist are listed.
    """
    if name in (LOCAL, *site.engines) or site.store.find_compute(name) is not None:
        return
    names = sorted(
        {LOCAL, *site.engines, *(compute.name for compute in site.store.list_computes())}
    )
    raise NotFound(
        f"there is no compute target {name!r} in workspace {site.name!r}",
        hint=f"There is: {', '.join(names)}. ComputeTarget.create(...) makes a new one.",
    )
