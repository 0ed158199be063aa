"""The part of the model in memory that is about runs one by one: what others say about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from trackboard.model import RunId, Value
from trackboard.stores.rules import run_transitions
from trackboard.stores.rules.run_transitions import RunRecord
from trackboard.testing.memory.catalogue import MemoryCatalogue
from trackboard.testing.memory.files import MemoryFiles
from trackboard.testing.memory.query import sorted_by_key
from trackboard.testing.memory.series import MemorySeries


class MemoryRuns(MemoryCatalogue):
    """A part of `MemoryStore`; see `trackboard.ports.Store` for what each method promises."""

    def __init__(self) -> None:
        super().__init__()
        self._runs: dict[RunId, RunRecord] = {}
        self._numbers: dict[str, int] = {}  # of each experiment's newest run
        self._tags: dict[RunId, dict[str, str | None]] = {}
        self._properties: dict[RunId, dict[str, str]] = {}
        self._files = MemoryFiles()
        self._series: dict[tuple[RunId, str, bool], MemorySeries] = {}
        self._parameters: dict[RunId, dict[str, Value]] = {}
        self._cancelled: set[RunId] = set()

    def get_tags(self, run: RunId) -> Mapping[str, str | None]:
        """Tags by key."""
        with self._lock:
            self._check(run)
            return dict(sorted(self._tags.get(run, {}).items()))

    def list_tags(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, str | None]]:
        """Tags of several runs."""
        with self._lock:
            return sorted_by_key(self._tags, self._runs, runs)

    def list_properties(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, str]]:
        """Properties of several runs."""
        with self._lock:
            return sorted_by_key(self._properties, self._runs, runs)

    def list_property(self, key: str) -> Mapping[RunId, str]:
        """The values of one property by run."""
        with self._lock:
            return {run: said[key] for run, said in self._properties.items() if key in said}

    def list_parameters(self, runs: Collection[RunId]) -> Mapping[RunId, Mapping[str, Value]]:
        """Parameters of several runs."""
        with self._lock:
            return {
                run: dict(sorted(self._parameters[run].items()))
                for run in runs
                if run in self._parameters
            }

    def remove_tags(self, run: RunId, keys: Collection[str]) -> None:
        """Take tags away."""
        with self._lock:
            self._check(run)
            self._version += 1
            for key in keys:
                self._tags.get(run, {}).pop(key, None)

    def set_description(self, run: RunId, description: str) -> None:
        """Describe a run."""
        with self._lock:
            record = self._check(run)
            self._version += 1
            self._runs[run] = replace(record, run=replace(record.run, description=description))

    def get_properties(self, run: RunId) -> Mapping[str, str]:
        """Properties by key."""
        with self._lock:
            self._check(run)
            return dict(sorted(self._properties.get(run, {}).items()))

    def set_tags(self, run: RunId, tags: Mapping[str, str | None]) -> None:
        """Add or replace tags."""
        with self._lock:
            self._check(run)
            self._version += 1
            self._tags.setdefault(run, {}).update(tags)

    def tag_runs(self, runs: Collection[RunId], tags: Mapping[str, str | None]) -> None:
        """Add or replace tags of several runs, all or none."""
        with self._lock:
            for run in runs:
                self._check(run)
            for run in runs:
                self.set_tags(run, tags)

    def add_properties(self, run: RunId, properties: Mapping[str, str]) -> None:
        """Add properties, all or none."""
        with self._lock:
            self._check(run)
            known = self._properties.setdefault(run, {})
            for key, value in properties.items():
                run_transitions.check_property(run, key, known.get(key, value), value)
            self._version += 1
            known.update(properties)

    def set_name(self, run: RunId, name: str) -> None:
        """Rename a run."""
        with self._lock:
            record = self._check(run)
            self._version += 1
            self._runs[run] = replace(record, run=replace(record.run, given_name=name))

    def _check(self, run: RunId) -> RunRecord:
        record = self._runs.get(run)
        if record is None:
            raise run_transitions.not_found(run)
        return record

    def request_cancel(self, run: RunId) -> None:
        """Ask the run's owner to end it."""
        with self._lock:
            self._check(run)
            self._version += 1
            self._cancelled.add(run)

    def is_cancel_requested(self, run: RunId) -> bool:
        """Whether somebody asked."""
        return run in self._cancelled
