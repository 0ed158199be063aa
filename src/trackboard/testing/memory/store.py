"""The contract of a store in plain dictionaries: the model that real stores are compared with."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from trackboard.model import (
    ArtifactKind,
    ArtifactLogged,
    Created,
    Ended,
    Event,
    FileAdded,
    FileRemoved,
    Heartbeat,
    ParameterSet,
    PropertyAdded,
    RecordsDropped,
    Run,
    RunId,
    Series,
    SeriesId,
    StateChanged,
    Tagged,
    TextLogged,
    Value,
    ValueKind,
    WriterId,
)
from trackboard.ports import (
    NEWEST_FIRST,
    Artifact,
    Batch,
    Comparison,
    ExperimentRuns,
    Field,
    Orders,
    Points,
    Position,
    Refused,
    Rollup,
    RunFile,
    RunQuery,
    SavedDefinitions,
    Source,
    Store,
)
from trackboard.stores.codec import downsample
from trackboard.stores.rules import run_transitions
from trackboard.stores.rules.batch_runs import without
from trackboard.stores.rules.condition_match import RunValues
from trackboard.testing.memory.query import (
    count_by_experiment,
    find_runs,
    find_runs_after,
    list_oldest_called,
)
from trackboard.testing.memory.series import MemorySeries, roll_up_none
from trackboard.testing.memory.trash import MemoryTrash
from trackboard.testing.memory.writers import MemoryWriters


class MemoryStore(MemoryTrash):
    """`trackboard.ports.Store` for one process, gone with it; see there for what each method promises."""

    def __init__(self) -> None:
        super().__init__()
        self._writers = MemoryWriters()
        self._numbers: dict[str, int] = {}  # of each experiment's newest run
        self._last_series = 0

    # -- the stream -------------------------------------------------------------------------------

    def apply(self, batches: Sequence[Batch]) -> None:
        """Store batches, exactly once."""
        with self._lock:
            self._writers.check(batches)
            self._version += 1
            successors = {
                each.continues: each.writer for each in batches if each.continues is not None
            }
            back = {each.writer for each in batches if self._writers.has_ended(each.writer)}
            for former in successors:
                self._take_over(former, run_transitions.last_successor(former, successors))
            self._revive(back.union(successors.values()))
            for batch in without(batches, self._deleted):
                self._apply(batch)
            for former in successors:
                self._writers.end(former)

    def _take_over(self, former: WriterId, successor: WriterId) -> None:
        for run, record in self._runs.items():
            if record.owner == former:
                self._runs[run] = replace(record, owner=successor)

    def _revive(self, owners: Collection[WriterId]) -> None:
        for run, record in self._runs.items():
            if record.owner in owners:
                self._runs[run] = run_transitions.revive(record)

    def _apply(self, batch: Batch) -> None:
        self._writers.advance(batch)
        mentioned: dict[RunId, None] = {}
        for event in (*batch.events, *run_transitions.dropped_by_refusal(batch.refused)):
            if isinstance(event, Heartbeat):
                continue
            if isinstance(event, Ended):
                self._writers.end(batch.writer)
                continue
            mentioned[event.run] = None
            self._runs.setdefault(event.run, run_transitions.stub(event.run))
            self._apply_event(event, batch.writer)
        for part in batch.points:
            if len(part.steps):
                mentioned[part.run] = None
                self._runs.setdefault(part.run, run_transitions.stub(part.run))
            columns = (part.steps, part.has_step, part.times_s, part.values)
            rows = zip(*(column.tolist() for column in columns), strict=True)
            for step, has_step, time_s, value in rows:
                series = self._one_series(part.run, part.name, part.kind, part.table)
                series.append(part.kind, step if has_step else None, time_s, value)
        if batch.skipped_bytes:
            text = run_transitions.skipped(batch.skipped_bytes)
            for run in mentioned:
                self._runs[run] = run_transitions.warn(self._runs[run], text)

    def _apply_event(self, event: Event, writer: WriterId) -> None:
        match event:
            case Created():
                self._create(event, writer)
            case StateChanged():
                self._runs[event.run] = run_transitions.change_state(
                    self._runs[event.run], event, writer
                )
            case Tagged():
                tags = self._tags.setdefault(event.run, {})
                tags.pop(event.key, None)
                if not event.removed:
                    tags[event.key] = event.value
            case PropertyAdded():
                self._add_property(event)
            case FileAdded() | ArtifactLogged() | FileRemoved():
                self._files.apply(event)
            case ParameterSet():
                self._parameters.setdefault(event.run, {})[event.name] = event.value
            case RecordsDropped():
                record = self._runs[event.run]
                self._runs[event.run] = run_transitions.count_dropped(
                    record, event.count, event.reason
                )
            case TextLogged():
                series = self._one_series(event.run, event.name, ValueKind.TEXT, event.table)
                series.append(ValueKind.TEXT, event.step, event.time_s, event.value)
            case _:
                pass  # about the writer, not about a run

    def _create(self, event: Created, writer: WriterId) -> None:
        record = self._runs[event.run]
        if not record.is_stub:
            self._runs[event.run] = run_transitions.create_again(record, event)
            return
        self._put_experiment(event.experiment)
        number = self._numbers.get(event.experiment, 0) + 1
        self._numbers[event.experiment] = number
        new = run_transitions.create(record, event, number, writer)
        parent = self._runs[event.parent].run if event.parent in self._runs else new.run
        put_away = run_transitions.PutAway(parent.archived_s, parent.deleted_s)
        self._runs[event.run] = run_transitions.join_parent(new, put_away)
        if self._runs[event.run].run.deleted_s is None:
            self._use_experiment(event.experiment)

    def _add_property(self, event: PropertyAdded) -> None:
        old = self._properties.setdefault(event.run, {}).setdefault(event.key, event.value)
        if old != event.value:
            text = run_transitions.kept_property(event.key, old, event.value)
            self._runs[event.run] = run_transitions.warn(self._runs[event.run], text)

    def _one_series(self, run: RunId, name: str, kind: ValueKind, table: str) -> MemorySeries:
        key = (run, name, kind is ValueKind.TEXT)
        if key not in self._series:
            self._last_series += 1
            new = SeriesId(self._last_series)
            self._series[key] = MemorySeries(new, run, name, kind, table)
        return self._series[key]

    def position(self, writer: WriterId) -> Position:
        """Where to read on."""
        with self._lock:
            return self._writers.position(writer)

    def positions(self) -> Mapping[WriterId, Position]:
        """All writers that have not ended."""
        with self._lock:
            return self._writers.positions()

    def read_definitions(self, writer: WriterId, after: Position) -> SavedDefinitions:
        """What is saved of the definitions of the segment that a writer's position is in."""
        with self._lock:
            return self._writers.read_definitions(writer, after)

    def list_refused(self, writer: WriterId | None = None) -> tuple[Refused, ...]:
        """Records that could not be stored."""
        with self._lock:
            return self._writers.list_refused(writer)

    def count_refused(self, writers: Collection[WriterId]) -> Mapping[WriterId, int]:
        """How many records of these writers could not be stored."""
        with self._lock:
            return self._writers.count_refused(writers)

    def end_writer(self, writer: WriterId, *, cause: str, time_s: float) -> tuple[RunId, ...]:
        """Declare a writer ended, and fail the runs that it leaves behind."""
        with self._lock:
            self._version += 1
            self._writers.end(writer)
            owned = self.list_owned([writer])
            for run in owned:
                self._runs[run] = run_transitions.end_owner(self._runs[run], cause, time_s)
            return owned

    def list_owned(self, writers: Collection[WriterId]) -> tuple[RunId, ...]:
        """Runs that these writers own and that have not ended."""
        with self._lock:
            return tuple(
                run
                for run, record in self._runs.items()
                if record.owner in writers and not record.run.state.is_terminal
            )

    def version(self) -> int:
        """A number that changes with every write."""
        return self._version

    def limit_waits(self, wait_s: float) -> AbstractContextManager[None]:
        """Nothing: a write waits only for those of other threads, which are short."""
        del wait_s
        return nullcontext()

    # -- runs -------------------------------------------------------------------------------------

    def find_run(self, run: RunId) -> Run | None:
        """The run with this id, or None."""
        record = self._runs.get(run)
        return record.run if record else None

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
        with self._lock:
            return tuple(
                run
                for run in (record.run for record in self._runs.values())
                if (experiment is None or run.experiment == experiment)
                and (parent is None or run.parent == parent)
                and (ids is None or run.id in ids)
                and (name is None or run.given_name == name)
                and (deleted is None or deleted == (run.deleted_s is not None))
            )

    def list_oldest_called(
        self,
        experiments: Collection[str],
        names: Collection[str],
        *,
        parents: Collection[RunId] | None = None,
    ) -> tuple[Run, ...]:
        """Runs with the lowest numbers of those that have the same name."""
        with self._lock:
            return list_oldest_called(self.list_runs(), experiments, names, parents)

    def list_descendants(self, runs: Collection[RunId]) -> tuple[Run, ...]:
        """These runs and everything below them."""
        with self._lock:
            found = {run.id for run in self.list_runs(ids=runs)}
            while below := {run.id for run in self.list_runs() if run.parent in found} - found:
                found |= below
            return run_transitions.parents_first(self.list_runs(ids=found))

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
        with self._lock:
            every = self.list_runs(deleted=None)
            found = find_runs(every, self._of, query, orders)
            if after is not None:
                found = find_runs_after(every, self._of, found, orders, after)
        return tuple(found[offset : None if limit is None else offset + limit])

    def count_runs(self, query: RunQuery) -> int:
        """How many runs match."""
        return len(self.query_runs(query))

    def holds_somewhere(self, comparison: Comparison) -> bool:
        """Whether a comparison holds of any run."""
        return bool(self.query_runs(RunQuery(where=comparison), limit=1))

    def read_columns(
        self, query: RunQuery, fields: Sequence[Field]
    ) -> tuple[Sequence[Value | None], ...]:
        """What all runs that match have of some fields."""
        with self._lock:
            values = [self._of(run) for run in self.query_runs(query)]
            return tuple([each.shown(field) for each in values] for field in fields)

    def count_by_experiment(self) -> Mapping[str, ExperimentRuns]:
        """How many runs each experiment has."""
        with self._lock:
            return count_by_experiment(self.list_runs())

    def list_names(self, source: Source) -> tuple[str, ...]:
        """Names that runs have, in order."""
        with self._lock:
            if source is Source.METRIC:
                return tuple(sorted({name for _, name, _ in self._series}))
            said: dict[Source, Mapping[RunId, Mapping[str, object]]] = {
                Source.PARAMETER: self._parameters,
                Source.TAG: self._tags,
                Source.PROPERTY: self._properties,
            }
            return tuple(sorted({name for each in said[source].values() for name in each}))

    def _of(self, run: Run) -> RunValues:
        return RunValues(
            run,
            self._tags.get(run.id, {}),
            self._properties.get(run.id, {}),
            self._parameters.get(run.id, {}),
            lambda metric: self._summary(run.id, metric),
        )

    def _summary(self, run: RunId, metric: str) -> Series | None:
        series = self._series.get((run, metric, False))
        return None if series is None else series.summary()

    def list_files(self, run: RunId) -> tuple[RunFile, ...]:
        """Files of a run by path."""
        with self._lock:
            return self._files.list(run)

    def find_files(self, words: Collection[str]) -> dict[RunId, tuple[RunFile, ...]]:
        """Files by run whose paths hold one of the words."""
        with self._lock:
            found = self._files.find(words)
        return {run: files for run, files in found.items() if self._is_shown(run)}

    def list_artifacts(
        self,
        *,
        runs: Collection[RunId] | None = None,
        names: Collection[str] | None = None,
        kinds: Collection[ArtifactKind] | None = None,
    ) -> tuple[Artifact, ...]:
        """Files that were logged as metrics' values, in the order they were stored."""
        with self._lock:
            return tuple(
                each
                for each in self._files.artifacts
                if (self._is_shown(each.run) if runs is None else each.run in runs)
                and (names is None or each.name in names)
                and (kinds is None or each.kind in kinds)
            )

    # -- series -----------------------------------------------------------------------------------

    def list_series(
        self,
        *,
        runs: Collection[RunId] | None = None,
        names: Collection[str] | None = None,
        text: bool | None = None,
    ) -> tuple[Series, ...]:
        """Summaries of the series that match every given condition."""
        with self._lock:
            return tuple(
                each.summary()
                for (run, name, is_text), each in self._series.items()
                if (self._is_shown(run) if runs is None else run in runs)
                and (names is None or name in names)
                and (text is None or text == is_text)
            )

    def read_points(
        self, series: Sequence[SeriesId], *, limit: int | None = None
    ) -> Mapping[SeriesId, Points]:
        """Points of several series, in log order."""
        with self._lock:
            found = {each.id: each.points() for each in self._series.values() if each.id in series}
        if limit is None:
            return found
        return {each: downsample.downsample_points(points, limit) for each, points in found.items()}

    def read_rollups(
        self,
        series: Sequence[SeriesId],
        limit: int,
        *,
        first_step: int | None = None,
        last_step: int | None = None,
    ) -> Mapping[SeriesId, Rollup]:
        """Points of several series of numbers, a row each: none is longer than an interval."""
        found = self.read_points(series)
        return {
            each: roll_up_none(points, limit, first_step, last_step)
            for each, points in found.items()
            if points.values.dtype != object
        }

    def iter_points(self, series: SeriesId) -> Iterator[Points]:
        """All points of one series."""
        yield from self.read_points([series]).values()

    def close(self) -> None:
        """Nothing to let go of."""


if TYPE_CHECKING:

    def _fits(store: MemoryStore) -> Store:
        return store
