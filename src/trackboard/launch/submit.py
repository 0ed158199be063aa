"""The way of a job from what the user asks for to the queue; it reads from top to bottom.

    Request -> CheckedRequest -> Snapshot -> EnvironmentPlan -> JobPlan -> SubmittedJob

Each is a frozen value that one function makes of those before it. Up to the plan nothing is changed but the
blobs, where the snapshot's files go; nothing in a plan is looked up again later.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from trackboard.config import LOCAL
from trackboard.environments import plan_environment
from trackboard.environments.packages.tensorflow1_detection import fit_environment
from trackboard.errors import Conflict, NotFound
from trackboard.launch.context.launch_context import LaunchContext
from trackboard.launch.context.plan_file import save_plan
from trackboard.launch.context.plan_text import describe, describe_environment
from trackboard.launch.queue.queue import advance_queue
from trackboard.launch.queue.recovery import submission_in_progress
from trackboard.launch.request import Request, plain_words
from trackboard.launch.script import find_script
from trackboard.launch.script_parameters import read_parameters
from trackboard.launch.snapshot.size_warning import warn_if_large
from trackboard.launch.snapshot.take import Snapshot, take_snapshot
from trackboard.launch.variables import job_variables
from trackboard.layout.files_lock import keep_files
from trackboard.model import (
    ANY_PYTHON,
    SNAPSHOT_ID,
    EnvironmentPlan,
    JobPlan,
    QueuedJob,
    RunId,
    RunKind,
    check_experiment_name,
    check_run_id,
    new_job_run_id,
)
from trackboard.record import LiveRun
from trackboard.record.capture import DIFF_PATH, capture_surroundings
from trackboard.record.value import check_tag

_ABOUT_CODE = ("azureml.git.", "mlflow.source.git.")
_ABOUT_CLIENT = ("trackboard.host", "trackboard.user")


def submit(context: LaunchContext, request: Request) -> RunId:
    """Queue a job, and start it if there is room.

    Killed at any moment, this leaves a job that is queued, or nothing that anybody sees (see
    `submission_in_progress`).

    Raises:
        UsageError: Something asked for is not possible; nothing was kept.
        NotFound: The compute target does not exist.
        Conflict: The run id that it shall have is taken.
        Unavailable: It is queued, but a worker could not be started now.
    """
    with keep_files(context.paths):  # until the run names its snapshot
        planned = plan_job(context, request)
        properties = {
            "trackboard.source": os.path.abspath(request.source),
            "trackboard.snapshot_files": str(len(planned.snapshot.manifest.files)),
            "trackboard.snapshot_bytes": str(planned.snapshot.manifest.size_bytes),
        }
        plan = planned.plan
        submitted = enqueue(context, plan, request.name, request.parent, request.tags, properties)
    try:
        advance_queue(context, plan)
    finally:  # the script starts meanwhile: git takes as long as a part of that
        _add_code(submitted.live, request)
    return plan.run


def prepare(context: LaunchContext, request: Request) -> JobPlan:
    """Take the snapshot and make the plan that `submit` would start; nothing is queued.

    Raises:
        UsageError: Something asked for is not possible.
        NotFound: The compute target does not exist.
        Conflict: The run id that it shall have is taken.
    """
    return plan_job(context, request).plan


def preview(context: LaunchContext, request: Request) -> str:
    """Say what `submit` would start and take with it; nothing is kept, and nothing starts.

    Raises:
        UsageError: Something asked for is not possible.
        NotFound: The compute target does not exist.
        Conflict: The run id that it shall have is taken.
    """
    planned = plan_job(context, request, keep=False)
    return describe(planned.plan, [file.path for file in planned.snapshot.manifest.files])


# -- from the request to the plan -----------------------------------------------------------------


@dataclass(frozen=True)
class PlannedJob:
    """A job that can be queued.

    Attributes:
        plan: Everything that a worker needs to carry it out.
        snapshot: The source folder, taken.
    """

    plan: JobPlan
    snapshot: Snapshot


def plan_job(context: LaunchContext, request: Request, *, keep: bool = True) -> PlannedJob:
    """Make the plan of what was asked for.

    Args:
        context: The workspace.
        request: What the user asked for.
        keep: False: nothing is written anywhere, not even the snapshot's files.

    Raises:
        UsageError: Something asked for is not possible.
        NotFound: The compute target does not exist.
        Conflict: The run id that it shall have is taken.
    """
    checked = check_request(context, request)
    snapshot = snapshot_source(context, checked, keep=keep)
    target = context.target_for(request.compute)
    is_here = target.describe().is_here
    client = os.environ if is_here else {}
    variables = job_variables(request.variables, client, context, request.experiment, checked.run)
    environment = plan_job_environment(checked, variables, is_here=is_here)
    plan = make_plan(context, checked, snapshot, environment, variables)
    target.check(plan)
    return PlannedJob(plan, snapshot)


@dataclass(frozen=True)
class CheckedRequest:
    """A request that can be carried out, as far as that is known without reading the source folder.

    Attributes:
        request: What the user asked for.
        run: The id of the job's run.
        submitted_s: The moment of submission.
        script: The script's path within the source folder; empty: a command runs.
        arguments: The script's arguments.
        command: The line for a shell; empty: a script runs.
    """

    request: Request
    run: RunId
    submitted_s: float
    script: str
    arguments: tuple[str, ...]
    command: str


def check_request(context: LaunchContext, request: Request) -> CheckedRequest:
    """Refuse what can be refused before a large folder is read.

    Raises:
        UsageError: A name, the script, an argument or a variable cannot be used.
        NotFound: The compute target does not exist.
        Conflict: The run id that it shall have is taken.
    """
    check_experiment_name(request.experiment)
    for key, value in request.tags.items():
        check_tag(key, value)
    is_command = bool(" ".join(map(str, request.command)))
    script = "" if is_command else find_script(request.source, request.script)
    check_compute(context, request.compute)
    now_s = time.time()
    run = (
        _free_id(context, request.run) if request.run else new_job_run_id(request.experiment, now_s)
    )
    arguments, command = plain_words(request)
    return CheckedRequest(request, run, now_s, script, arguments, command)


def check_compute(context: LaunchContext, name: str) -> None:
    """Refuse a compute target that does not exist.

    Raises:
        NotFound: Those that exist are listed.
    """
    if name in (LOCAL, *context.engines) or context.store.find_compute(name) is not None:
        return
    names = sorted(
        {LOCAL, *context.engines, *(compute.name for compute in context.store.list_computes())}
    )
    raise NotFound(
        f"there is no compute target {name!r} in workspace {context.name!r}",
        hint=f"There is: {', '.join(names)}. Another one is made by ComputeTarget.create(...)"
        f" or trackboard compute create {name} --nodes 2.",
    )


def _free_id(context: LaunchContext, given: str) -> RunId:
    """Accept an id that the user chose, if no run has it nor ever had it."""
    run = check_run_id(given)
    context.drain()
    if context.store.find_run(run) is not None or context.store.list_deleted([run]):
        raise Conflict(
            f"the run id {given!r} is taken", hint="Choose another, or none: then it is a new one."
        )
    return run


def snapshot_source(
    context: LaunchContext, checked: CheckedRequest, *, keep: bool = True
) -> Snapshot:
    """Take the snapshot of the source folder, with the script in it.

    Raises:
        UsageError: The folder cannot be taken, or its ignore files leave the script out.
    """
    source = checked.request.source
    snapshot = take_snapshot(
        source, context.paths.snapshots, context.blobs, keep=keep, script=checked.script
    )
    warn_if_large(os.path.abspath(source), snapshot.manifest)
    return snapshot


def plan_job_environment(
    checked: CheckedRequest, variables: Mapping[str, str], *, is_here: bool
) -> EnvironmentPlan:
    """Decide what the job's interpreter is and has.

    Args:
        checked: What is to run.
        variables: The job's variables.
        is_here: Whether it runs on this machine; elsewhere the interpreter that submits means the one of
            the machine there.

    Raises:
        UsageError: What was asked for contradicts itself, or is not in the words of pip and conda.
        NotFound: A file that it names is not there.
    """
    request = checked.request
    script = (checked.script,) if checked.script else ()
    environment = fit_environment(
        plan_environment(request.environment), request.source, script, checked.command, variables
    )
    if is_here or environment.interpreter != sys.executable:
        return environment
    return replace(environment, interpreter=ANY_PYTHON)


def make_plan(
    context: LaunchContext,
    checked: CheckedRequest,
    snapshot: Snapshot,
    environment: EnvironmentPlan,
    variables: Mapping[str, str],
) -> JobPlan:
    """Put together what a worker carries out.

    Args:
        context: The workspace.
        checked: What is to run.
        snapshot: The code.
        environment: The interpreter.
        variables: All environment variables of the job.
    """
    request = checked.request
    return JobPlan(
        run=checked.run,
        experiment=request.experiment,
        workspace=str(context.paths.folder),
        compute=request.compute,
        snapshot=snapshot.digest,
        script=(checked.script, *checked.arguments) if checked.script else (),
        command=checked.command,
        environment=environment,
        variables=variables,
        distribution=request.distribution,
        submitted_s=checked.submitted_s,
        max_duration_s=request.max_duration_s,
        notes=(*request.notes, *snapshot.notes, *environment.substitutions),
        asked_variables=tuple(sorted(request.variables)),
    )


# -- from the plan to the queue -------------------------------------------------------------------


@dataclass(frozen=True)
class SubmittedJob:
    """A job in the queue.

    Attributes:
        plan: Its plan, which is kept.
        live: Its run, which this process goes on describing until a worker takes it over.
    """

    plan: JobPlan
    live: LiveRun


def enqueue(
    context: LaunchContext,
    plan: JobPlan,
    name: str,
    parent: RunId | None,
    tags: Mapping[str, str | None],
    properties: Mapping[str, str],
) -> SubmittedJob:
    """Keep a plan, make its run, and queue it; whoever advances the queue next starts it.

    Args:
        context: The workspace.
        plan: What is to run.
        name: What people call the run.
        parent: The run that it is a child of.
        tags: Tags of the run.
        properties: Properties of the run, beside those that follow from the plan.
    """
    with submission_in_progress(context.paths, plan.run):
        save_plan(context.paths.job(plan.run), plan)
        live = context.recorder.create_run(
            plan.experiment, name=name, parent=parent, kind=RunKind.JOB, run_id=plan.run
        )
        try:
            _describe(live, plan, tags, properties)
            context.store.add_job(
                QueuedJob(plan.run, plan.compute, plan.submitted_s, claimed=False)
            )
        except BaseException as exc:
            context.recorder.attach(plan.run, owner=True).fail(f"it could not be queued: {exc}")
            raise
    return SubmittedJob(plan, live)


def _describe(
    live: LiveRun, plan: JobPlan, tags: Mapping[str, str | None], properties: Mapping[str, str]
) -> None:
    known = {
        SNAPSHOT_ID: plan.snapshot,
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


def _add_code(live: LiveRun, request: Request) -> None:
    """Say which commit the source folder is at, what differs from it, and who submitted."""
    found = capture_surroundings(request.source)
    for key, value in found.properties.items():
        if key.startswith(_ABOUT_CODE) or key in _ABOUT_CLIENT:
            live.add_property(key, value)
    if found.diff:
        live.append_bytes(DIFF_PATH, 0, found.diff.encode("utf-8", "replace"))
