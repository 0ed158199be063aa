"""Running a job again, from the plan and the snapshot that were kept: the source folder may be gone."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from trackboard.errors import NotFound, UsageError
from trackboard.format.amounts import count, size
from trackboard.launch.changed_arguments import change_arguments, restore_masked
from trackboard.launch.context.launch_context import LaunchContext
from trackboard.launch.context.plan_file import load_plan
from trackboard.launch.context.plan_text import MASK
from trackboard.launch.queue.queue import advance_queue
from trackboard.launch.request import plain_arguments
from trackboard.launch.snapshot.manifest import Manifest, load_manifest
from trackboard.launch.submit import check_compute, enqueue
from trackboard.launch.variables import run_variables
from trackboard.layout.files_lock import keep_files
from trackboard.model import ANY_PYTHON, JobPlan, RunId, new_job_run_id
from trackboard.record.value import check_run_name, check_tag

RERUN_OF = "trackboard.rerun_of"  # the property that names the run it repeats
_HERE = "this machine"
_ABOUT_CODE = ("azureml.git.", "mlflow.source.git.", "trackboard.source")
_AGAIN = "Submit the source folder again: trackboard submit --help"


def rerun(
    context: LaunchContext,
    run: RunId,
    *,
    arguments: Sequence[object] | str | None = None,
    settings: Mapping[str, object] | None = None,
    compute: str | None = None,
    name: str = "",
    tags: Mapping[str, str] | None = None,
) -> RunId:
    """Queue a job that does what an earlier one did, as a new run of the same experiment.

    Args:
        context: The workspace.
        run: The earlier one; it may still run.
        arguments: Instead of its script's arguments; words that were masked where these are shown stand for
            what they hide.
        settings: Other values of named arguments, see `changed_arguments`.
        compute: Where to, instead of where it ran.
        name: What people call the new run.
        tags: Tags of the new run.

    Returns:
        The new run.

    Raises:
        NotFound: There is no such run or compute target, or no plan or snapshot of it: it was not
            submitted, or that is gone.
        UsageError: Arguments are given to a command, or one is neither text nor a number.
        Unavailable: It is queued, but a worker could not be started now.
    """
    check_run_name(name)
    for key, value in (tags or {}).items():
        check_tag(key, value)
    changed = _plain_settings(settings or {})
    with keep_files(context.paths):  # until the new run names the snapshot too
        plan = _enqueue_again(context, run, arguments, changed, compute, name, tags or {})
    advance_queue(context, plan)
    return plan.run


def _plain_settings(given: Mapping[str, object]) -> dict[str, str]:
    wrong = [name for name in given if not _is_name(name)]
    if wrong:
        raise UsageError(
            f"these are no names of arguments: {', '.join(map(repr, wrong))}",
            hint='Name them without a value, for example {"rate": 0.1}.',
        )
    return dict(zip(given, plain_arguments([*given.values()]), strict=True))


def _is_name(given: object) -> bool:
    return isinstance(given, str) and given.strip("-") != "" and not {"=", "\0"} & {*given}


def _enqueue_again(
    context: LaunchContext,
    run: RunId,
    arguments: Sequence[object] | str | None,
    settings: Mapping[str, str],
    compute: str | None,
    name: str,
    tags: Mapping[str, str],
) -> JobPlan:
    old = _plan_of(context, run)
    manifest = _load_snapshot(context, old)
    plan = _make_plan(context, old, arguments, settings, manifest)
    plan = replace(plan, compute=compute or old.compute)
    check_compute(context, plan.compute)
    target = context.target_for(plan.compute)
    there = _planned_for(old)
    if there and target.describe().is_here is not (there == _HERE):
        raise UsageError(
            f"run {run} was planned for {there}: on {plan.compute!r} it would have neither the variables"
            " nor the interpreter that it needs",
            hint=f"Submit it anew: trackboard submit --compute {plan.compute} <script>",
        )
    target.check(plan)
    known = context.store.get_properties(run)
    properties = {
        RERUN_OF: run,
        "trackboard.snapshot_files": str(len(manifest.files)),
        "trackboard.snapshot_bytes": str(manifest.size_bytes),
        **{key: value for key, value in known.items() if key.startswith(_ABOUT_CODE)},
    }
    enqueue(context, plan, name, None, tags, properties)
    return plan


def _planned_for(plan: JobPlan) -> str:
    """Where a plan can be carried out; empty where it does not say."""
    if plan.environment.interpreter == ANY_PYTHON:
        return "the nodes of a cluster elsewhere"
    return _HERE if plan.variables.keys() >= {"HOME", "PATH"} else ""


def _plan_of(context: LaunchContext, run: RunId) -> JobPlan:
    context.drain()
    if context.store.find_run(run) is None:
        raise NotFound(f"there is no run {run!r}", hint="trackboard runs lists them.")
    try:
        plan = load_plan(context.paths.job(run))
    except NotFound as exc:
        raise NotFound(
            f"run {run} has no plan that could be carried out again: {exc.message}",
            hint=f"Only submitted runs have one, as long as it is not deleted. {_AGAIN}",
        ) from exc
    if MASK in plan.variables.values():
        masked = sorted(name for name, value in plan.variables.items() if value == MASK)
        raise UsageError(
            f"the plan of run {run} is a masked copy: the values of {', '.join(masked)} are not in it",
            hint=_AGAIN,
        )
    return plan


def _load_snapshot(context: LaunchContext, plan: JobPlan) -> Manifest:
    """The snapshot, all of whose files are there."""
    try:
        manifest = load_manifest(context.paths.snapshots, plan.snapshot)
    except NotFound as exc:
        raise NotFound(f"the code of run {plan.run} is gone: {exc.message}", hint=_AGAIN) from exc
    gone = next((file.path for file in manifest.files if not context.blobs.exists(file.key)), None)
    if gone is not None:
        raise NotFound(f"the code of run {plan.run} is gone: {gone!r} was deleted", hint=_AGAIN)
    return manifest


def _make_plan(
    context: LaunchContext,
    old: JobPlan,
    arguments: Sequence[object] | str | None,
    settings: Mapping[str, str],
    manifest: Manifest,
) -> JobPlan:
    if (arguments is not None or settings) and old.command:
        raise UsageError(
            f"run {old.run} ran a command, which takes no arguments: {old.command}",
            hint="Leave them out, or submit another command.",
        )
    words = old.script[1:]
    if arguments is not None:
        words = restore_masked(plain_arguments(arguments), old.script)
    now_s = time.time()
    run = new_job_run_id(old.experiment, now_s)
    ours = run_variables(context, old.experiment, run)
    files = f"{count(len(manifest.files), 'file')}, {size(manifest.size_bytes)}"
    return replace(
        old,
        run=run,
        workspace=str(context.paths.folder),
        script=(*old.script[:1], *change_arguments(words, settings)),
        variables={**old.variables, **ours},
        submitted_s=now_s,
        notes=(f"snapshot: {files}, as it was of run {old.run}", *old.environment.substitutions),
    )
