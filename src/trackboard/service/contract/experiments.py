"""What a service answers about experiments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from trackboard.ports import Experiment
from trackboard.service.answers import ExperimentFacts


class Experiments(Protocol):
    """The experiments of a workspace, by their names."""

    def add(self, name: str) -> None:
        """Make sure that an experiment exists. May be repeated."""
        ...

    def find(self, name: str) -> Experiment | None:
        """Return an experiment as it is now, or None."""
        ...

    def list(self) -> tuple[Experiment, ...]:
        """List the experiments, the oldest first."""
        ...

    def describe(self) -> tuple[ExperimentFacts, ...]:
        """Return what is told of the experiments to the outside, the oldest first.

        As many questions to the database, whatever the number of runs.
        """
        ...

    def set_tags(self, name: str, tags: Mapping[str, str | None]) -> None:
        """Add or replace tags of an experiment.

        Raises:
            NotFound: There is no such experiment.
        """
        ...

    def remove_tags(self, name: str, keys: Collection[str]) -> None:
        """Take tags of an experiment away; those that are not there are passed over.

        Raises:
            NotFound: There is no such experiment.
        """
        ...

    def archive(self, name: str) -> None:
        """Put an experiment away; its runs stay as they are. May be repeated.

        Raises:
            NotFound: There is no such experiment.
        """
        ...

    def reactivate(self, name: str) -> None:
        """Take an archived experiment back. May be repeated.

        Raises:
            NotFound: There is no such experiment.
        """
        ...
