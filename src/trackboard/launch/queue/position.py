"""Where in the queue a job is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.model import RunId

if TYPE_CHECKING:
    from trackboard.ports import QueueStore


def queue_position(store: QueueStore, run: RunId) -> tuple[str, int] | None:
    """The compute target that a job waits for and its place there, 1 for the next; None: it does not wait."""
    waiting = [job for job in store.list_jobs() if not job.claimed]
    compute = next((job.compute for job in waiting if job.run == run), None)
    if compute is None:
        return None
    return compute, [job.run for job in waiting if job.compute == compute].index(run) + 1
