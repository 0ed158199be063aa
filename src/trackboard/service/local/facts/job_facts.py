"""What a job was asked to do, in words."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from trackboard.errors import TrackboardError
from trackboard.format.amounts import count, size
from trackboard.launch.context.plan_file import load_plan
from trackboard.launch.context.plan_text import describe_environment
from trackboard.launch.queue.position import queue_position
from trackboard.layout import JobPaths
from trackboard.model import SNAPSHOT_ID, JobPlan, Run, RunKind
from trackboard.ports import QueueStore
from trackboard.record.command import mask_words
from trackboard.service.answers import JobFacts


def describe_job(
    paths: JobPaths, store: QueueStore, run: Run, properties: Mapping[str, str]
) -> JobFacts | None:
    """Return what is known of a job beside its run; None for a run that was not submitted.

    Args:
        paths: Where the job's files are.
        store: The queue.
        run: The run.
        properties: The properties of the run.
    """
    if run.kind is not RunKind.JOB:
        return None
    position = queue_position(store, run.id)
    environment = properties.get("trackboard.environment")
    try:
        plan = load_plan(paths)
    except TrackboardError as error:  # deleted, or of another version: the rest can be told
        command = f"({error.message})"
    else:
        environment, command = describe_environment(plan.environment), _command(plan)
    return JobFacts(
        compute=properties.get("trackboard.compute"),
        position=position[1] if position else None,
        snapshot=_snapshot(properties),
        environment=environment,
        command=command,
    )


def _command(plan: JobPlan) -> str:
    line = plan.command or shlex.join(mask_words(list(plan.script)))
    if plan.distribution is None:
        return line
    together = plan.distribution
    return f"{line}  ({together.launcher.value}, {together.processes} processes)"


def _snapshot(properties: Mapping[str, str]) -> str | None:
    digest = properties.get(SNAPSHOT_ID)
    files = properties.get("trackboard.snapshot_files", "")
    size_bytes = properties.get("trackboard.snapshot_bytes", "")
    if digest is None or not (files.isdecimal() and size_bytes.isdecimal()):
        return digest
    return f"{count(int(files), 'file')}, {size(int(size_bytes))}, {digest[:12]}"
