"""Which runs a batch is about, and batches without some of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from trackboard.model import Ended, Event, Heartbeat, RunId
from trackboard.ports import Batch


def run_of(event: Event) -> RunId | None:
    """The run that an event is about; None when it is about its writer."""
    return None if isinstance(event, Heartbeat | Ended) else event.run


def list_batch_runs(batch: Batch) -> list[RunId]:
    """The runs that a batch is about, some more than once."""
    return list_event_runs(batch) + list_point_runs(batch)


def list_event_runs(batch: Batch) -> list[RunId]:
    """The runs of which a batch says something besides numbers, some more than once."""
    about = [found for event in batch.events if (found := run_of(event)) is not None]
    return about + [each.run for each in batch.refused if each.run is not None]


def list_point_runs(batch: Batch) -> list[RunId]:
    """The runs to whose series a batch appends numbers, some more than once."""
    return [part.run for part in batch.points if len(part.steps)]


def without(batches: Sequence[Batch], runs: Collection[RunId]) -> list[Batch]:
    """The same batches, without what they say about these runs."""
    return [
        replace(
            batch,
            events=tuple(event for event in batch.events if run_of(event) not in runs),
            points=tuple(part for part in batch.points if part.run not in runs),
            refused=tuple(each for each in batch.refused if each.run not in runs),
        )
        for batch in batches
    ]
