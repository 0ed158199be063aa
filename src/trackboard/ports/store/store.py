"""The contract of a store: what was logged, kept and found again.

Two kinds of writing, never mixed:

- `apply` takes a `Batch` of what one process said in its spool, in one transaction, exactly once.
- every other writing method is a *catalogue* write: one transaction each, an immediate answer.

Guarantees (all methods): safe from several threads and processes; what a method returned is stored;
a failed call changed nothing; returned objects never change (arrays refuse writing). No read
transaction outlives a call and no connection crosses a fork: a child may use the store that it
inherited. Writes are serial: one waits until another, of any thread or process, is over; reads wait for
nobody. `Unavailable` may come from any method when the database does not answer in time; the same call
may be repeated. `Unstorable` comes from a write with a value that the database can never hold.
Points whose stored bytes are not what was written are left out, and named on the log and by a warning of
their run; the series' other points, and whatever is appended later, are as if nothing had happened.

Not promised: that two reads see the same moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt

from trackboard.errors import UsageError
from trackboard.model import (
    ArtifactKind,
    Compute,
    QueuedJob,
    Run,
    RunId,
    Series,
    SeriesId,
    Value,
    WriterId,
)
from trackboard.ports.store.catalogue import (
    Artifact,
    EnvironmentVersion,
    Experiment,
    Model,
    RunFile,
)
from trackboard.ports.store.query import NEWEST_FIRST, Order, RunQuery
from trackboard.ports.store.stream import (
    Batch,
    FloatColumn,
    IntColumn,
    Position,
    Refused,
    SavedDefinitions,
)


class Unstorable(UsageError):
    """A value that the database can never hold, such as an integer of more than 64 bits.

    The same call fails again; nothing was changed.
    """


@dataclass(frozen=True, eq=False)
class Points:
    """Points of one series as columns of one length, in the order they were logged.

    `values` has dtype bool, int64 or float64, or object (str) for a text series.
    """

    steps: IntColumn
    times_s: FloatColumn
    values: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.steps)


class Store(Protocol):
    """Where the history lives."""

    # -- the stream -------------------------------------------------------------------------------

    def apply(self, batches: Sequence[Batch]) -> None:
        """Store what several spools hold, and their new positions, in one transaction.

        Records of a run that is not known make a stub run (experiment `unknown`, number 0), which
        *Created* fills in whenever it arrives; a second *Created* changes nothing. A run's number is
        given here, with *Created*. An interactive run is RUNNING at once and owned by the writer of its
        *Created*; a job is QUEUED and nobody's. A state record is applied if its stamp supersedes the
        stored one; an odd move (a later record after a terminal one within one attempt) is kept out and
        leaves a warning on the run. A higher attempt has a start and an end of its own. A run ends at
        its start plus the elapsed time, where both are known. A property that exists with another value
        keeps the first and leaves a warning; so do losses and skipped bytes. Losses add up to at most
        2^63 - 1. Refused records are kept, and counted on their run as lost, with a warning. A batch that
        continues another writer ends that one and takes its runs over. What is about deleted runs is
        dropped; text that no database takes (lone surrogates, NUL) is escaped, steps beyond int64 are cut.
        A number widens its series' kind (bool, int, float); text under the same name is a series of its
        own. A series is a column of the table that came with its first value. When a run reaches a
        terminal state its series are compacted.

        Raises:
            Conflict: A batch does not start where that writer's stored position is: somebody else
                stored it. Nothing of any batch was stored.
            Unstorable: The database can never hold some value. Nothing of any batch was stored.
        """
        ...

    def position(self, writer: WriterId) -> Position:
        """Where to read on: (0, 0) for a writer never seen."""
        ...

    def read_definitions(self, writer: WriterId, after: Position) -> SavedDefinitions:
        """What `Batch.definitions` brought of the segment that a writer's position is in.

        Who reads on needs them; the segment would tell them too, but slowly.

        Args:
            writer: The writer.
            after: Leave out what is known to be defined before here, if it is in the same segment.

        Returns:
            The records that define, and up to where they are all: less than the position after a process
            of an earlier version has stored something; (0, 0) when nothing is known, as of writers that
            were declared ended.
        """
        ...

    def list_refused(self, writer: WriterId | None = None) -> tuple[Refused, ...]:
        """Records that could not be stored, of one writer or of all, in the order of the stream."""
        ...

    def count_refused(self, writers: Collection[WriterId]) -> Mapping[WriterId, int]:
        """How many records of these writers could not be stored; those without any are left out."""
        ...

    def positions(self) -> Mapping[WriterId, Position]:
        """All writers that have not ended; one that spoke after it was declared ended is among them."""
        ...

    def end_writer(self, writer: WriterId, *, cause: str, time_s: float) -> tuple[RunId, ...]:
        """Declare a writer ended; runs it owns that are not terminal become Failed with `cause`.

        What was applied before is on the disk when this returns: its spool may be removed.
        An owner is the writer whose batch brought the run's newest applied *StateChanged*, or the
        *Created* of an interactive run before there was any. If it turns up again, with whatever record,
        its runs have not failed (RUNNING, or PREPARING before their start). May be repeated.

        Returns:
            The runs that became Failed.
        """
        ...

    def list_owned(self, writers: Collection[WriterId]) -> tuple[RunId, ...]:
        """Runs that these writers own (see `end_writer`) and that have not ended, as they were stored."""
        ...

    def version(self) -> int:
        """A number that changes with every write that anybody made. Cheap: made for polling."""
        ...

    def limit_waits(self, wait_s: float) -> AbstractContextManager[None]:
        """Within the `with` block, writes of this thread wait at most so long for other writers.

        One that had to wait longer raises Unavailable, which names the writer where that is known.
        """
        ...

    # -- runs ---------------------------------------------------------------------------------------

    def add_experiment(self, name: str) -> None:
        """Make sure that an experiment exists. May be repeated."""
        ...

    def list_experiments(self) -> tuple[str, ...]:
        """Names of all experiments, oldest first; `unknown` is listed only when somebody added it."""
        ...

    def read_experiments(self) -> tuple[Experiment, ...]:
        """All experiments with what was said about them, oldest first."""
        ...

    def set_experiment_tags(self, name: str, tags: Mapping[str, str | None]) -> None:
        """Add or replace tags. Raises NotFound for an unknown experiment, as the next two do."""
        ...

    def remove_experiment_tags(self, name: str, keys: Collection[str]) -> None:
        """Take tags away; those that are not there are passed over."""
        ...

    def set_archived(self, name: str, archived_s: float | None) -> None:
        """Put an experiment away since then, or (None) take it back. Its runs stay as they are."""
        ...

    def delete_experiment(self, name: str) -> tuple[RunId, ...]:
        """Forget an experiment and its runs for good; whatever is still said about them is dropped.

        Their files in the blobs and below `runs/` are not touched. The experiment may be made again.

        Returns:
            The runs that were forgotten, in the order they were stored.

        Raises:
            Conflict: Some of its runs have not ended; nothing was deleted.
            NotFound: There is no such experiment.
        """
        ...

    def list_deleted(self, runs: Collection[RunId]) -> frozenset[RunId]:
        """Those of the runs that were deleted."""
        ...

    def find_run(self, run: RunId) -> Run | None:
        """The run with this id, or None."""
        ...

    def list_runs(
        self,
        *,
        experiment: str | None = None,
        parent: RunId | None = None,
        ids: Collection[RunId] | None = None,
        name: str | None = None,
    ) -> tuple[Run, ...]:
        """Runs that match every given condition, in the order they were stored. Stubs are included.

        `experiment="unknown"` finds the stubs.
        """
        ...

    def list_descendants(self, runs: Collection[RunId]) -> tuple[Run, ...]:
        """These runs and everything below them, each once, parents before children."""
        ...

    def get_tags(self, run: RunId) -> Mapping[str, str | None]:
        """Tags by key. Raises NotFound for an unknown run."""
        ...

    def list_tags(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, str | None]]:
        """Tags of several runs, in few questions; unknown runs are left out."""
        ...

    def list_parameters(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, Value]]:
        """Parameters of several runs, in few questions; runs without any are left out."""
        ...

    def query_runs(
        self,
        query: RunQuery,
        order: Order = NEWEST_FIRST,
        *,
        limit: int | None = None,
        offset: int = 0,
    ) -> tuple[Run, ...]:
        """Runs that match, sorted, a page at a time; ties by newest created first. Stubs are included.

        Made for 100,000 runs: sorting by a metric reads summaries, never points.

        Raises:
            UsageError: A metric is compared in a way that is none.
        """
        ...

    def remove_tags(self, run: RunId, keys: Collection[str]) -> None:
        """Take tags away; those that are not there are passed over. NotFound for an unknown run."""
        ...

    def set_description(self, run: RunId, description: str) -> None:
        """Describe a run. Raises NotFound for an unknown run."""
        ...

    def get_properties(self, run: RunId) -> Mapping[str, str]:
        """Properties by key. Raises NotFound for an unknown run."""
        ...

    def set_tags(self, run: RunId, tags: Mapping[str, str | None]) -> None:
        """Add or replace tags. Raises NotFound for an unknown run."""
        ...

    def add_properties(self, run: RunId, properties: Mapping[str, str]) -> None:
        """Add properties; the same value again is fine.

        Raises:
            Conflict: One exists with another value; none was added.
            NotFound: The run is unknown.
        """
        ...

    def set_name(self, run: RunId, name: str) -> None:
        """Rename a run. Raises NotFound for an unknown run."""
        ...

    def list_files(self, run: RunId) -> tuple[RunFile, ...]:
        """Files of a run by path. Empty for an unknown run."""
        ...

    def find_files(self, words: Collection[str]) -> dict[RunId, tuple[RunFile, ...]]:
        """Files whose paths hold one of the words, as they are spelled, by run and path."""
        ...

    def list_artifacts(
        self,
        *,
        runs: Collection[RunId] | None = None,
        names: Collection[str] | None = None,
        kinds: Collection[ArtifactKind] | None = None,
    ) -> tuple[Artifact, ...]:
        """Files that were logged as metrics' values, in the order they were stored."""
        ...

    # -- models -------------------------------------------------------------------------------------

    def add_model(self, model: Model) -> Model:
        """Register the next version of a model; `model.version` is ignored.

        Returns:
            The model with the version it was given.
        """
        ...

    def list_models(self, name: str | None = None) -> tuple[Model, ...]:
        """Registered models by name, the newest version of each first."""
        ...

    def change_model(
        self,
        name: str,
        version: int,
        *,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        removed_tags: Collection[str] | None = (),
        properties: Mapping[str, str] | None = None,
    ) -> Model:
        """Change what is said about a version; its files stay.

        Args:
            name: The model's name.
            version: Which one.
            description: None: as it was.
            tags: To add or replace.
            removed_tags: Taken away before `tags` are added; None: all.
            properties: To add; the same value again is fine.

        Raises:
            Conflict: A property exists with another value; nothing was changed.
            NotFound: There is no such version.
        """
        ...

    def delete_model(self, name: str, version: int) -> None:
        """Forget a version; its number is never given again. Raises NotFound for an unknown one."""
        ...

    # -- series -------------------------------------------------------------------------------------

    def list_series(
        self,
        *,
        runs: Collection[RunId] | None = None,
        names: Collection[str] | None = None,
        text: bool | None = None,
    ) -> tuple[Series, ...]:
        """Summaries of the series that match every given condition, in the order they were begun.

        Args:
            runs: Only of these runs.
            names: Only under these names.
            text: True for text series only, False for numbers only.
        """
        ...

    def read_points(
        self, series: Sequence[SeriesId], *, limit: int | None = None
    ) -> Mapping[SeriesId, Points]:
        """Points of several series, in log order; unknown ids are left out.

        Args:
            series: Ids of the series, in any order.
            limit: So many points of each series that has more (>= 1), or None for all. A sample always
                holds the first and the last point, and the least and the greatest value where 4 or
                more are allowed; it is stable for unchanged data. With 1 it is the last point. Text
                series are thinned evenly. An int series read with or without a limit keeps int64.
        """
        ...

    def iter_points(self, series: SeriesId) -> Iterator[Points]:
        """All points of one series in log order, a chunk at a time, never all in memory."""
        ...

    # -- compute and the queue ------------------------------------------------------------------------

    def add_compute(self, compute: Compute) -> None:
        """Create a compute target. May be repeated with the same settings, whenever they were made.

        Raises:
            Conflict: The name exists with other settings.
        """
        ...

    def set_compute(self, compute: Compute) -> None:
        """Create or replace a compute target; a replaced one keeps its place in the list."""
        ...

    def find_compute(self, name: str) -> Compute | None:
        """The compute target of that name, or None."""
        ...

    def list_computes(self) -> tuple[Compute, ...]:
        """All compute targets, oldest first."""
        ...

    def delete_compute(self, name: str) -> None:
        """Forget a compute target.

        Raises:
            Conflict: Jobs are queued for it.
            NotFound: There is none of that name.
        """
        ...

    def add_environment(
        self, name: str, definition: Mapping[str, object], *, version: str = ""
    ) -> EnvironmentVersion:
        """Register an environment; the same definition again is the newest version.

        Args:
            name: Its name.
            definition: JSON.
            version: Instead of the next number; one that exists gets this definition.
        """
        ...

    def list_environments(self, name: str | None = None) -> tuple[EnvironmentVersion, ...]:
        """Registered environments by name, the version registered last first."""
        ...

    def add_job(self, job: QueuedJob) -> None:
        """Queue a job. Raises Conflict when the run is queued already."""
        ...

    def claim_job(self, compute: str, *, without: Collection[RunId] = ()) -> QueuedJob | None:
        """Take the oldest unclaimed job of a compute target, or None. No two callers get the same.

        Those in `without` are passed over.
        """
        ...

    def release_job(self, run: RunId) -> None:
        """Give a claimed job back to its old place in the queue (its worker could not be started)."""
        ...

    def remove_job(self, run: RunId) -> bool:
        """Take a job out of the queue; whether it was there."""
        ...

    def list_jobs(self, compute: str | None = None) -> tuple[QueuedJob, ...]:
        """Jobs in the order they were queued, the claimed ones included."""
        ...

    def request_cancel(self, run: RunId) -> None:
        """Ask the run's owner to end it. Raises NotFound for an unknown run. May be repeated."""
        ...

    def is_cancel_requested(self, run: RunId) -> bool:
        """Whether somebody asked; False for an unknown run."""
        ...

    def close(self) -> None:
        """Let go of connections. May be repeated; the store must not be used afterwards."""
        ...
