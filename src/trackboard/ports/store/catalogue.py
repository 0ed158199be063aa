"""What a store knows of experiments, files, registered environments and models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trackboard.model import ArtifactKind, RunId


@dataclass(frozen=True)
class Experiment:
    """An experiment, as people describe it; its runs are listed by its name."""

    name: str
    tags: Mapping[str, str | None]
    archived_s: float | None  # when it was put away, or None


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
class EnvironmentVersion:
    """One version of a registered environment; what its definition says is the client's business."""

    name: str
    version: str
    definition: Mapping[str, object]  # JSON
    created_s: float


@dataclass(frozen=True)
class Model:
    """One version of a registered model; its files are in the blobs, by posix path."""

    name: str
    version: int  # counts up within the name, from 1
    run: RunId | None
    files: Mapping[str, str]  # path -> key
    tags: Mapping[str, str]
    properties: Mapping[str, str]
    description: str
    framework: str
    framework_version: str
    created_s: float
