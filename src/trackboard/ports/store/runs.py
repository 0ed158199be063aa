"""The runs' part of a store: what is known of them, found and changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from trackboard.model import ArtifactKind, Run, RunId, Value
from trackboard.ports.store.condition import Comparison, Field, Source
from trackboard.ports.store.query import NEWEST_FIRST, Orders, RunQuery


@dataclass(frozen=True)
class RunFile:
    """A file of a run. `key` names it in the blobs; empty: a plain file below `runs/<run id>/`."""

    path: str
    key: str
    size_bytes: int
    time_s: float


@dataclass(frozen=True)
class Artifact:
    """A metric's value that is a file; see `ArtifactLogged`. Times are seconds since the Unix epoch."""

    run: RunId
    name: str
    kind: ArtifactKind
    path: str
    key: str
    size_bytes: int
    step: int
    time_s: float


@dataclass(frozen=True)
class ExperimentRuns:
    """How many runs an experiment has that are below no other and not in the trash.

    Attributes:
        count: All of them.
        going_on: Those that have not ended.
        newest_s: When the newest was created, in seconds since the Unix epoch.
    """

    count: int
    going_on: int
    newest_s: float


class RunStore(Protocol):
    """What is known of runs besides their points. Each write is a transaction of its own.

    Keys, paths and names have up to the characters that `model.LIMITS` gives them; where they decide an
    order it is that of their code points (see `store`).
    """

    def find_run(self, run: RunId) -> Run | None:
        """The run with this id, or None; also one in the trash."""
        ...

    def list_runs(
        self,
        *,
        experiment: str | None = None,
        parent: RunId | None = None,
        ids: Collection[RunId] | None = None,
        name: str | None = None,
        deleted: bool | None = False,
    ) -> tuple[Run, ...]:
        """Runs that match every given condition, in the order they were stored. Stubs are included.

        `experiment="unknown"` finds the stubs. With `deleted` runs in the trash are meant, with None all.
        """
        ...

    def list_oldest_called(
        self,
        experiments: Collection[str],
        names: Collection[str],
        *,
        parents: Collection[RunId] | None = None,
    ) -> tuple[Run, ...]:
        """Of the runs that have the same of some names (`Run.name`), the one with the lowest number.

        One for each experiment and name, or several where they share the lowest number; in any order, and
        none in the trash. Without `parents` only runs count that are below no run of their experiment,
        else only those below one of these, one for each parent and name.

        Made for 100,000 runs of one name: an index holds all that is looked at.
        """
        ...

    def query_runs(
        self,
        query: RunQuery,
        orders: Orders = NEWEST_FIRST,
        *,
        limit: int | None = None,
        offset: int = 0,
        after: RunId | None = None,
    ) -> tuple[Run, ...]:
        """Runs that match, sorted, a page at a time; ties by newest created first. Stubs are included.

        A page goes on after a run, wherever that stands by now, whether it matches or not, or at an
        offset; not both. NotFound where that run is gone.

        Made for 100,000 runs: conditions and sorting read summaries, never points, and runs that do not
        match never leave the database.
        """
        ...

    def count_runs(self, query: RunQuery) -> int:
        """How many runs match."""
        ...

    def holds_somewhere(self, comparison: Comparison) -> bool:
        """Whether a comparison holds of any run that is neither archived nor in the trash.

        Of what an index has, such as that there is a value, no more is read than the first that is found.
        """
        ...

    def read_columns(
        self, query: RunQuery, fields: Sequence[Field]
    ) -> tuple[Sequence[Value | None], ...]:
        """What all runs that match have of some fields: a column for each, the newest created run first.

        None where a run has nothing. Numbers of metrics are float64, where they are no steps and no
        counts; a tag without a value is an empty text.

        Made for 100,000 runs: as many questions as fields, whatever the number of runs.
        """
        ...

    def count_by_experiment(self) -> Mapping[str, ExperimentRuns]:
        """How many runs each experiment has, by name; those without any are left out."""
        ...

    def list_names(self, source: Source) -> tuple[str, ...]:
        """Names of all metrics (text too), parameters, tags or properties of runs, each once, by name."""
        ...

    def list_descendants(self, runs: Collection[RunId]) -> tuple[Run, ...]:
        """These runs and everything below them, each once, parents before children; none in the trash."""
        ...

    def get_tags(self, run: RunId) -> Mapping[str, str | None]:
        """Tags by key. Raises NotFound for an unknown run."""
        ...

    def list_tags(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, str | None]]:
        """Tags of several runs, in few questions; unknown runs are left out."""
        ...

    def set_tags(self, run: RunId, tags: Mapping[str, str | None]) -> None:
        """Add or replace tags. Raises NotFound for an unknown run."""
        ...

    def tag_runs(self, runs: Collection[RunId], tags: Mapping[str, str | None]) -> None:
        """Add or replace tags of several runs, all or none, in few statements.

        Raises NotFound for an unknown run.
        """
        ...

    def remove_tags(self, run: RunId, keys: Collection[str]) -> None:
        """Take tags away; those that are not there are passed over. NotFound for an unknown run."""
        ...

    def get_properties(self, run: RunId) -> Mapping[str, str]:
        """Properties by key. Raises NotFound for an unknown run."""
        ...

    def list_properties(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, str]]:
        """Properties of several runs, in few questions; unknown runs are left out."""
        ...

    def add_properties(self, run: RunId, properties: Mapping[str, str]) -> None:
        """Add properties; the same value again is fine.

        Raises:
            Conflict: One exists with another value; none was added.
            NotFound: The run is unknown.
        """
        ...

    def list_property(self, key: str) -> Mapping[RunId, str]:
        """The values of one property by run; runs without it are left out, those in the trash are not."""
        ...

    def list_parameters(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, Value]]:
        """Parameters of several runs, in few questions; runs without any are left out."""
        ...

    def set_description(self, run: RunId, description: str) -> None:
        """Describe a run. Raises NotFound for an unknown run."""
        ...

    def set_name(self, run: RunId, name: str) -> None:
        """Rename a run. Raises NotFound for an unknown run."""
        ...

    def list_files(self, run: RunId) -> tuple[RunFile, ...]:
        """Files of a run by path. Empty for an unknown run."""
        ...

    def find_files(self, words: Collection[str]) -> dict[RunId, tuple[RunFile, ...]]:
        """Files whose paths hold one of the words, as they are spelled, by run; those of a run by path.

        Runs in the trash are left out.
        """
        ...

    def list_artifacts(
        self,
        *,
        runs: Collection[RunId] | None = None,
        names: Collection[str] | None = None,
        kinds: Collection[ArtifactKind] | None = None,
    ) -> tuple[Artifact, ...]:
        """Files that were logged as metrics' values, in the order they were stored.

        Those of runs in the trash are left out, unless their runs are named.
        """
        ...

    def request_cancel(self, run: RunId) -> None:
        """Ask the run's owner to end it. Raises NotFound for an unknown run. May be repeated."""
        ...

    def is_cancel_requested(self, run: RunId) -> bool:
        """Whether somebody asked; False for an unknown run."""
        ...
