"""What a job was asked to do, in words."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from trackboard.cli import words
from trackboard.errors import TrackboardError
from trackboard.model import Run, RunKind

if TYPE_CHECKING:
    from trackboard.model import JobPlan
    from trackboard.workspace import Workspace


def job_facts(
    workspace: Workspace, run: Run, properties: Mapping[str, str]
) -> dict[str, str | int | None]:
    """What is known of a job beside its run; empty for a run that was not submitted.

    Args:
        workspace: Where.
        run: The run.
        properties: The run's.
    """
    if run.kind is not RunKind.JOB:
        return {}
    from trackboard.launch.context.plan_file import load_plan
    from trackboard.launch.context.plan_text import describe_environment
    from trackboard.launch.queue.position import queue_position

    position = queue_position(workspace.store, run.id)
    facts: dict[str, str | int | None] = {
        "compute": properties.get("trackboard.compute"),
        "queue_position": position[1] if position else None,
        "snapshot": _snapshot(properties),
        "environment": properties.get("trackboard.environment"),
    }
    try:
        plan = load_plan(workspace.launch_context.paths.job(run.id))
    except TrackboardError as error:  # deleted, or of another version: the rest can be told
        return {**facts, "command": f"({error.message})"}
    environment = describe_environment(plan.environment)
    return {**facts, "environment": environment, "command": _command(plan)}


def _command(plan: JobPlan) -> str:
    from trackboard.record.command import mask_words

    line = plan.command or shlex.join(mask_words(list(plan.script)))
    if plan.distribution is None:
        return line
    together = plan.distribution
    return f"{line}  ({together.launcher.value}, {together.processes} processes)"


def _snapshot(properties: Mapping[str, str]) -> str | None:
    digest = properties.get("ContentSnapshotId")
    files = properties.get("trackboard.snapshot_files", "")
    size_bytes = properties.get("trackboard.snapshot_bytes", "")
    if digest is None or not (files.isdecimal() and size_bytes.isdecimal()):
        return digest
    return f"{words.count(int(files), 'file')}, {words.size(int(size_bytes))}, {digest[:12]}"
