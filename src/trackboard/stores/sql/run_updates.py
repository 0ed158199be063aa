"""The runs that one application of the stream touches: read once, changed in memory, written once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import sqlalchemy as sa

from trackboard.model import (
    ArtifactLogged,
    Created,
    Event,
    FileAdded,
    FileRemoved,
    ParameterSet,
    PropertyAdded,
    RecordsDropped,
    RunId,
    StateChanged,
    Tagged,
    Value,
    WriterId,
)
from trackboard.ports import RunFile
from trackboard.stores.engine.database import pieces
from trackboard.stores.rows import artifacts, parameters, put_away, runs
from trackboard.stores.rows.experiments import ExperimentNumbers
from trackboard.stores.rules import run_transitions
from trackboard.stores.rules.run_transitions import NOT_PUT_AWAY, PutAway, RunRecord
from trackboard.stores.rules.short_text import storable
from trackboard.stores.schema.tables import property_, run
from trackboard.stores.sql.removal import list_deleted


class RunUpdates:
    """Records of runs by id, for the length of one write transaction.

    Args:
        connection: A write transaction.
        changing: Runs of which something is said.
        keys: The numbers of known runs, by their ids as they are stored; those of `changing` are added.

    Attributes:
        deleted: Those of `changing` that were deleted: nothing may be said of them.
        ended: Those that have reached a terminal state.
    """

    def __init__(
        self, connection: sa.Connection, changing: Collection[RunId], keys: dict[RunId, int]
    ) -> None:
        self._connection = connection
        self._records: dict[RunId, RunRecord] = {}
        self._keys = keys
        self._new: dict[RunId, None] = {}
        self._changed: dict[RunId, None] = {}
        self._experiments = ExperimentNumbers(connection)
        self._parents: dict[RunId, PutAway] = {}
        self._tags: dict[tuple[int, str], str | None] = {}
        self._untagged: dict[tuple[int, str], None] = {}
        self._properties: dict[RunId, dict[str, str]] = {}
        self._new_properties: list[dict[str, Any]] = []
        self._files: dict[tuple[int, str], RunFile] = {}
        self._removed_files: dict[tuple[int, str], None] = {}
        self._parameters: dict[tuple[int, str], Value] = {}
        self._artifacts: list[tuple[int, ArtifactLogged]] = []
        self.ended: dict[RunId, None] = {}
        self.deleted = self._load(changing) if changing else frozenset[RunId]()

    def _load(self, changing: Collection[RunId]) -> frozenset[RunId]:
        """Read the runs, begin those that nobody knows, and return those that were deleted."""
        stored = {each: RunId(storable(each)) for each in changing}
        for piece in pieces(dict.fromkeys(stored.values())):
            for row in runs.read_runs(self._connection, run.c.run_id.in_(piece)):
                record = runs.record_of(row)
                self._records[record.run.id] = record
                self._keys[record.run.id] = row.id
        # A run that was deleted has no row, and never gets one again.
        unknown = [each for each, name in stored.items() if name not in self._records]
        if not unknown:
            return frozenset()
        deleted = list_deleted(self._connection, unknown)
        self._add_stubs(dict.fromkeys(stored[each] for each in unknown if each not in deleted))
        return deleted

    def _add_stubs(self, unknown: Collection[RunId]) -> None:
        if not unknown:
            return
        last = self._connection.execute(sa.select(sa.func.max(run.c.id))).scalar_one() or 0
        for key, each in enumerate(unknown, last + 1):
            self._keys[each] = key
            self._records[each] = run_transitions.stub(each)
            self._new[each] = None

    def key(self, run_id: RunId) -> int:
        """The number of a run that is known."""
        return self._keys[RunId(storable(run_id))]

    def list_fresh(self) -> frozenset[int]:
        """The numbers of the runs that this transaction begins."""
        return frozenset(self._keys[each] for each in self._new)

    def apply(self, event: Event, writer: WriterId) -> None:
        """Let one event do to its run what it does."""
        match event:
            case Created():
                self._create(event, writer)
            case StateChanged():
                self._change_state(event, writer)
            case Tagged():
                self._set_tag(event)
            case PropertyAdded():
                self._add_property(event)
            case FileAdded() | ArtifactLogged():
                self._add_file(event)
            case FileRemoved():
                self._remove_file(event)
            case ParameterSet():
                self._parameters[self.key(event.run), event.name] = event.value
            case RecordsDropped():
                self._put(
                    event.run,
                    lambda record: run_transitions.count_dropped(record, event.count, event.reason),
                )
            case _:
                pass  # text is stored as points; heartbeats and ends are the writer's

    def warn(self, run_id: RunId, text: str) -> None:
        """Leave a warning on a run that is changing."""
        self._put(run_id, lambda record: run_transitions.warn(record, text))

    def revive(self, run_id: RunId) -> None:
        """Take back that a run that is changing has failed: its owner speaks."""
        self._put(run_id, run_transitions.revive)

    def write(self) -> None:
        """Write everything that changed."""
        if not self._records:
            return
        self._experiments.write()
        fresh = list(self._new)
        if fresh:
            rows = [
                {
                    "id": self._keys[each],
                    "run_id": each,
                    "cancel_requested": False,
                    **self._row(each),
                }
                for each in fresh
            ]
            self._connection.execute(sa.insert(run), rows)
        changed = [each for each in self._changed if each not in self._new]
        if changed:
            update = sa.update(run).where(run.c.id == sa.bindparam("of_id"))
            rows = [{"of_id": self._keys[each], **self._row(each)} for each in changed]
            self._connection.execute(update, rows)
        new = self.list_fresh()
        runs.put_tags(self._connection, self._tags, self._untagged, new)
        runs.remove_growing_files(self._connection, self._removed_files)
        runs.put_files(self._connection, self._files, new)
        parameters.put_parameters(self._connection, self._parameters, new)
        artifacts.add_artifacts(self._connection, self._artifacts)
        if self._new_properties:
            self._connection.execute(sa.insert(property_), self._new_properties)

    def _row(self, run_id: RunId) -> dict[str, Any]:
        record = self._records[run_id]
        key = None if record.is_stub else self._experiments.key(record.run.experiment)
        return runs.row_of(record, key)

    def _put(self, run_id: RunId, change: Callable[[RunRecord], RunRecord]) -> RunRecord:
        known = RunId(storable(run_id))
        old = self._records[known]
        new = change(old)
        if new is not old:
            self._records[known] = new
            self._changed[known] = None
        return new

    def _create(self, event: Created, writer: WriterId) -> None:
        if not self._records[RunId(storable(event.run))].is_stub:
            self._put(event.run, lambda record: run_transitions.create_again(record, event))
            return

        def fill(record: RunRecord) -> RunRecord:
            number = self._experiments.next_number(event.experiment)
            new = run_transitions.create(record, event, number, writer)
            return run_transitions.join_parent(new, self._find_parent(event.parent))

        new = self._put(event.run, fill)
        if new.run.deleted_s is None:
            self._experiments.restore(event.experiment)

    def _find_parent(self, parent: RunId | None) -> PutAway:
        """Since when the parent of a new run is put away."""
        if parent is None:
            return NOT_PUT_AWAY
        known = self._records.get(RunId(storable(parent)))
        if known is not None:
            return PutAway(known.run.archived_s, known.run.deleted_s)
        if parent not in self._parents:
            row = put_away.find_parent(self._connection, parent)
            found = NOT_PUT_AWAY if row is None else PutAway(row.archived_s, row.deleted_s)
            self._parents[parent] = found
        return self._parents[parent]

    def _change_state(self, event: StateChanged, writer: WriterId) -> None:
        new = self._put(
            event.run, lambda record: run_transitions.change_state(record, event, writer)
        )
        if new.run.state.is_terminal:
            self.ended[new.run.id] = None

    def _set_tag(self, event: Tagged) -> None:
        at = (self.key(event.run), event.key)
        if event.removed:
            self._tags.pop(at, None)
            self._untagged[at] = None
        else:
            self._tags[at] = event.value

    def _add_file(self, event: FileAdded | ArtifactLogged) -> None:
        added = RunFile(event.path, event.key, event.size_bytes, event.time_s)
        self._files[self.key(event.run), event.path] = added
        if isinstance(event, ArtifactLogged):
            self._artifacts.append((self.key(event.run), event))

    def _remove_file(self, event: FileRemoved) -> None:
        where = self.key(event.run), event.path
        pending = self._files.get(where)
        if pending is None or not pending.key:  # the blobs' own stays, here and in the table
            self._files.pop(where, None)
            self._removed_files[where] = None

    def _add_property(self, event: PropertyAdded) -> None:
        known = self._known_properties(event.run)
        name, value = storable(event.key), storable(event.value)
        if name not in known:
            known[name] = value
            row = {"run": self.key(event.run), "key": name, "value": value}
            self._new_properties.append(row)
        elif known[name] != value:
            self.warn(event.run, run_transitions.kept_property(name, known[name], value))

    def _known_properties(self, run_id: RunId) -> dict[str, str]:
        known = self._properties.get(run_id)
        if known is None:
            new = RunId(storable(run_id)) in self._new
            known = {} if new else runs.read_properties(self._connection, [self.key(run_id)])[0]
            self._properties[run_id] = known
        return known
