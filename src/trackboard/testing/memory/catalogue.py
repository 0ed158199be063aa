"""The part of the model in memory that no stream touches: the catalogue."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import replace

from trackboard.errors import Conflict
from trackboard.model import Compute, QueuedJob, RunId
from trackboard.ports import EnvironmentVersion, Experiment, Model, SavedView
from trackboard.stores.rules import catalogue_rules


class MemoryCatalogue:
    """Half of `MemoryStore`; see `trackboard.ports.Store` for what each method promises."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._version = 0
        self._computes: dict[str, Compute] = {}
        self._environments: list[EnvironmentVersion] = []
        self._views: dict[str, SavedView] = {}
        self._jobs: dict[RunId, QueuedJob] = {}
        self._models: dict[str, list[Model | None]] = {}  # None: it was deleted
        self._experiments: dict[str, Experiment] = {}

    # -- views --------------------------------------------------------------------------------------

    def add_view(self, view: SavedView) -> None:
        """Save a view."""
        with self._lock:
            if view.name in self._views:
                raise catalogue_rules.taken_view(view.name)
            self._version += 1
            self._views[view.name] = view

    def list_views(self) -> tuple[SavedView, ...]:
        """Saved views by name."""
        with self._lock:
            return tuple(view for _, view in sorted(self._views.items()))

    def rename_view(self, name: str, new_name: str) -> None:
        """Give a saved view another name."""
        with self._lock:
            if new_name != name and new_name in self._views:
                raise catalogue_rules.taken_view(new_name)
            if name not in self._views:
                raise catalogue_rules.no_view(name)
            self._version += 1
            self._views[new_name] = replace(self._views.pop(name), name=new_name)

    def remove_view(self, name: str) -> None:
        """Forget a saved view."""
        with self._lock:
            if name not in self._views:
                raise catalogue_rules.no_view(name)
            self._version += 1
            del self._views[name]

    # -- experiments --------------------------------------------------------------------------------

    def add_experiment(self, name: str) -> None:
        """Make sure that an experiment exists."""
        with self._lock:
            self._version += 1
            self._put_experiment(name)
            self._use_experiment(name)

    def _put_experiment(self, name: str) -> None:
        self._experiments.setdefault(name, Experiment(name, {}, None))

    def _use_experiment(self, name: str) -> None:
        known = self._experiments[name]
        if known.deleted_s is not None:
            self._experiments[name] = replace(known, deleted_s=None, archived_s=None)

    def list_experiments(self) -> tuple[str, ...]:
        """Names of all experiments, oldest first."""
        with self._lock:
            return tuple(each.name for each in self.read_experiments())

    def read_experiments(self, *, deleted: bool = False) -> tuple[Experiment, ...]:
        """Experiments with what was said about them, oldest first."""
        with self._lock:
            return tuple(
                each
                for each in self._experiments.values()
                if deleted == (each.deleted_s is not None)
            )

    def set_experiment_tags(self, name: str, tags: Mapping[str, str | None]) -> None:
        """Add or replace tags."""
        with self._lock:
            known = self._experiment(name)
            self._version += 1
            self._experiments[name] = replace(known, tags={**known.tags, **tags})

    def remove_experiment_tags(self, name: str, keys: Collection[str]) -> None:
        """Take tags away."""
        with self._lock:
            known = self._experiment(name)
            self._version += 1
            left = {key: value for key, value in known.tags.items() if key not in keys}
            self._experiments[name] = replace(known, tags=left)

    def set_archived(self, name: str, archived_s: float | None) -> None:
        """Put an experiment away, or take it back."""
        with self._lock:
            known = self._experiment(name)
            self._version += 1
            self._experiments[name] = replace(known, archived_s=archived_s)

    def _experiment(self, name: str, *, deleted: bool = False) -> Experiment:
        known = self._experiments.get(name)
        if known is None or (known.deleted_s is not None) != deleted:
            raise catalogue_rules.no_experiment(name, deleted=deleted)
        return known

    # -- compute and the queue ----------------------------------------------------------------------

    def add_compute(self, compute: Compute) -> None:
        """Create a compute target."""
        with self._lock:
            known = self._computes.get(compute.name)
            if known is None:
                self.set_compute(compute)
            elif replace(known, created_s=compute.created_s) != compute:
                raise Conflict(
                    f"compute target {compute.name!r} exists with other settings: {known}",
                    hint="Use it as it is, update it, or choose another name.",
                )

    def set_compute(self, compute: Compute) -> None:
        """Create or replace a compute target."""
        with self._lock:
            self._version += 1
            self._computes[compute.name] = compute

    def find_compute(self, name: str) -> Compute | None:
        """The compute target of that name, or None."""
        return self._computes.get(name)

    def list_computes(self) -> tuple[Compute, ...]:
        """All compute targets, oldest first."""
        with self._lock:
            return tuple(self._computes.values())

    def delete_compute(self, name: str) -> None:
        """Forget a compute target."""
        with self._lock:
            if name not in self._computes:
                raise catalogue_rules.no_compute(name)
            queued = self.list_jobs(name)
            if queued:
                raise catalogue_rules.busy_compute(name, len(queued))
            self._version += 1
            del self._computes[name]

    def add_environment(
        self, name: str, definition: Mapping[str, object], *, version: str = ""
    ) -> EnvironmentVersion:
        """Register an environment."""
        with self._lock:
            definition = json.loads(json.dumps(dict(definition)))  # as it will be read back
            known = self.list_environments(name)
            if known and known[0].definition == definition and version in ("", known[0].version):
                return known[0]
            number = version or catalogue_rules.next_version(known)
            new = EnvironmentVersion(name, number, definition, time.time())
            self._environments = [
                each for each in self._environments if (each.name, each.version) != (name, number)
            ]
            self._environments.append(new)
            self._version += 1
            return new

    def list_environments(self, name: str | None = None) -> tuple[EnvironmentVersion, ...]:
        """Registered environments by name."""
        with self._lock:
            newest_first = reversed(self._environments)
            found = [each for each in newest_first if name in (None, each.name)]
        return tuple(sorted(found, key=lambda each: each.name))

    def add_job(self, job: QueuedJob) -> None:
        """Queue a job."""
        with self._lock:
            if job.run in self._jobs:
                raise Conflict(
                    f"run {job.run!r} is queued already", hint="Remove it from the queue first."
                )
            self._version += 1
            self._jobs[job.run] = job

    def claim_job(self, compute: str, *, without: Collection[RunId] = ()) -> QueuedJob | None:
        """Take the oldest unclaimed job of a compute target, or None."""
        with self._lock:
            waiting = (j for j in self._jobs.values() if j.compute == compute and not j.claimed)
            job = next((j for j in waiting if j.run not in without), None)
            if job is None:
                return None
            self._version += 1
            self._jobs[job.run] = replace(job, claimed=True)
            return self._jobs[job.run]

    def release_job(self, run: RunId) -> None:
        """Give a claimed job back."""
        with self._lock:
            if run in self._jobs:
                self._version += 1
                self._jobs[run] = replace(self._jobs[run], claimed=False)

    def remove_job(self, run: RunId) -> bool:
        """Take a job out of the queue; whether it was there."""
        with self._lock:
            self._version += 1
            return self._jobs.pop(run, None) is not None

    def list_jobs(self, compute: str | None = None) -> tuple[QueuedJob, ...]:
        """Jobs in the order they were queued."""
        with self._lock:
            return tuple(j for j in self._jobs.values() if compute is None or j.compute == compute)

    # -- models -----------------------------------------------------------------------------------

    def add_model(self, model: Model) -> Model:
        """Register the next version of a model."""
        with self._lock:
            self._version += 1
            versions = self._models.setdefault(model.name, [])
            kept = replace(
                model,
                version=len(versions) + 1,
                files=dict(model.files),
                tags=dict(model.tags),
                properties=dict(model.properties),
            )
            versions.append(kept)
            return kept

    def list_models(self, name: str | None = None) -> tuple[Model, ...]:
        """Registered models, the newest version of each name first."""
        with self._lock:
            names = [each for each in sorted(self._models) if name is None or each == name]
            found = (model for each in names for model in reversed(self._models[each]))
            return tuple(model for model in found if model is not None)

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
        with self._lock:
            changed = catalogue_rules.change_model(
                self._model(name, version),
                description=description,
                tags=tags,
                removed_tags=removed_tags,
                properties=properties,
            )
            self._version += 1
            self._models[name][version - 1] = changed
            return changed

    def delete_model(self, name: str, version: int) -> None:
        """Forget a version."""
        with self._lock:
            self._model(name, version)
            self._version += 1
            self._models[name][version - 1] = None

    def _model(self, name: str, version: int) -> Model:
        for model in self._models.get(name, []):
            if model is not None and model.version == version:
                return model
        raise catalogue_rules.no_model(name, version)
