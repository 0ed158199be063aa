"""Which of the runs to be shown have nothing to show yet, so that an empty page surprises nobody."""

from __future__ import annotations

from collections.abc import Sequence

from trackboard.model import Run, RunId
from trackboard.model.tensorboard_files import is_marked
from trackboard.ports import Store


def list_empty(store: Store, runs: Sequence[RunId]) -> tuple[Run, ...]:
    """Those of `runs` that have neither points nor event files, themselves or below them."""
    tree = store.list_descendants(runs)
    filled = {series.run for series in store.list_series(runs=[run.id for run in tree])}
    for run in reversed(tree):  # children before parents
        if run.id not in filled and _has_event_file(store, run.id):
            filled.add(run.id)
        if run.id in filled and run.parent is not None:
            filled.add(run.parent)
    asked = set(runs)
    return tuple(run for run in tree if run.id in asked and run.id not in filled)


def _has_event_file(store: Store, run: RunId) -> bool:
    return any(is_marked(file.path.rpartition("/")[2]) for file in store.list_files(run))
