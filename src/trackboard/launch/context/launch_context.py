"""What submitting, queueing and canceling need of a workspace; `trackboard.workspace` makes it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from trackboard.launch.context.worker_context import WorkerContext
from trackboard.model import RunId
from trackboard.ports import Store, Target


@dataclass(frozen=True)
class LaunchContext(WorkerContext):
    """The parts of a workspace that submitting, queueing and canceling use."""

    name: str
    store: Store
    drain: Callable[[], object]  # store everything said up to now
    target_for: Callable[[str], Target]  # by compute name; raises NotFound
    engine_of: Callable[[RunId, str], Target]  # a job was handed to, by run and compute name
    engines: Collection[str] = ()  # compute targets that nobody needs to create
    subscription_id: str = ""  # of the SDK's config.json, passed on to jobs
    resource_group: str = ""
