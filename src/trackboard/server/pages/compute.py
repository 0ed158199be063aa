"""What runs where, and why a job waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from trackboard.model import RunId
from trackboard.server.api import compute
from trackboard.server.api.operation import Given
from trackboard.server.templates import render

if TYPE_CHECKING:
    from starlette.requests import Request

    from trackboard.service import Service


@dataclass(frozen=True)
class Wait:
    """Why a job waits.

    Attributes:
        compute: The name of the cluster.
        number: Which it is among those that wait for the same cluster, 1 for the next.
        reason: What the job waits for.
        holders: The runs that have the cluster's busy nodes, and what they are called.
    """

    compute: str
    number: int
    reason: str
    holders: Mapping[RunId, str]


def find_wait(service: Service, run: RunId) -> Wait | None:
    """Return why a job waits; None: it does not.

    Args:
        service: The workspace.
        run: The job's.
    """
    found = next((each for each in service.jobs.list_queue() if each.job.run == run), None)
    if found is None or not found.number:
        return None
    cluster = service.compute.find(found.job.compute)
    nodes = () if cluster is None else service.compute.list_nodes(cluster)
    return Wait(
        found.job.compute,
        found.number,
        found.reason,
        _names(service, [node.run for node in nodes if node.run is not None]),
    )


def show_page(service: Service, request: Request) -> Response:
    """Answer with the page."""
    clusters: Any = compute.list_compute(service, Given({}))["compute"]
    return render(
        request,
        "compute.html",
        compute=clusters,
        jobs=compute.list_queue(service, Given({}))["jobs"],
        names=_names(service, [run for each in clusters for run in each["taken_by"]]),
    )


def show_json(service: Service, _: Request) -> Response:
    """Answer with the same as JSON."""
    nothing = Given({})
    return JSONResponse(
        {**compute.list_compute(service, nothing), **compute.list_queue(service, nothing)}
    )


def _names(service: Service, runs: Sequence[RunId]) -> dict[RunId, str]:
    """What runs are called; one that was deleted has its id."""
    found = service.runs.name(service.runs.list(ids=runs)) if runs else {}
    return {run: found.get(run, run) for run in runs}
