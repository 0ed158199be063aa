"""Runs of MLflow in its own folders (`mlruns`): a file for each metric, parameter and tag."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from trackboard.errors import Conflict, Unavailable
from trackboard.model import RunId
from trackboard.ports import SeriesPoints
from trackboard.transfer.names import assign_experiments
from trackboard.transfer.run_source import LeftOut, RunContent, RunHead
from trackboard.transfer.sources.mlflow_artifacts import explain_missing, find_folder, list_files
from trackboard.transfer.sources.mlflow_runs import MlflowIndex, MlflowRun, series_of

_META = "meta.yaml"
_STATUS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def is_store(folder: Path) -> bool:
    """Whether a folder is one that MLflow stores runs in."""
    return any(entry.is_dir() and Path(entry.path, _META).is_file() for entry in _scan(folder))


class MlflowFolder:
    """`RunSource` of an `mlruns` folder.

    Args:
        folder: The folder.
        artifacts: Where a server that used it keeps artifacts; None: they are in it, as by default.
    """

    kind = "MLflow"

    def __init__(self, folder: Path, artifacts: Path | None = None) -> None:
        self._folder = folder
        self.location = str(folder)
        self._artifacts = artifacts
        self._index = MlflowIndex({}, ())
        self._folders: dict[str, Path] = {}
        self._deleted = 0

    def list_runs(self) -> Sequence[RunHead]:
        """The runs, each after its parent, oldest first."""
        experiments = sorted(self._iter_experiments(), key=lambda each: (len(each[0]), each[0]))
        self._deleted = sum(1 for entry in _scan(self._folder / ".trash") if entry.is_dir())
        self._index = MlflowIndex(
            assign_experiments({key: name for key, name, _ in experiments}),
            (run for key, _, folder in experiments for run in self._iter_runs(key, folder)),
        )
        return self._index.list_heads()

    def read(self, head: RunHead) -> RunContent:
        """All that one of the runs holds."""
        run = self._index.get(head)
        folder = self._folders[run.run_id]
        damaged: list[str] = []
        points = list(_iter_points(head.id, folder / "metrics", damaged))
        artifacts: Path | None = folder / "artifacts"
        if not (folder / "artifacts").is_dir():
            artifacts = find_folder(run.artifact_uri, self._folder.parent, self._artifacts)
        files = () if artifacts is None else list_files(artifacts)
        return RunContent(
            self._index.describe(run),
            points=points,
            files=files,
            left_out=[*damaged, *explain_missing(run.artifact_uri, files, artifacts)],
        )

    def list_left_out(self) -> Iterable[LeftOut]:
        """What has no place here."""
        if self._deleted:
            yield LeftOut(self.location, f"{self._deleted:,} runs or experiments in MLflow's trash")
        models = sum(
            1 for entry in _scan(self._folder / "models") if Path(entry.path, _META).is_file()
        )
        if models:
            yield LeftOut(self.location, f"{models:,} registered models")

    def close(self) -> None:
        """Nothing is open."""

    def _iter_experiments(self) -> Iterator[tuple[str, str, Path]]:
        for entry in _scan(self._folder):
            folder = Path(entry.path)
            if entry.name in (".trash", "models") or not (folder / _META).is_file():
                continue
            meta = _read_meta(folder)
            if meta.get("lifecycle_stage", "active") == "active":
                key = str(meta.get("experiment_id", entry.name))
                yield key, str(meta.get("name") or key), folder

    def _iter_runs(self, experiment: str, folder: Path) -> Iterator[MlflowRun]:
        for entry in _scan(folder):
            found = Path(entry.path)
            if not entry.is_dir() or not (found / _META).is_file():
                continue
            meta = _read_meta(found)
            if "run_id" not in meta and "run_uuid" not in meta:
                continue  # what MLflow keeps beside the runs: traces, models
            if meta.get("lifecycle_stage", "active") != "active":
                self._deleted += 1
                continue
            run = _run_of(meta, experiment, found)
            self._folders[run.run_id] = found
            yield run


def _run_of(meta: dict[str, Any], experiment: str, folder: Path) -> MlflowRun:
    status = meta.get("status")
    sizes = [(name, path.stat().st_size) for name, path in _files(folder / "metrics")]
    return MlflowRun(
        run_id=str(meta.get("run_id") or meta["run_uuid"]),
        experiment_id=experiment,
        name=str(meta.get("run_name") or meta.get("name") or ""),
        status=_STATUS.get(status, str(status)) if isinstance(status, int) else str(status),
        start_ms=meta.get("start_time"),
        end_ms=meta.get("end_time"),
        artifact_uri=str(meta.get("artifact_uri") or ""),
        user=str(meta.get("user_id") or ""),
        tags={name: path.read_text("utf-8", "replace") for name, path in _files(folder / "tags")},
        params={
            name: path.read_text("utf-8", "replace") for name, path in _files(folder / "params")
        },
        progress=repr(sizes),
    )


def _iter_points(run: RunId, folder: Path, damaged: list[str]) -> Iterator[SeriesPoints]:
    for name, path in _files(folder):
        times_ms, values, steps = [], [], []
        for line in path.read_bytes().splitlines():
            try:
                time_ms, value, *rest = line.split()
                step = int(rest[0]) if rest else 0
                row = int(time_ms), float(value), step
            except ValueError:
                damaged.append(f"metric {name!r}: lines that are damaged")
                continue
            times_ms.append(row[0])
            values.append(row[1])
            steps.append(row[2])
        if times_ms:
            yield series_of(run, name, times_ms, values, steps)


def _files(folder: Path) -> list[tuple[str, Path]]:
    """Files below a folder with their names there: `a/b` is in a folder of its own."""
    found = [
        (Path(parent, name).relative_to(folder).as_posix(), Path(parent, name))
        for parent, _, names in os.walk(folder)
        for name in names
    ]
    return sorted(found)


def _read_meta(folder: Path) -> dict[str, Any]:
    path = folder / _META
    try:
        found = yaml.load(path.read_bytes(), _Loader)
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be read: {error.strerror or error}", hint="Check that you may read it."
        ) from error
    except yaml.YAMLError as error:
        found = error
    if not isinstance(found, dict):
        raise Conflict(
            f"{path} is damaged: it is no description of MLflow's",
            hint="Mend it, or move its folder away and import the rest.",
        )
    return found


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise Unavailable(
            f"{folder} cannot be read: {error.strerror}", hint="Check that you may read it."
        ) from error
