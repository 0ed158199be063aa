"""The store on a SQL database: the methods of the port, each one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING

from trackboard.model import (
    ArtifactKind,
    Compute,
    QueuedJob,
    Run,
    RunId,
    Value,
    WriterId,
)
from trackboard.ports import (
    NEWEST_FIRST,
    Artifact,
    Batch,
    Comparison,
    EnvironmentVersion,
    Experiment,
    ExperimentRuns,
    Field,
    Model,
    Orders,
    Position,
    Refused,
    RunFile,
    RunQuery,
    SavedDefinitions,
    Source,
    Store,
)
from trackboard.stores.engine.database import Database
from trackboard.stores.points.damage import DamageReport
from trackboard.stores.points.sql_series import SqlSeries
from trackboard.stores.rows import (
    artifacts,
    definitions,
    environments,
    experiments,
    models,
    parameters,
    quarantine,
    runs,
)
from trackboard.stores.rows.runs import list_descendants, list_properties, list_tags
from trackboard.stores.rows.saved_views import SqlViews
from trackboard.stores.schema import identity
from trackboard.stores.schema.tables import run as run_table
from trackboard.stores.sql import catalogue, columns, positions
from trackboard.stores.sql.names_in_use import list_names
from trackboard.stores.sql.namesakes import list_oldest_called
from trackboard.stores.sql.query import CountCache, holds_somewhere, query_runs
from trackboard.stores.sql.trash import SqlTrash

if TYPE_CHECKING:
    from trackboard.stores.points.appender import Appender
    from trackboard.stores.sql.stream_cache import StreamCache


class SqlStore(SqlSeries, SqlTrash, SqlViews):
    """`trackboard.ports.Store` on tables; see there for what each method promises."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._damage = DamageReport(database)
        self._counts = CountCache()

    @cached_property
    def _appender(self) -> Appender:
        from trackboard.stores.points.appender import Appender

        return Appender()

    @cached_property
    def _cache(self) -> StreamCache:
        from trackboard.stores.sql.stream_cache import StreamCache

        return StreamCache()

    # -- the stream -------------------------------------------------------------------------------

    def apply(self, batches: Sequence[Batch]) -> None:
        """Store batches, in one transaction, exactly once."""
        if batches:
            from trackboard.stores.sql import stream  # loads numpy, as all does that handles points

            stream.apply(self._database, self._cache, self._appender, batches)

    def position(self, writer: WriterId) -> Position:
        """Where to read on."""
        with self._database.read() as connection:
            return positions.position(connection, writer)

    def positions(self) -> Mapping[WriterId, Position]:
        """All writers that have not ended."""
        with self._database.read() as connection:
            return positions.positions(connection)

    def read_definitions(self, writer: WriterId, after: Position) -> SavedDefinitions:
        """What is saved of the definitions of the segment that a writer's position is in."""
        with self._database.read() as connection:
            return definitions.read_definitions(connection, writer, after)

    def list_refused(self, writer: WriterId | None = None) -> tuple[Refused, ...]:
        """Records that could not be stored."""
        with self._database.read() as connection:
            return quarantine.list_refused(connection, writer)

    def count_refused(self, writers: Collection[WriterId]) -> Mapping[WriterId, int]:
        """How many records of these writers could not be stored."""
        with self._database.read() as connection:
            return quarantine.count_refused(connection, writers)

    def end_writer(self, writer: WriterId, *, cause: str, time_s: float) -> tuple[RunId, ...]:
        """Declare a writer ended, and fail the runs that it leaves behind."""
        from trackboard.stores.sql import stream

        return stream.end_writer(self._database, self._appender, writer, cause, time_s)

    def list_owned(self, writers: Collection[WriterId]) -> tuple[RunId, ...]:
        """Runs that these writers own and that have not ended."""
        with self._database.read() as connection:
            return runs.list_owned(connection, writers)

    def version(self) -> int:
        """A number that changes with every write."""
        return self._database.version()

    def limit_waits(self, wait_s: float) -> AbstractContextManager[None]:
        """Within it, this thread's writes wait at most so long for other writers."""
        return self._database.limit_waits(wait_s)

    def database_id(self) -> str:
        """The id of the database, which each copy of it has; empty when it has none yet."""
        with self._database.read() as connection:
            return identity.read_id(connection)

    # -- runs -------------------------------------------------------------------------------------

    def add_experiment(self, name: str) -> None:
        """Make sure that an experiment exists; one that does costs no write."""
        with self._database.read() as connection:
            if experiments.has_experiment(connection, name):
                return
        with self._database.write() as connection:
            experiments.add_experiment(connection, name)

    def list_experiments(self) -> tuple[str, ...]:
        """Names of all experiments, oldest first."""
        with self._database.read() as connection:
            return experiments.list_experiments(connection)

    def read_experiments(self, *, deleted: bool = False) -> tuple[Experiment, ...]:
        """Experiments with what was said about them, oldest first."""
        with self._database.read() as connection:
            return experiments.read_experiments(connection, deleted=deleted)

    def set_experiment_tags(self, name: str, tags: Mapping[str, str | None]) -> None:
        """Add or replace tags."""
        with self._database.write() as connection:
            experiments.set_tags(connection, name, tags)

    def remove_experiment_tags(self, name: str, keys: Collection[str]) -> None:
        """Take tags away."""
        with self._database.write() as connection:
            experiments.remove_tags(connection, name, keys)

    def set_archived(self, name: str, archived_s: float | None) -> None:
        """Put an experiment away, or take it back."""
        with self._database.write() as connection:
            experiments.set_archived(connection, name, archived_s)

    def find_run(self, run: RunId) -> Run | None:
        """The run with this id, or None."""
        with self._database.read() as connection:
            rows = runs.read_runs(connection, run_table.c.run_id == run)
        return runs.run_of(rows[0]) if rows else None

    def list_runs(
        self,
        *,
        experiment: str | None = None,
        parent: RunId | None = None,
        ids: Collection[RunId] | None = None,
        name: str | None = None,
        deleted: bool | None = False,
    ) -> tuple[Run, ...]:
        """Runs that match every given condition."""
        with self._database.read() as connection:
            return runs.list_runs(
                connection,
                experiment_name=experiment,
                parent=parent,
                ids=ids,
                name=name,
                deleted=deleted,
            )

    def list_oldest_called(
        self,
        experiments: Collection[str],
        names: Collection[str],
        *,
        parents: Collection[RunId] | None = None,
    ) -> tuple[Run, ...]:
        """Runs with the lowest numbers of those that have the same name."""
        with self._database.read() as connection:
            return list_oldest_called(connection, experiments, names, parents)

    def list_descendants(self, runs: Collection[RunId]) -> tuple[Run, ...]:
        """These runs and everything below them."""
        with self._database.read() as connection:
            return list_descendants(connection, runs)

    def get_tags(self, run: RunId) -> Mapping[str, str | None]:
        """Tags by key."""
        with self._database.read() as connection:
            return runs.get_tags(connection, run)

    def list_tags(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, str | None]]:
        """Tags of several runs."""
        with self._database.read() as connection:
            return list_tags(connection, runs)

    def list_properties(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, str]]:
        """Properties of several runs."""
        with self._database.read() as connection:
            return list_properties(connection, runs)

    def list_property(self, key: str) -> Mapping[RunId, str]:
        """The values of one property by run."""
        with self._database.read() as connection:
            return runs.list_property(connection, key)

    def list_parameters(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, Value]]:
        """Parameters of several runs."""
        with self._database.read() as connection:
            return parameters.list_parameters(connection, runs)

    def query_runs(
        self,
        query: RunQuery,
        orders: Orders = NEWEST_FIRST,
        *,
        limit: int | None = None,
        offset: int = 0,
        after: RunId | None = None,
    ) -> tuple[Run, ...]:
        """Runs that match, sorted, a page at a time."""
        with self._database.read() as connection:
            return query_runs(connection, query, orders, limit=limit, offset=offset, after=after)

    def count_runs(self, query: RunQuery) -> int:
        """How many runs match."""
        with self._database.read() as connection:
            return self._counts.count(connection, query, self._database.generation)

    def holds_somewhere(self, comparison: Comparison) -> bool:
        """Whether a comparison holds of any run."""
        with self._database.read() as connection:
            return holds_somewhere(connection, comparison)

    def read_columns(
        self, query: RunQuery, fields: Sequence[Field]
    ) -> tuple[Sequence[Value | None], ...]:
        """What all runs that match have of some fields."""
        with self._database.read() as connection:
            return columns.read_columns(connection, query, fields)

    def count_by_experiment(self) -> Mapping[str, ExperimentRuns]:
        """How many runs each experiment has."""
        with self._database.read() as connection:
            return columns.count_by_experiment(connection)

    def list_names(self, source: Source) -> tuple[str, ...]:
        """Names that runs have, in order."""
        with self._database.read() as connection:
            return list_names(connection, source)

    def remove_tags(self, run: RunId, keys: Collection[str]) -> None:
        """Take tags away."""
        with self._database.write() as connection:
            runs.remove_tags(connection, run, keys)

    def set_description(self, run: RunId, description: str) -> None:
        """Describe a run."""
        with self._database.write() as connection:
            catalogue.set_description(connection, run, description)

    def get_properties(self, run: RunId) -> Mapping[str, str]:
        """Properties by key."""
        with self._database.read() as connection:
            return runs.get_properties(connection, run)

    def set_tags(self, run: RunId, tags: Mapping[str, str | None]) -> None:
        """Add or replace tags."""
        with self._database.write() as connection:
            runs.set_tags(connection, run, tags)

    def tag_runs(self, ids: Collection[RunId], tags: Mapping[str, str | None]) -> None:
        """Add or replace tags of several runs."""
        with self._database.write() as connection:
            runs.tag_runs(connection, ids, tags)

    def add_properties(self, run: RunId, properties: Mapping[str, str]) -> None:
        """Add properties, all or none."""
        with self._database.write() as connection:
            runs.add_properties(connection, run, properties)

    def set_name(self, run: RunId, name: str) -> None:
        """Rename a run."""
        with self._database.write() as connection:
            catalogue.set_name(connection, run, name)

    def list_files(self, run: RunId) -> tuple[RunFile, ...]:
        """Files of a run by path."""
        with self._database.read() as connection:
            return runs.list_files(connection, run)

    def find_files(self, words: Collection[str]) -> dict[RunId, tuple[RunFile, ...]]:
        """Files by run whose paths hold one of the words."""
        with self._database.read() as connection:
            return runs.find_files(connection, words)

    def list_artifacts(
        self,
        *,
        runs: Collection[RunId] | None = None,
        names: Collection[str] | None = None,
        kinds: Collection[ArtifactKind] | None = None,
    ) -> tuple[Artifact, ...]:
        """Files that were logged as metrics' values, in the order they were stored."""
        with self._database.read() as connection:
            return artifacts.list_artifacts(connection, runs=runs, names=names, kinds=kinds)

    # -- models -----------------------------------------------------------------------------------

    def add_model(self, model: Model) -> Model:
        """Register the next version of a model."""
        with self._database.write() as connection:
            return models.add_model(connection, model)

    def list_models(self, name: str | None = None) -> tuple[Model, ...]:
        """Registered models, the newest version of each name first."""
        with self._database.read() as connection:
            return models.list_models(connection, name)

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
        """Change what is said about a version."""
        with self._database.write() as connection:
            return models.change_model(
                connection,
                name,
                version,
                description=description,
                tags=tags,
                removed_tags=removed_tags,
                properties=properties,
            )

    def delete_model(self, name: str, version: int) -> None:
        """Forget a version."""
        with self._database.write() as connection:
            models.delete_model(connection, name, version)

    # -- compute and the queue ----------------------------------------------------------------------

    def add_compute(self, compute: Compute) -> None:
        """Create a compute target."""
        with self._database.write() as connection:
            catalogue.add_compute(connection, compute)

    def set_compute(self, compute: Compute) -> None:
        """Create or replace a compute target."""
        with self._database.write() as connection:
            catalogue.set_compute(connection, compute)

    def find_compute(self, name: str) -> Compute | None:
        """The compute target of that name, or None."""
        with self._database.read() as connection:
            return catalogue.find_compute(connection, name)

    def list_computes(self) -> tuple[Compute, ...]:
        """All compute targets, oldest first."""
        with self._database.read() as connection:
            return catalogue.list_computes(connection)

    def delete_compute(self, name: str) -> None:
        """Forget a compute target."""
        with self._database.write() as connection:
            catalogue.delete_compute(connection, name)

    def add_environment(
        self, name: str, definition: Mapping[str, object], *, version: str = ""
    ) -> EnvironmentVersion:
        """Register an environment."""
        with self._database.write() as connection:
            return environments.add_environment(connection, name, definition, version)

    def list_environments(self, name: str | None = None) -> tuple[EnvironmentVersion, ...]:
        """Registered environments by name."""
        with self._database.read() as connection:
            return environments.list_environments(connection, name)

    def add_job(self, job: QueuedJob) -> None:
        """Queue a job."""
        with self._database.write() as connection:
            catalogue.add_job(connection, job)

    def claim_job(self, compute: str, *, without: Collection[RunId] = ()) -> QueuedJob | None:
        """Take the oldest unclaimed job of a compute target, or None."""
        with self._database.write() as connection:
            return catalogue.claim_job(connection, compute, without)

    def release_job(self, run: RunId) -> None:
        """Give a claimed job back."""
        with self._database.write() as connection:
            catalogue.release_job(connection, run)

    def remove_job(self, run: RunId) -> bool:
        """Take a job out of the queue; whether it was there."""
        with self._database.write() as connection:
            return catalogue.remove_job(connection, run)

    def list_jobs(self, compute: str | None = None) -> tuple[QueuedJob, ...]:
        """Jobs in the order they were queued."""
        with self._database.read() as connection:
            return catalogue.list_jobs(connection, compute)

    def request_cancel(self, run: RunId) -> None:
        """Ask the run's owner to end it."""
        with self._database.write() as connection:
            catalogue.request_cancel(connection, run)

    def is_cancel_requested(self, run: RunId) -> bool:
        """Whether somebody asked."""
        with self._database.read() as connection:
            return catalogue.is_cancel_requested(connection, run)

    def close(self) -> None:
        """Let go of connections."""
        self._database.close()


if TYPE_CHECKING:

    def _fits(store: SqlStore) -> Store:
        return store
