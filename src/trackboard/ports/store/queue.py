"""The queue's part of a store: jobs that wait for a slot, or hold one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from trackboard.model import QueuedJob, RunId


class QueueStore(Protocol):
    """The jobs of a workspace, in the order they were queued. Each write is a transaction of its own.

    As writes are serial, no two callers are given the same job.
    """

    def add_job(self, job: QueuedJob) -> None:
        """Queue a job. Raises Conflict when the run is queued already."""
        ...

    def claim_job(self, compute: str, *, without: Collection[RunId] = ()) -> QueuedJob | None:
        """Take the oldest unclaimed job of a compute target, or None. No two callers get the same.

        Those in `without` are passed over.
        """
        ...

    def release_job(self, run: RunId) -> None:
        """Give a claimed job back to its old place in the queue (its worker could not be started)."""
        ...

    def remove_job(self, run: RunId) -> bool:
        """Take a job out of the queue; whether it was there."""
        ...

    def list_jobs(self, compute: str | None = None) -> tuple[QueuedJob, ...]:
        """Jobs in the order they were queued, the claimed ones included."""
        ...
