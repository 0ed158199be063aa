"""Files of runs, and those of them that are metrics' values, in plain containers."""

from __future__ import annotations

from collections.abc import Collection

from trackboard.model import ArtifactLogged, FileAdded, FileRemoved, RunId
from trackboard.ports import Artifact, RunFile
from trackboard.stores.rules.steps import to_int64


class MemoryFiles:
    """Which files each run has, the newest of each path."""

    def __init__(self) -> None:
        self._files: dict[RunId, dict[str, RunFile]] = {}
        self.artifacts: list[Artifact] = []

    def apply(self, event: FileAdded | ArtifactLogged | FileRemoved) -> None:
        """Add a file, or replace the one of that path; or remove one whose bytes are not in the blobs."""
        files = self._files.setdefault(event.run, {})
        if isinstance(event, FileRemoved):
            if event.path in files and not files[event.path].key:
                del files[event.path]
            return
        added = RunFile(event.path, event.key, event.size_bytes, event.time_s)
        files[added.path] = added
        if isinstance(event, ArtifactLogged):
            self.artifacts.append(self._make_artifact(event))

    def _make_artifact(self, event: ArtifactLogged) -> Artifact:
        known = [(each.run, each.name) for each in self.artifacts]
        count = known.count((event.run, event.name))
        return Artifact(
            run=event.run,
            name=event.name,
            kind=event.kind,
            path=event.path,
            key=event.key,
            size_bytes=event.size_bytes,
            step=count if event.step is None else to_int64(event.step),
            time_s=event.time_s,
        )

    def forget(self, runs: Collection[RunId]) -> None:
        """Remove all files of some runs."""
        for run in runs:
            self._files.pop(run, None)
        self.artifacts = [each for each in self.artifacts if each.run not in runs]

    def list_keys(self) -> list[tuple[RunId, str]]:
        """The keys of all files and artifacts, each with its run."""
        files = [(run, file) for run, of in self._files.items() for file in of.values()]
        keys = [(run, file.key) for run, file in files if file.key]
        return keys + [(each.run, each.key) for each in self.artifacts if each.key]

    def list(self, run: RunId) -> tuple[RunFile, ...]:
        """Files of a run by path."""
        files = self._files.get(run, {})
        return tuple(files[path] for path in sorted(files))

    def find(self, words: Collection[str]) -> dict[RunId, tuple[RunFile, ...]]:
        """Files by run whose paths hold one of the words."""
        found = {
            run: tuple(file for file in self.list(run) if any(word in file.path for word in words))
            for run in self._files
        }
        return {run: files for run, files in found.items() if files}
