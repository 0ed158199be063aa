"""Runs of MLflow in its own SQLite database, read by SQL: one query for all metrics of a run."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from trackboard.errors import Conflict, Unavailable
from trackboard.model import RunId
from trackboard.ports import SeriesPoints
from trackboard.transfer.names import assign_experiments
from trackboard.transfer.run_source import LeftOut, RunContent, RunHead
from trackboard.transfer.sources.mlflow_artifacts import explain_missing, find_folder, list_files
from trackboard.transfer.sources.mlflow_runs import MlflowIndex, MlflowRun, split_series

_NOT_KEPT = {  # tables of what has no place here, and what to call it
    "registered_models": "registered models",
    "logged_models": "logged models (their files are artifacts of the experiment, not of a run)",
    "datasets": "datasets that runs name as their inputs",
    "trace_info": "traces",
}
# In the order of an index of MLflow's, so that SQLite need not sort; by time it is sorted here.
_HISTORY = """SELECT key, timestamp, CASE WHEN is_nan THEN NULL ELSE value END, step FROM metrics
              WHERE run_uuid = ? ORDER BY key, step, rowid"""


def is_database(path: Path) -> bool:
    """Whether a file is an SQLite database that MLflow made."""
    try:
        with path.open("rb") as file:
            if file.read(16) != b"SQLite format 3\0":
                return False
        connection = _connect(path)
        try:
            return {"experiments", "runs", "metrics", "params"} <= _tables(connection)
        finally:
            connection.close()
    except (OSError, sqlite3.Error):
        return False


class MlflowDatabase:
    """`RunSource` of an `mlflow.db`.

    Args:
        path: The database's file. It is opened for reading only.
        artifacts: Where the server that used it keeps artifacts; None: where MLflow does by default.

    Raises:
        Conflict: It is damaged, or none of MLflow's.
    """

    kind = "MLflow"

    def __init__(self, path: Path, artifacts: Path | None = None) -> None:
        self._path = path
        self.location = str(path)
        self._artifacts = artifacts
        self._index = MlflowIndex({}, ())
        self._connection = _connect(path)

    def list_runs(self) -> Sequence[RunHead]:
        """The runs, each after its parent, oldest first."""
        try:
            names = {
                str(key): name
                for key, name in self._all(
                    "SELECT experiment_id, name FROM experiments ORDER BY experiment_id"
                )
            }
            self._index = MlflowIndex(assign_experiments(names), self._read_runs())
        except sqlite3.Error as error:
            raise self._translate(error) from error
        return self._index.list_heads()

    def read(self, head: RunHead) -> RunContent:
        """All that one of the runs holds."""
        run = self._index.get(head)
        folder = find_folder(run.artifact_uri, self._path.parent, self._artifacts)
        files = () if folder is None else list_files(folder)
        try:
            points = self._read_points(head.id, run.run_id)
        except sqlite3.Error as error:
            raise self._translate(error) from error
        return RunContent(
            self._index.describe(run),
            points=points,
            files=files,
            left_out=explain_missing(run.artifact_uri, files, folder),
        )

    def list_left_out(self) -> Iterable[LeftOut]:
        """What has no place here."""
        deleted = self._all("SELECT count(*) FROM runs WHERE lifecycle_stage = 'deleted'")[0][0]
        if deleted:
            yield LeftOut(self.location, f"{deleted:,} runs that were deleted in MLflow")
        tables = _tables(self._connection)
        for table, what in _NOT_KEPT.items():
            if table in tables:
                count = self._all(f"SELECT count(*) FROM {table}")[0][0]
                if count:
                    yield LeftOut(self.location, f"{count:,} {what}")

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def _read_runs(self) -> Iterator[MlflowRun]:
        tags, params = self._read_texts("tags"), self._read_texts("params")
        progress: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for run_id, *last in self._all(
            "SELECT run_uuid, key, timestamp, step, value FROM latest_metrics ORDER BY run_uuid, key"
        ):
            progress[run_id].append(tuple(last))
        for row in self._all(
            "SELECT run_uuid, experiment_id, name, status, start_time, end_time, artifact_uri, user_id"
            " FROM runs WHERE lifecycle_stage = 'active'"
        ):
            run_id, experiment, name, status, start_ms, end_ms, artifacts, user = row
            yield MlflowRun(
                run_id=run_id,
                experiment_id=str(experiment),
                name=name or "",
                status=status or "",
                start_ms=start_ms,
                end_ms=end_ms,
                artifact_uri=artifacts or "",
                user=user or "",
                tags=tags.get(run_id, {}),
                params=params.get(run_id, {}),
                progress=repr(progress.get(run_id)),
            )

    def _read_texts(self, table: str) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for run_id, key, value in self._all(
            f"SELECT run_uuid, key, value FROM {table} ORDER BY run_uuid, key"
        ):
            found[run_id][key] = value or ""
        return found

    def _read_points(self, run: RunId, run_id: str) -> list[SeriesPoints]:
        rows = self._connection.execute(_HISTORY, (run_id,)).fetchall()
        if not rows:
            return []
        names, times, numbers, at_steps = zip(*rows, strict=True)
        counts = Counter(names)
        metric = np.repeat(np.arange(len(counts)), list(counts.values()))
        times_ms, steps = np.array(times, np.int64), np.array(at_steps, np.int64)
        values = np.array(numbers, np.float64)  # None, which is not a number, becomes NaN
        order = np.lexsort((steps, times_ms, metric))
        return split_series(run, counts, times_ms[order], values[order], steps[order])

    def _all(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()

    def _translate(self, error: sqlite3.Error) -> Conflict | Unavailable:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            return Unavailable(
                f"MLflow's database {self._path} is in use: {error}",
                hint="Wait until the server or the program that writes to it is ready.",
            )
        return Conflict(
            f"{self._path} cannot be read as MLflow's database: {error}",
            hint="Type mlflow db upgrade sqlite:///FILE with a newer MLflow, then import it again.",
        )


def _connect(path: Path) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=10, check_same_thread=False)


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
