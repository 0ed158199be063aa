"""What the view of some runs is called in an address: `/tb/runs:<id>,<id>/`. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable

from trackboard.model import RunId

_OF_RUNS = "runs:"  # an experiment that is really called so is meant first
_BETWEEN = ","  # no run's id has it


def view_id_of(runs: Iterable[str]) -> str:
    """Call the view of some runs and their descendants."""
    return _OF_RUNS + _BETWEEN.join(runs)


def runs_of(view_id: str) -> tuple[RunId, ...] | None:
    """The runs that a view's id names; None: it is no such id."""
    if not view_id.startswith(_OF_RUNS):
        return None
    return tuple(RunId(run) for run in view_id.removeprefix(_OF_RUNS).split(_BETWEEN))
