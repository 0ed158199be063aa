"""Which runs one experiment id of TensorBoard means, and what they are called."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from tensorboard.errors import NotFoundError

from trackboard.board.view.run_names import name_runs
from trackboard.board.view.source import Source, View
from trackboard.board.view.view_ids import runs_of
from trackboard.model import Run, RunId
from trackboard.ports import Store

OWN_IDS = frozenset(("", "defaultExperimentId"))  # what the stock page sends: both mean itself


def own_key(experiment_id: str) -> str:
    """One key for all spellings of the page's own view."""
    return "" if experiment_id in OWN_IDS else experiment_id


@dataclass(frozen=True, eq=False)
class RunList:
    """The runs of a view at one version of the store."""

    version: int
    runs: tuple[Run, ...]  # of the view, in the order they were stored
    names: Mapping[RunId, str]  # of every run of the experiments in the view
    ids: Mapping[str, RunId]  # the view's runs by name
    is_everything: bool

    @property
    def run_ids(self) -> tuple[RunId, ...] | None:
        """The view's runs for the store's filters: None when nothing needs to be filtered."""
        return None if self.is_everything else tuple(run.id for run in self.runs)


class RunLists:
    """Looks up lists of runs by experiment id and keeps them while the store does not change."""

    def __init__(self, source: Source, view: View, *, raw_ids: bool = False) -> None:
        self._source = source
        self._view = view
        self._raw_ids = raw_ids
        self._kept: dict[str, RunList] = {}
        self._lock = threading.Lock()

    def get_view(self, experiment_id: str) -> View:
        """Say what an experiment id means: the page's own view, an experiment by its name, or some runs.

        Raises:
            tensorboard.errors.NotFoundError: There is no such experiment, or none of the runs.
        """
        if experiment_id in OWN_IDS:
            return self._view
        store = self._source.store
        if experiment_id in store.list_experiments():
            return View(experiment=experiment_id)
        runs = runs_of(experiment_id)
        if runs is None:
            raise NotFoundError(f"experiment {experiment_id!r} is not in {self._source.name}")
        if not any(store.find_run(run) for run in runs):
            raise NotFoundError(f"none of the runs {', '.join(runs)} is in {self._source.name}")
        return View(runs=runs)

    def get(self, experiment_id: str) -> RunList:
        """The runs that an experiment id means now.

        Raises:
            tensorboard.errors.NotFoundError: There is no such experiment.
        """
        key = own_key(experiment_id)
        version = self._source.store.version()  # first: a later write makes the list old at once
        with self._lock:
            kept = self._kept.get(key)
        if kept and kept.version == version:
            return kept
        run_list = self._build(version, self.get_view(experiment_id))
        with self._lock:
            self._kept = {id_: old for id_, old in self._kept.items() if old.version == version}
            self._kept[key] = run_list
        return run_list

    def _build(self, version: int, view: View) -> RunList:
        runs, named, hidden = _list_runs(self._source.store, view)
        names = name_runs(named, raw_ids=self._raw_ids)
        return RunList(
            version=version,
            runs=runs,
            names=names,
            ids={names[run.id]: run.id for run in runs},
            is_everything=view == View() and not hidden,
        )


def _list_runs(store: Store, view: View) -> tuple[tuple[Run, ...], tuple[Run, ...], bool]:
    """Runs of the view, all runs of their experiments (names depend on those), and whether some are hidden.

    Archived runs are shown where they are asked for; a view of everything does not show those of archived
    experiments either.
    """
    if view.runs is None:
        runs = store.list_runs(experiment=view.experiment)
        shown = tuple(run for run in runs if run.archived_s is None)
        if view.experiment is not None:
            return shown, runs, len(shown) < len(runs)
        archived = {each.name for each in store.read_experiments() if each.archived_s is not None}
        if archived:
            shown = tuple(run for run in shown if run.experiment not in archived)
        return shown, runs, len(shown) < len(runs)
    family = store.list_descendants(view.runs)
    shown = tuple(run for run in family if view.experiment in (None, run.experiment))
    experiments = dict.fromkeys(run.experiment for run in shown)
    named = tuple(run for name in experiments for run in store.list_runs(experiment=name))
    # A run stored between the two questions is left for the next answer.
    known = {run.id for run in named}
    return tuple(run for run in shown if run.id in known), named, False
