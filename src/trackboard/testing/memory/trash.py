"""The trash of the model in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from trackboard.model import Run, RunId
from trackboard.testing.memory.runs import MemoryRuns

_ARCHIVED, _DELETED = "archived_s", "deleted_s"  # fields of `Run`


class MemoryTrash(MemoryRuns):
    """A part of `MemoryStore`; see `trackboard.ports.TrashStore` for what each method promises."""

    def __init__(self) -> None:
        super().__init__()
        self._deleted: set[RunId] = set()

    def archive_runs(self, runs: Collection[RunId], archived_s: float) -> tuple[RunId, ...]:
        """Archive runs and all below them."""
        return self._put_away(_ARCHIVED, runs, archived_s)

    def unarchive_runs(self, runs: Collection[RunId]) -> tuple[RunId, ...]:
        """Take runs back that are archived."""
        return self._bring_back(_ARCHIVED, runs)

    def delete_runs(self, runs: Collection[RunId], deleted_s: float) -> tuple[RunId, ...]:
        """Put runs and all below them into the trash."""
        return self._put_away(_DELETED, runs, deleted_s)

    def restore_runs(self, runs: Collection[RunId]) -> tuple[RunId, ...]:
        """Take runs out of the trash."""
        with self._lock:
            back = self._bring_back(_DELETED, runs)
            for each in back:
                known = self._experiments.get(self._runs[each].run.experiment)
                if known is not None:
                    self._experiments[known.name] = replace(known, deleted_s=None)
            return back

    def delete_experiment(self, name: str, deleted_s: float) -> tuple[RunId, ...]:
        """Put an experiment and all of its runs into the trash."""
        with self._lock:
            known = self._experiment(name)
            self._experiments[name] = replace(known, deleted_s=deleted_s)
            return self.delete_runs([run.id for run in self._list_of(name, None)], deleted_s)

    def restore_experiment(self, name: str) -> tuple[RunId, ...]:
        """Take an experiment out of the trash, with the runs that were deleted with it."""
        with self._lock:
            known = self._experiment(name, deleted=True)
            with_it = [run.id for run in self._list_of(name, known.deleted_s)]
            self._experiments[name] = replace(known, deleted_s=None)
            return self.restore_runs(with_it)

    def remove_runs(self, runs: Collection[RunId], *, deleted_before_s: float) -> tuple[RunId, ...]:
        """Forget runs in the trash for good."""
        with self._lock:
            gone = {
                run
                for run, record in self._runs.items()
                if run in runs
                and record.run.deleted_s is not None
                and record.run.deleted_s < deleted_before_s
                and (record.is_stub or record.run.state.is_terminal)
            }
            self._version += 1
            ordered = tuple(run for run in self._runs if run in gone)
            self._forget(gone)
            return ordered

    def remove_experiments(self, *, deleted_before_s: float) -> tuple[str, ...]:
        """Forget the experiments in the trash that have no run left."""
        with self._lock:
            used = {one.run.experiment for one in self._runs.values() if not one.is_stub}
            gone = tuple(
                name
                for name, one in self._experiments.items()
                if one.deleted_s is not None
                and one.deleted_s < deleted_before_s
                and name not in used
            )
            self._version += 1
            for name in gone:
                del self._experiments[name]
                self._numbers.pop(name, None)
            return gone

    def list_keys(
        self, *, among: Collection[str] | None = None, without: Collection[RunId] = ()
    ) -> frozenset[str]:
        """Keys of the blobs that runs and models name."""
        with self._lock:
            found = {key for run, key in self._files.list_keys() if run not in without}
            models = [one for versions in self._models.values() for one in versions]
            found.update(key for one in models if one is not None for key in one.files.values())
        return frozenset(found if among is None else found.intersection(among))

    def shrink(self, *, always: bool = False) -> int:
        """Nothing: memory is given back by itself."""
        del always
        return 0

    def list_deleted(self, runs: Collection[RunId]) -> frozenset[RunId]:
        """Those of the ids whose runs were forgotten for good."""
        with self._lock:
            return frozenset(self._deleted.intersection(runs))

    def _is_shown(self, run: RunId) -> bool:
        return run not in self._runs or self._runs[run].run.deleted_s is None

    def _list_of(self, experiment: str, deleted_s: float | None) -> Iterator[Run]:
        for record in self._runs.values():
            run = record.run
            if not record.is_stub and run.experiment == experiment and run.deleted_s == deleted_s:
                yield run

    def _put_away(self, field: str, runs: Collection[RunId], since_s: float) -> tuple[RunId, ...]:
        with self._lock:
            found = {self._check(run).run.id for run in runs}
            while below := self._list_below(found) - found:
                found |= below
            changed = {run for run in found if getattr(self._runs[run].run, field) is None}
            return self._set(field, changed, since_s)

    def _bring_back(self, field: str, runs: Collection[RunId]) -> tuple[RunId, ...]:
        with self._lock:
            since_s = {run: getattr(self._check(run).run, field) for run in runs}
            found = {run for run in since_s if since_s[run] is not None}
            above = {run for each in found for run in self._list_above(each)}
            found |= {run for run in above if getattr(self._runs[run].run, field) is not None}
            for run in found:
                since_s[run] = getattr(self._runs[run].run, field)
            while below := {
                run
                for run in self._list_below(found) - found
                if getattr(self._runs[run].run, field) == since_s[self._parent(run)]
            }:
                found |= below
                since_s |= {run: getattr(self._runs[run].run, field) for run in below}
            return self._set(field, found, None)

    def _set(self, field: str, runs: Collection[RunId], value: float | None) -> tuple[RunId, ...]:
        self._version += 1
        for run in runs:
            record = self._runs[run]
            change: dict[str, float | None] = {field: value}
            self._runs[run] = replace(record, run=replace(record.run, **change))  # type: ignore[arg-type]
        return tuple(run for run in self._runs if run in runs)

    def _list_below(self, runs: Collection[RunId]) -> set[RunId]:
        return {run for run, record in self._runs.items() if record.run.parent in runs}

    def _list_above(self, run: RunId) -> set[RunId]:
        found: set[RunId] = set()
        while (parent := self._parent(run)) in self._runs and parent not in found:
            found.add(parent)
            run = parent
        return found

    def _parent(self, run: RunId) -> RunId:
        return RunId(self._runs[run].run.parent or "")

    def _forget(self, gone: set[RunId]) -> None:
        for run in gone:
            del self._runs[run]
            self._jobs.pop(run, None)
            for said in (self._tags, self._properties, self._parameters):
                said.pop(run, None)
        for run in self._list_below(gone):
            record = self._runs[run]
            self._runs[run] = replace(record, run=replace(record.run, parent=None))
        self._files.forget(gone)
        self._series = {key: one for key, one in self._series.items() if key[0] not in gone}
        self._cancelled -= gone
        self._deleted |= gone
