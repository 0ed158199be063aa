"""A run: what is known of it, its curves, images, files, code, and what people say of it."""

from __future__ import annotations

import re
import shlex
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from trackboard.config.compute import LOCAL
from trackboard.errors import TrackboardError
from trackboard.model import ArtifactKind, RunId, RunState
from trackboard.ports import RunQuery
from trackboard.record.command import mask_words
from trackboard.server.files.tree import make_tree
from trackboard.server.pages import charts, text
from trackboard.server.pages.compute import find_wait
from trackboard.server.templates import render
from trackboard.service import wire

if TYPE_CHECKING:
    from starlette.requests import Request

    from trackboard.service import RunFacts, Service

MOST_CHARTS = 24  # on one page
_MOST_IMAGES = 60
_MOST_CHILDREN = 100
_MOST_FILES = 100  # rows of their tree
_META = re.compile(r"[.*+?^${}()|[\]\\]")  # of JavaScript's regular expressions


def show_page(service: Service, request: Request) -> Response:
    """Answer with the page."""
    run = RunId(request.path_params["run"])
    details = service.runs.get_details(run)
    facts = details.facts
    asked = request.query_params.get("metric", "")
    names = [name for name in sorted(facts.metrics) if asked.lower() in name.lower()]
    after = request.query_params.get("after", "")
    shown = [name for name in names if name > after][:MOST_CHARTS]
    compared = service.runs.compare([run]).facts
    images = service.metrics.list_artifacts(runs=[run], kinds=[ArtifactKind.IMAGE])
    return render(
        request,
        "run.html",
        details=details,
        facts=facts,
        run=facts.run,
        charts=charts.draw_charts(service, [facts], shown),
        metric_count=len(names),
        asked=asked,
        next=shown[-1] if shown and shown[-1] != names[-1] else "",
        is_first=not after,
        metrics=[facts.metrics[name] for name in shown],
        code=[each for each in compared if each.kind == "code" and each.values[0] is not None],
        packages=[each for each in compared if each.kind == "package"],
        images=images[-_MOST_IMAGES:],
        image_count=len(images),
        tree=make_tree(details.files, limit=_MOST_FILES),
        logs=service.files.list_logs(run),
        children=service.runs.describe(
            service.runs.query(RunQuery(parent=run, archived=True), limit=_MOST_CHILDREN)
        ),
        parent=service.runs.find(facts.run.parent) if facts.run.parent else None,
        tensorboard=tensorboard_address(facts),
        is_over=facts.run.state.is_terminal,
        is_running=facts.run.state in (RunState.RUNNING, RunState.QUEUED),
        value=text.whole,
        wait=find_wait(service, run)
        if details.job and facts.run.state is RunState.QUEUED
        else None,
        again=find_rerun(service, run) if details.job else None,
        clusters=[LOCAL, *(each.name for each in service.compute.list())] if details.job else [],
    )


@dataclass(frozen=True)
class Rerun:
    """What a job can be run again with.

    Attributes:
        script: The script; empty: it is a command, which takes no arguments.
        arguments: Its arguments as a shell has them, secrets masked.
        compute: The compute target.
    """

    script: str
    arguments: str
    compute: str


def find_rerun(service: Service, run: RunId) -> Rerun | None:
    """Return what a job can be run again with; None: its plan is gone, or cannot be read here."""
    try:
        plan = service.jobs.find_plan(run)
    except TrackboardError:
        return None
    if plan is None:
        return None
    words = mask_words(plan.script)
    return Rerun("".join(words[:1]), shlex.join(words[1:]), plan.compute)


def show_json(service: Service, request: Request) -> Response:
    """Answer with the same as JSON."""
    name = request.path_params["run"]
    if service.runs.find(RunId(f"{name}.json")) is not None:  # an id may end like that
        request.path_params["run"] = f"{name}.json"
        return show_page(service, request)
    return JSONResponse(wire.run_details(service.runs.get_details(RunId(name))))


def tensorboard_address(facts: RunFacts) -> str:
    """The address of a run's curves in TensorBoard, with all that is below it."""
    pattern = urllib.parse.quote(f"^{_META.sub(_escaped, facts.name)}(/|$)", safe="")
    return f"tb/{urllib.parse.quote(facts.run.experiment, safe='')}/?runFilter={pattern}"


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"
