"""Questions about clusters and who waits for what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.server.api.operation import Given, Operation, Parameter
from trackboard.service import wire
from trackboard.service.wire import Json

if TYPE_CHECKING:
    from trackboard.service import Service


def list_compute(service: Service, _: Given) -> Json:
    """The clusters."""
    waiting = [each for each in service.jobs.list_queue() if each.number]
    return {
        "compute": [
            wire.compute_facts(
                each,
                service.compute.list_nodes(each),
                [job for job in waiting if job.job.compute == each.name],
            )
            for each in service.compute.list()
        ]
    }


def list_queue(service: Service, given: Given) -> Json:
    """The jobs that were started or wait."""
    found = service.jobs.list_queue(given.find_text("compute"))
    names = service.runs.name(service.runs.list(ids=[each.job.run for each in found]))
    return {
        "jobs": [wire.queue_facts(each, names.get(each.job.run, each.job.run)) for each in found]
    }


OPERATIONS = (
    Operation("/compute", "The clusters, the oldest first.", "Computes", list_compute),
    Operation(
        "/queue",
        "The jobs that were started or wait, in the order in which they start, and what they wait for.",
        "Queue",
        list_queue,
        [Parameter("compute", "Only what is queued for this cluster.")],
    ),
)
