"""Experiments of a workspace on this machine."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from trackboard.ports import Experiment, ExperimentRuns
from trackboard.service.answers import ExperimentFacts
from trackboard.service.local.door import Door

if TYPE_CHECKING:
    from trackboard.service.contract.experiments import Experiments


class LocalExperiments:
    """`Experiments` of a workspace; see there for what each method promises."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def add(self, name: str) -> None:
        """Make sure that an experiment exists."""
        self._door.workspace.parts.prepare_to_write(needs_to=False)
        self._door.catalogue().add_experiment(name)

    def find(self, name: str) -> Experiment | None:
        """Return an experiment as it is now, or None."""
        return next((one for one in self.list() if one.name == name), None)

    def list(self) -> tuple[Experiment, ...]:
        """List the experiments."""
        return self._door.drained().read_experiments()

    def describe(self) -> tuple[ExperimentFacts, ...]:
        """Return what is told of the experiments to the outside."""
        store = self._door.drained()
        counts = store.count_by_experiment()
        lost = Counter(
            run.experiment
            for run in store.list_runs(ids=self._door.list_lost(store))
            if run.parent is None
        )
        none = ExperimentRuns(0, 0, 0.0)
        found = ((each, counts.get(each.name, none)) for each in store.read_experiments())
        return tuple(
            ExperimentFacts(
                each, of.count, of.going_on - lost[each.name], of.newest_s if of.count else None
            )
            for each, of in found
        )

    def set_tags(self, name: str, tags: Mapping[str, str | None]) -> None:
        """Add or replace tags of an experiment."""
        self._door.catalogue().set_experiment_tags(name, tags)

    def remove_tags(self, name: str, keys: Collection[str]) -> None:
        """Take tags of an experiment away."""
        self._door.catalogue().remove_experiment_tags(name, keys)

    def archive(self, name: str) -> None:
        """Put an experiment away."""
        self._door.catalogue().set_archived(name, time.time())

    def reactivate(self, name: str) -> None:
        """Take an archived experiment back."""
        self._door.catalogue().set_archived(name, None)


if TYPE_CHECKING:

    def _fits(part: LocalExperiments) -> Experiments:
        return part
