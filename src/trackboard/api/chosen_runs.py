"""Which runs are meant by what people pass: runs, their ids, or what they are called."""

from __future__ import annotations

from collections.abc import Iterable

from trackboard.errors import UsageError
from trackboard.model import Run, RunId
from trackboard.record import LiveRun
from trackboard.service import Service

AnyRun = Run | LiveRun | RunId | str


def choose_runs(service: Service, runs: AnyRun | Iterable[AnyRun]) -> list[Run]:
    """Return these runs as they are now, each once, in the order given."""
    each = [runs] if isinstance(runs, (Run, LiveRun, str)) else list(runs)
    texts = [str(run) if isinstance(run, str) else run.id for run in each]
    found = {run.id: run for run in service.runs.list(ids=[RunId(text) for text in texts])}
    chosen: dict[RunId, Run] = {}
    for text in texts:
        if text not in found:
            named = service.runs.list(ids=service.runs.find_called(text))
            chosen.update((run.id, run) for run in named)
        else:
            chosen[RunId(text)] = found[RunId(text)]
    return list(chosen.values())


def choose_one(service: Service, run: AnyRun) -> Run:
    """Return the run that is meant, as it is now.

    Raises:
        NotFound: Nothing is called so.
        UsageError: Several runs are called so, or an experiment is.
    """
    found = choose_runs(service.now(), run)
    if len(found) != 1:
        raise UsageError(
            f"{run!r} is an experiment of {len(found)} runs", hint="Name one of its runs."
        )
    return found[0]
